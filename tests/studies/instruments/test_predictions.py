"""Stored predictions: round trip, checks, comparability, devices."""

from dataclasses import replace

import numpy as np
import pytest
from medley_standins import WHY, not_run, prediction, scored

from jtfs_repro import io
from jtfs_repro.studies.instruments.predictions import (
    check_comparable,
    devices,
    load_prediction,
    save_prediction,
)


@pytest.fixture(scope="module")
def jtfs():
    return prediction("jtfs", 1)


def stored(path, found):
    save_prediction(path, found)
    return load_prediction(path)


def test_round_trip(jtfs, tmp_path):
    again = stored(tmp_path / "seed-1.npz", jtfs)
    for name in ("model", "seed", "n_parameters", "best_epoch", "not_run", "status"):
        assert getattr(again, name) == getattr(jtfs, name)
    for subset in ("validation", "test"):
        for name in ("logits", "labels", "songs", "uuids"):
            np.testing.assert_array_equal(again.of(name, subset), jtfs.of(name, subset))
        np.testing.assert_array_equal(again.predicted(subset), jtfs.predicted(subset))
    assert again.of("logits").dtype == np.float32
    assert again.of("labels").dtype == np.int64
    assert again.status == io.RUN


def test_names_of_the_arrays(jtfs, tmp_path):
    save_prediction(tmp_path / "a.npz", jtfs)
    expected = {"model", "seed", "not_run", "n_parameters", "best_epoch"}
    for subset in ("validation", "test"):
        expected |= {f"{subset}_{name}" for name in ("logits", "labels", "songs", "uuids")}
    assert set(io.load_arrays(tmp_path / "a.npz")) == expected


def test_not_run_round_trip(tmp_path):
    again = stored(tmp_path / "seed-0.npz", not_run("jtfs"))
    assert again.not_run == WHY
    assert again.status == f"not run: {WHY}"
    assert again.of("logits").shape == (0, again.n_classes) == (0, 8)
    assert again.best_epoch == -1
    assert not any(len(array) for array in again.arrays.values())


@pytest.mark.parametrize(
    ("name", "edit", "match"),
    [
        ("test_logits", lambda a: a[:, :7], r"logits.shape=\(192, 8\) must be \(192, 7\)"),
        ("validation_logits", lambda a: a[:, :7], r"logits.shape=\(192, 7\) must be \(192, 8\)"),
        ("test_logits", lambda a: a * np.nan, "must be finite .did the training diverge"),
        ("test_labels", lambda a: a + 1, "labels=8 must be in 0..7 .ids from 1"),
        ("test_labels", lambda a: a.astype(float), "must be an integer type"),
        ("test_songs", lambda a: a[1:], r"songs.shape=\(191,\) must be \(192,\)"),
        ("validation_uuids", lambda a: np.repeat(a[:1], len(a)), "must be unique"),
        ("best_epoch", lambda a: a - 100, "best_epoch=.* must be >= -1"),
        ("n_parameters", lambda a: -a, "n_parameters=.* must be >= 0"),
        ("not_run", lambda a: np.array(WHY), "number of validation clips=192 must be 0 where"),
    ],
)
def test_wrong_arrays_are_one_line_with_the_path(jtfs, tmp_path, name, edit, match):
    path = tmp_path / "seed-1.npz"
    save_prediction(path, jtfs)
    stored = io.load_arrays(path)
    io.save_arrays(path, **stored | {name: edit(stored[name])})
    with pytest.raises(io.FileError, match=match) as error:
        load_prediction(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_missing_array(jtfs, tmp_path):
    save_prediction(tmp_path / "a.npz", jtfs)
    arrays = io.load_arrays(tmp_path / "a.npz")
    del arrays["test_songs"]
    io.save_arrays(tmp_path / "a.npz", **arrays)
    with pytest.raises(io.FileError, match=r"a.npz: .* must hold 'test_songs'"):
        load_prediction(tmp_path / "a.npz")


def test_a_run_without_clips_is_refused(jtfs):
    with pytest.raises(ValueError, match="number of validation clips=0 must be 0 where not"):
        replace(jtfs, arrays={name: array[:0] for name, array in jtfs.arrays.items()})


def test_comparable(jtfs):
    absent = not_run("cqt")
    check_comparable([absent, jtfs, prediction("cqt", 1)])
    with pytest.raises(ValueError, match="jtfs seed 1' must stand once"):
        check_comparable([jtfs, jtfs])
    with pytest.raises(ValueError, match="at least one model"):
        check_comparable([])


def test_other_clips_are_refused(jtfs):
    fewer = prediction("cqt", 1, n_songs=5)
    with pytest.raises(ValueError, match=r"jtfs seed 1 and cqt seed 1=\(192, 160\)"):
        check_comparable([jtfs, fewer])
    test = jtfs.arrays | scored(0.5, 0)
    turned = {n: a[::-1] if "test" in n and "logits" not in n else a for n, a in test.items()}
    with pytest.raises(ValueError, match=r"test clips .*'uuids differ from row 0 on'"):
        check_comparable([jtfs, replace(jtfs, seed=2, arrays=turned)])
    songs = np.where(np.arange(192) == 7, "other", test["test_songs"])
    with pytest.raises(ValueError, match="'songs differ from row 7 on'"):
        check_comparable([jtfs, replace(jtfs, seed=2, arrays=test | {"test_songs": songs})])


def test_devices():
    assert devices([]) == "cpu"
    assert devices([{"device": "cuda"}, {"device": "cuda"}]) == "cuda"
    assert devices([{"device": "cpu+cuda"}, {"device": None}]) == "cpu+cuda"
