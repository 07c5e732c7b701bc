"""Extraction of a clip set: shards equal the features of each clip, files are whole or absent."""

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
import soundfile
import torch
from clip_standins import DIGESTS, open_store

from jtfs_repro import io
from jtfs_repro.datasets.clips import Clip, ClipSet, Reading
from jtfs_repro.features.mfcc import MfccMoments
from jtfs_repro.studies.instruments.extract_clips import extract_clips


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audio")
    generator = np.random.default_rng(0)
    found = []
    for i in range(5):
        path = folder / f"{i}.wav"
        audio = 0.1 * (i + 1) * generator.standard_normal(131072).astype(np.float32)
        soundfile.write(path, audio, 44100, subtype="FLOAT")
        known = {"file": path.name, "bytes": path.stat().st_size}
        known |= {"sha256": sha256(path.read_bytes()).hexdigest()}
        names = {"subset": "test", "label": "a", "class_id": 0, "group": "g", "name": str(i)}
        found.append(Clip(**known, **names))
    digest = DIGESTS["clips_sha256"]
    return ClipSet(name="own", classes=("a", "b"), clips=found, sha256=digest, folder=folder)


def extract(clips, folder, shard, n_shards, **options):
    path = folder / f"shard-{shard}-of-{n_shards}.npy"
    options = {"feature": MfccMoments, "device": "cpu", "progress": False, **options}
    report = extract_clips(clips, path, shard=shard, n_shards=n_shards, **options)
    io.save_json(path.with_suffix(".json"), report | DIGESTS)
    return path, report


def test_shards_hold_the_features_of_every_clip(clips, tmp_path):
    shards = [extract(clips, tmp_path, i, 2, max_batch_size=2)[0] for i in range(2)]
    store = open_store(shards, clips)
    module = MfccMoments(sr=22050, n_samples=65536)
    for row in range(5):
        x = torch.from_numpy(clips[row : row + 1])
        wanted = module(x).numpy()
        np.testing.assert_allclose(store.vectors(np.array([row])), wanted, rtol=1e-4, atol=1e-4)


def test_report_says_what_lies_where_and_what_it_cost(clips, tmp_path):
    path, report = extract(clips, tmp_path, 1, 2)
    assert report["first"] == 2
    assert report["n_clips"] == 5
    assert report["n_signals"] == 3
    assert report["shapes"] == {"mean": [20], "std": [20]}
    assert report["bytes"] == path.stat().st_size == 128 + 3 * 40 * 4
    assert report["clips_per_second"] > 0
    assert report["peak_memory_bytes"] > 1e6


def test_the_reading_is_that_of_the_settings(clips, tmp_path):
    class Levels(MfccMoments):
        def tensors(self, x):
            return {name: x.std(1, keepdim=True).expand(-1, 20) for name in self.shapes}

    path, _ = extract(clips, tmp_path, 0, 1, feature=Levels, reading=Reading(scaling="std"))
    np.testing.assert_allclose(io.load_array(path), 1, rtol=1e-3)


def test_clips_that_are_not_there_give_an_empty_array(tmp_path):
    reason = io.Unavailable("no soundfont", "install one")
    nothing = ClipSet(name="own", classes=(), clips=[], sha256="c" * 64, not_run=reason)
    path, report = extract(nothing, tmp_path, 0, 1)
    assert io.load_array(path).shape == (0, 0)
    assert io.why_not_run(report) == "no soundfont; install one"
    assert open_store([path], nothing).not_run == "no soundfont; install one"


def test_a_broken_clip_leaves_no_array(clips, tmp_path):
    broken = replace(clips.clips[0], file="broken.wav")
    with pytest.raises(io.FileError, match=r"broken.wav: no such file"):
        extract(replace(clips, clips=[*clips.clips, broken]), tmp_path, 0, 1)
    assert not list(tmp_path.glob("shard*"))


def test_too_many_shards_and_too_little_memory(clips, tmp_path):
    with pytest.raises(ValueError, match=r"n_shards=6 must be >= 1 and <= 5"):
        extract(clips, tmp_path, 0, 6)
    with pytest.raises(ValueError, match="hold one signal of MfccMoments"):
        extract(clips, tmp_path, 0, 1, memory_budget_gb=1e-6)
