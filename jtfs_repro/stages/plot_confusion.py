"""Draw the confusion matrices of all classifiers."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.plots.confusion import figure_confusion
from jtfs_repro.provenance import Stamp


def plot_confusion(*, table: Path, confusion: Path, figures: list[Path]) -> None:
    """Draw a table of confusions; Table 2 tells scale, preset and device."""
    line = Stamp.common(io.load_csv(table)).line
    figure = config.bound(figure_confusion)(io.load_csv(confusion), stamp_line=line)
    io.save_figures(figures, figure)
