"""The store: any rows in any order, nothing loaded, what does not belong together is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest
from clip_standins import clip_set, open_store, save_shards

from jtfs_repro import io

SHAPES = {"S1": (3, 2), "S2": (2, 2, 2)}
SET = replace(clip_set(), clips=clip_set().clips[:7])


@pytest.fixture
def vectors():
    return np.random.default_rng(0).normal(size=(7, 14)).astype(np.float32)


def test_rows_in_any_order(tmp_path, vectors):
    store = open_store(save_shards(tmp_path, vectors, SHAPES, n_shards=3), SET)
    assert len(store) == 7
    rows = np.array([6, 0, 3, 3, 2])
    np.testing.assert_array_equal(store.vectors(rows), vectors[rows])
    parts = store.tensors(rows)
    np.testing.assert_array_equal(parts["S1"], vectors[rows, :6].reshape(5, 3, 2))
    np.testing.assert_array_equal(parts["S2"], vectors[rows, 6:].reshape(5, 2, 2, 2))
    assert all(isinstance(array, np.memmap) for array in store.arrays)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"settings": "x"}, "made with other settings than the gin files give"),
        ({"clips": replace(SET, sha256="x")}, "made with other clips than the index lists"),
    ],
)
def test_features_of_something_else_are_refused(tmp_path, vectors, change, message):
    paths = save_shards(tmp_path, vectors, SHAPES)
    with pytest.raises(io.FileError, match=message):
        open_store(paths, **{"clips": SET, **change})


def test_swapped_missing_and_truncated_shards_are_refused(tmp_path, vectors):
    paths = save_shards(tmp_path, vectors, SHAPES, n_shards=3)
    with pytest.raises(io.FileError, match=r"shard-1-of-3.npy: not the shard that its .json"):
        open_store([paths[1], paths[0], paths[2]], SET)
    with pytest.raises(io.FileError, match=r"4 of 7 clips"):
        open_store(paths[:2], SET)
    paths[2].write_bytes(paths[2].read_bytes()[:-8])
    with pytest.raises(io.FileError, match=r"shard-2-of-3.npy: not a .npy array or truncated"):
        open_store(paths, SET)


def test_shards_that_differ_are_refused(tmp_path, vectors):
    paths = save_shards(tmp_path, vectors, SHAPES)
    report = io.load_json(paths[1].with_suffix(".json"))
    paths[1].with_suffix(".json").write_text(json.dumps(report | {"shapes": {"S1": [14]}}))
    with pytest.raises(io.FileError, match="shards differ in shapes"):
        open_store(paths, SET)


def test_features_that_were_not_run(tmp_path):
    reason = {"status": io.NOT_RUN, "reason": "no clips", "remedy": "get some"}
    paths = save_shards(tmp_path, np.empty((0, 0), np.float32), {}, **reason)
    store = open_store(paths, SET)
    assert store.not_run == "no clips; get some"
    assert store.arrays == []
