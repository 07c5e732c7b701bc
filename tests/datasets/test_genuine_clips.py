"""The genuine clips of Medley-solos-DB, where they are at hand: index, features, statistics."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from clip_files import SAMPLE, needs_sample
from clip_standins import DIGESTS, open_store

from jtfs_repro import config, io
from jtfs_repro.datasets import medley_solos_db
from jtfs_repro.datasets.clip_index import check_clips
from jtfs_repro.studies.instruments.clip_statistics import clip_statistics
from jtfs_repro.studies.instruments.extract_clips import extract_clips

pytestmark = [needs_sample, pytest.mark.slow]
GIN = Path(__file__).parents[2] / "gin"
SHAPES = {
    "mfcc": {"mean": (20,), "std": (20,)},
    "cqt": {"S": (96, 257)},
    "scattering1d": {"S": (1243, 32)},
    "jtfs": {"S1": (175, 32), "S2": (165, 44, 32)},
}


@pytest.fixture(scope="module")
def clips():
    listed = medley_solos_db.list_clips(SAMPLE)
    whole, problems = check_clips(listed, progress=False)
    assert len(whole) == 16
    assert len(whole) + len(problems) == 21571
    return replace(listed, clips=whole[::4], sha256=DIGESTS["clips_sha256"])


@pytest.mark.parametrize("front", SHAPES)
def test_features_at_the_settings_of_the_paper(clips, front, tmp_path):
    files = [
        p
        for s in ("medley_clips", f"medley_{front}")
        for p in config.stack(s, scale="paper", root=GIN)
    ]
    config.load_gin(files)
    shard = tmp_path / "shard-0-of-1.npy"
    report = config.bound(extract_clips)(
        clips, shard, shard=0, n_shards=1, device="cpu", progress=False
    )
    io.save_json(shard.with_suffix(".json"), report | DIGESTS)
    store = open_store([shard], clips)
    assert store.shapes == SHAPES[front]
    parts = store.tensors(np.arange(4))
    assert all(np.isfinite(part).all() for part in parts.values())
    if front in ("jtfs", "scattering1d"):
        assert all(part.min() > -1e-6 * part.max() for part in parts.values())
        statistics = clip_statistics(store, progress=False)
        assert all((part.std > 0).all() for part in statistics.values())
