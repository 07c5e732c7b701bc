"""Draw the scale–rate figure: a grid of 2-D wavelets, and a grid of their responses."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.scale_rate_grid import scale_rate_grid
from jtfs_repro.plots.scale_rate_grid import figure_grid_coefficients, figure_grid_filters
from jtfs_repro.runs import stamp_of


def plot_scale_rate_grid(*, run: str, filters: list[Path], coefficients: list[Path]) -> None:
    """Draw both grids."""
    line = stamp_of(run).line
    grid = config.bound(scale_rate_grid)()
    io.save_figures(filters, figure_grid_filters(grid.wavelets, stamp_line=line))
    responses = config.bound(figure_grid_coefficients)(
        grid.wavelets, grid.response, grid.times_s, grid.frequencies_hz, stamp_line=line
    )
    io.save_figures(coefficients, responses)
