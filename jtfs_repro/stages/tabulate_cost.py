"""Tabulate what the representations cost: dimension, seconds per signal, peak memory."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.scores import cost_rows
from jtfs_repro.experiments.stored import stored_stamp


def tabulate_cost(*, costs: list[Path], facts: list[Path], table: Path) -> None:
    """Write one row per representation."""
    stamp = stored_stamp(facts)
    rows = config.bound(cost_rows)([io.load_json(path) for path in costs], stamp=stamp)
    io.save_table(table, rows, caption=stamp.line)
