"""Extraction of a clip set: shards equal the features of each clip, files are whole or absent."""

import numpy as np
import pytest
import soundfile
import torch

from jtfs_repro import io
from jtfs_repro.features.mfcc import MfccMoments
from jtfs_repro.studies.instruments.clip_store import open_store
from jtfs_repro.studies.instruments.extract_clips import Reading, extract_clips

DIGESTS = {"settings_sha256": "s", "clips_sha256": "c"}


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audio")
    generator = np.random.default_rng(0)
    found = []
    for i in range(5):
        found.append(str(folder / f"{i}.wav"))
        audio = 0.1 * (i + 1) * generator.standard_normal(131072).astype(np.float32)
        soundfile.write(found[-1], audio, 44100, subtype="FLOAT")
    return found


def extract(paths, folder, shard, n_shards, **options):
    path = folder / f"shard-{shard}-of-{n_shards}.npy"
    options = {"feature": MfccMoments, "device": "cpu", "progress": False, **options}
    report = extract_clips(paths, path, shard=shard, n_shards=n_shards, **options)
    io.save_json(path.with_suffix(".json"), report | DIGESTS)
    return path, report


def test_shards_hold_the_features_of_every_clip(paths, tmp_path):
    shards = [extract(paths, tmp_path, i, 2, max_batch_size=2)[0] for i in range(2)]
    store = open_store(shards, **DIGESTS)
    module = MfccMoments(sr=22050, n_samples=65536)
    audio = Reading().open(paths)
    for row in range(5):
        x = torch.from_numpy(audio[row : row + 1])
        wanted = module(x).numpy()
        np.testing.assert_allclose(store.vectors(np.array([row])), wanted, rtol=1e-4, atol=1e-4)


def test_report_says_what_lies_where_and_what_it_cost(paths, tmp_path):
    path, report = extract(paths, tmp_path, 1, 2)
    assert report["first"] == 2
    assert report["n_clips"] == 5
    assert report["n_signals"] == 3
    assert report["shapes"] == {"mean": [20], "std": [20]}
    assert report["bytes"] == path.stat().st_size == 128 + 3 * 40 * 4
    assert report["clips_per_second"] > 0
    assert report["peak_memory_bytes"] > 1e6


def test_readings_and_scaling(paths):
    assert Reading().open(paths).shape == (5, 65536)
    assert Reading(reading="full_44100").open(paths).shape == (5, 131072)
    scaled = Reading(scaling="std").open(paths)[0:5]
    np.testing.assert_allclose(scaled.std(axis=1), 1, rtol=1e-3)


def test_clips_that_are_not_there_give_an_empty_array(tmp_path):
    reason = io.Unavailable("no soundfont", "install one")
    path, report = extract([], tmp_path, 0, 1, not_run=reason)
    assert io.load_array(path).shape == (0, 0)
    assert io.why_not_run(report) == "no soundfont; install one"
    assert open_store([path], **DIGESTS).not_run == "no soundfont; install one"


def test_a_broken_clip_leaves_no_array(paths, tmp_path):
    broken = tmp_path / "broken.wav"
    with open(paths[0], "rb") as whole:
        broken.write_bytes(whole.read(1000))
    with pytest.raises(io.FileError, match=r"broken.wav"):
        extract([*paths, str(broken)], tmp_path, 0, 1)
    assert not list(tmp_path.glob("shard*"))


def test_too_many_shards_and_too_little_memory(paths, tmp_path):
    with pytest.raises(ValueError, match=r"n_shards=6 must be >= 1 and <= 5"):
        extract(paths, tmp_path, 0, 6)
    with pytest.raises(ValueError, match="hold one signal of MfccMoments"):
        extract(paths, tmp_path, 0, 1, memory_budget_gb=1e-6)
