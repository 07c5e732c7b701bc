"""Draw how the padding of a rising chirp leaks into the falling spin."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.plots.spin_leak import figure_spin_leak
from jtfs_repro.provenance import Stamp


def plot_spin_leak(*, frames: Path, figures: list[Path]) -> None:
    """Draw a table of one row per frame."""
    rows = io.load_csv(frames)
    figure = config.bound(figure_spin_leak)(rows, stamp_line=Stamp.common(rows).line)
    io.save_figures(figures, figure)
