"""Draw the learning curves of all networks."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.plots.learning_curves import figure_learning_curves
from jtfs_repro.provenance import Stamp


def plot_learning_curves(*, table: Path, curves: Path, figures: list[Path]) -> None:
    """Draw a table of histories; Table 2 tells scale, preset and device."""
    line = Stamp.common(io.load_csv(table)).line
    figure = config.bound(figure_learning_curves)(io.load_csv(curves), stamp_line=line)
    io.save_figures(figures, figure)
