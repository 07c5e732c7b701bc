"""Tabulate what extraction and training cost: clips per second, bytes on disk, peak memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jtfs_repro import config, io
from jtfs_repro.experiments.medley_cost import medley_cost
from jtfs_repro.provenance import Stamp


def tabulate_clip_cost(*, features: list[Path], trainings: list[Path], table: Path) -> None:
    """Write one row per representation and training, from the reports of all shards."""
    reports: dict[str, list[dict[str, Any]]] = {}
    for path in features:
        reports.setdefault(path.parent.name, []).append(io.load_json(path))
    stamp = Stamp.common([report for found in reports.values() for report in found])
    costs = [io.load_json(path) for path in trainings]
    rows = config.bound(medley_cost)(reports, costs, stamp=stamp)
    io.save_table(table, rows, caption=stamp.line)
