"""Put the shards of a feature together and take one representation out of them."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.extract_features import Shard, cost_record, gather_shards
from jtfs_repro.runs import stamp_of


def gather_features(
    *,
    run: str,
    shards: list[Path],
    feature: str,
    representation: str,
    array: Path,
    facts: Path,
    cost: Path,
    settings: Path,
) -> None:
    """Write features [shape=(n, D)], what they are, what they cost, and the settings."""
    reports = [io.load_json(path.with_suffix(".json")) for path in shards]
    arrays = [io.load_array(path, mmap=True) for path in shards]
    pairs = zip(arrays, reports, strict=True)
    parts = [Shard(features=part, report=report) for part, report in pairs]
    made, about = config.bound(gather_shards)(parts, representation)
    stamp = stamp_of(run, device=about.pop("device")).as_dict()
    io.save_array(array, made)
    io.save_json(facts, about | stamp)
    io.save_json(cost, cost_record(representation, feature, reports, made.shape[1]) | stamp)
    io.save_text(settings, io.load_text(shards[0].with_suffix(".gin")))
