"""Measure how the padding of a rising chirp leaks into the falling spin."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.spin_leak import spin_leak
from jtfs_repro.runs import stamp_of


def tabulate_spin_leak(*, run: str, table: Path, frames: Path) -> None:
    """Write one row per way of padding, and one per frame."""
    stamp = stamp_of(run)
    leak = config.bound(spin_leak)(stamp=stamp)
    io.save_csv(frames, leak.frames)
    io.save_table(table, leak.summary, caption=stamp.line)
