"""Accumulate mu, means and standard deviations of a representation over the training clips."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments import clip_statistics
from jtfs_repro.experiments.clip_sets import open_clip_set
from jtfs_repro.experiments.clip_store import open_store
from jtfs_repro.provenance import settings_sha256
from jtfs_repro.runs import stamp_of


def accumulate_statistics(
    *, run: str, feature_gin: list[str], clips: Path, shards: list[Path], statistics: Path
) -> None:
    """Write the statistics of stored shards, and facts on them beside."""
    clip_set = open_clip_set(clips, clips.with_suffix(".json"))
    digests = {
        "settings_sha256": settings_sha256(feature_gin),
        "clips_sha256": clip_set.sha256,
    }
    store = open_store(shards, **digests)
    accumulate = config.bound(clip_statistics.clip_statistics)
    found = {} if store.not_run else accumulate(store, clip_set.subsets)
    facts = {
        "status": io.NOT_RUN if store.not_run else io.RUN,
        "not_run": store.not_run,
        "shapes": {name: list(shape) for name, shape in store.shapes.items()},
        "n_training_clips": int((clip_set.subsets == "training").sum()),
        **digests,
    }
    io.save_arrays(statistics, **clip_statistics.arrays(found))
    stamp = stamp_of(run, device=store.device).as_dict()
    io.save_json(statistics.with_suffix(".json"), facts | stamp)
