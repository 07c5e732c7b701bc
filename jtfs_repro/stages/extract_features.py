"""Compute one shard of one representation."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.extract_features import extract_shard
from jtfs_repro.runs import stamp_of


def extract_features(
    *,
    run: str,
    signals: Path,
    facts: Path,
    shard: int,
    shards: int,
    device: str = "auto",
    memory_gb: float = 2.0,
    weights: str | None = None,
    features: Path,
) -> None:
    """Write features [shape=(n, D)] of one part of ``signals``, and a report beside them."""
    made = config.bound(extract_shard)(
        io.load_array(signals, mmap=True),
        sr=io.load_json(facts)["sr"],
        shard=shard,
        n_shards=shards,
        settings={"weights": weights} if weights else {},
        device=device,
        memory_budget_gb=memory_gb,
    )
    io.save_array(features, made.features)
    stamp = stamp_of(run, device=made.report["device"])
    io.save_json(features.with_suffix(".json"), made.report | stamp.as_dict())
