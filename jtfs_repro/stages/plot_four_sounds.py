"""Draw Figure 1: scalograms of sounds and their un-averaged responses in both spins."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.plots.four_sounds import figure_four_sounds
from jtfs_repro.runs import stamp_of
from jtfs_repro.scale_rates import ScaleRate


def plot_four_sounds(*, run: str, scale_rates: list[Path], figures: list[Path]) -> None:
    """Draw one column per sound."""
    sounds = {path.stem: ScaleRate.of_arrays(io.load_arrays(path)) for path in scale_rates}
    figure = config.bound(figure_four_sounds)(sounds, stamp_line=stamp_of(run).line)
    io.save_figures(figures, figure)
