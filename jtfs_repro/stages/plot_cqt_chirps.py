"""Draw Figure 2: the constant-Q transforms of two chirps."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.plots.cqt_chirps import figure_cqt_chirps
from jtfs_repro.runs import stamp_of


def plot_cqt_chirps(*, run: str, transforms: Path, figures: list[Path]) -> None:
    """Draw stored transforms."""
    line = stamp_of(run).line
    figure = config.bound(figure_cqt_chirps)(**io.load_arrays(transforms), stamp_line=line)
    io.save_figures(figures, figure)
