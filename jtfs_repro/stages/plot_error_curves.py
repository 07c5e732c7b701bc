"""Draw the error of every resynthesis against the iteration."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.plots.error_curves import figure_error_curves
from jtfs_repro.provenance import Stamp


def plot_error_curves(*, histories: list[Path], figures: list[Path]) -> None:
    """Draw one curve per table of errors by iteration."""
    rows = [row for path in histories for row in io.load_csv(path)]
    figure = config.bound(figure_error_curves)(rows, stamp_line=Stamp.common(rows).line)
    io.save_figures(figures, figure)
