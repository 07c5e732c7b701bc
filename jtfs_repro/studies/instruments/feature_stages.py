"""Features of the clips, by shards, and their statistics."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.datasets import clips as clips_module
from jtfs_repro.gin_files import settings_sha256
from jtfs_repro.runs import stamp_of
from jtfs_repro.studies.instruments import clip_statistics
from jtfs_repro.studies.instruments import extract_clips as extraction
from jtfs_repro.studies.instruments.clip_store import digests, open_features, statistics_arrays


def extract_clips(
    *,
    gin: list[str],
    run: str,
    clips: Path,
    facts: Path,
    folder: str,
    shard: int,
    shards: int,
    device: str = "auto",
    memory_gb: float = 2.0,
    features: Path,
) -> None:
    """Compute one shard of one representation of a clip set.

    Write the features of one part of the clips, and a report beside them.
    """
    clip_set = clips_module.open_clips(clips, facts, folder=folder)
    report = config.bound(extraction.extract_clips)(
        clip_set,
        features,
        shard=shard,
        n_shards=shards,
        device=device,
        memory_budget_gb=memory_gb,
    )
    digests = {"settings_sha256": settings_sha256(gin), "clips_sha256": clip_set.sha256}
    stamp = stamp_of(run, device=report["device"]).as_dict()
    io.save_json(features.with_suffix(".json"), report | digests | stamp)


def accumulate_statistics(
    *, run: str, feature_gin: list[str], clips: Path, shards: list[Path], statistics: Path
) -> None:
    """Accumulate mu, means and standard deviations of a representation over the training clips.

    Write the statistics of stored shards, and facts on them beside.
    """
    store = open_features(clips, clips.with_suffix(".json"), shards, gin=feature_gin)
    found = {}
    if not store.not_run:
        found = statistics_arrays(config.bound(clip_statistics.clip_statistics)(store))
    facts = {
        "status": io.NOT_RUN if store.not_run else io.RUN,
        "not_run": store.not_run,
        "shapes": {name: list(shape) for name, shape in store.shapes.items()},
        "n_training_clips": len(store.clips.rows("training")),
        **digests(store),
    }
    io.save_arrays(statistics, **found)
    stamp = stamp_of(run, device=store.device).as_dict()
    io.save_json(statistics.with_suffix(".json"), facts | stamp)
