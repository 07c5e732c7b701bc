"""Compute one shard of one representation of a clip set."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments import extract_clips as extraction
from jtfs_repro.experiments.clip_sets import open_clip_set
from jtfs_repro.provenance import settings_sha256
from jtfs_repro.runs import stamp_of


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
    """Write the features of one part of the clips, and a report beside them."""
    clip_set = open_clip_set(clips, facts)
    report = config.bound(extraction.extract_clips)(
        clip_set.paths(folder),
        features,
        shard=shard,
        n_shards=shards,
        sha256s=clip_set.sha256s,
        not_run=clip_set.not_run,
        device=device,
        memory_budget_gb=memory_gb,
    )
    digests = {"settings_sha256": settings_sha256(gin), "clips_sha256": clip_set.sha256}
    stamp = stamp_of(run, device=report["device"]).as_dict()
    io.save_json(features.with_suffix(".json"), report | digests | stamp)
