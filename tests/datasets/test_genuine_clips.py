"""The genuine clips of Medley-solos-DB, where they are at hand: index, features, statistics."""

from pathlib import Path

import numpy as np
import pytest
from clip_files import SAMPLE, needs_sample

from jtfs_repro import config, io
from jtfs_repro.datasets.clip_index import index_clips
from jtfs_repro.studies.instruments.clip_statistics import clip_statistics
from jtfs_repro.studies.instruments.clip_store import open_store
from jtfs_repro.studies.instruments.extract_clips import extract_clips

pytestmark = [needs_sample, pytest.mark.slow]
GIN = Path(__file__).parents[2] / "gin"
SHAPES = {
    "mfcc": {"mean": (20,), "std": (20,)},
    "cqt": {"S": (96, 257)},
    "scattering1d": {"S": (1243, 32)},
    "jtfs": {"S1": (175, 32), "S2": (165, 44, 32)},
}
DIGESTS = {"settings_sha256": "s", "clips_sha256": "c"}


@pytest.fixture(scope="module")
def rows():
    found, report = index_clips(SAMPLE, allow_partial=True, classes_required=False, progress=False)
    assert report["n_clips"] == 16
    assert report["n_expected"] == 21571
    return found


@pytest.mark.parametrize("front", SHAPES)
def test_features_at_the_settings_of_the_paper(rows, front, tmp_path):
    files = [
        p
        for s in ("medley_clips", f"medley_{front}")
        for p in config.stack(s, scale="paper", root=GIN)
    ]
    config.load_gin(files)
    paths = [str(SAMPLE / "audio" / row.file_name) for row in rows]
    shard = tmp_path / "shard-0-of-1.npy"
    report = config.bound(extract_clips)(
        paths, shard, shard=0, n_shards=1, device="cpu", progress=False
    )
    io.save_json(shard.with_suffix(".json"), report | DIGESTS)
    store = open_store([shard], **DIGESTS)
    assert store.shapes == SHAPES[front]
    parts = store.tensors(np.arange(16))
    assert all(np.isfinite(part).all() for part in parts.values())
    if front in ("jtfs", "scattering1d"):
        assert all(part.min() > -1e-6 * part.max() for part in parts.values())
        subsets = np.array([row.subset for row in rows])
        statistics = clip_statistics(store, subsets, progress=False)
        assert all((part.std > 0).all() for part in statistics.values())
