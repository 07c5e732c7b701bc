"""Draw the filter banks: curves in frequency, and 2-D wavelets in time and log-frequency."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.filterbank import filterbank
from jtfs_repro.plots.filterbank import figure_filterbank_1d, figure_filterbank_2d
from jtfs_repro.runs import stamp_of


def plot_filterbank(*, run: str, curves: list[Path], wavelets: list[Path]) -> None:
    """Draw both figures."""
    line = stamp_of(run).line
    bank = config.bound(filterbank)()
    lines = figure_filterbank_1d(bank.first, bank.second, bank.log_frequency, stamp_line=line)
    io.save_figures(curves, lines)
    io.save_figures(wavelets, figure_filterbank_2d(bank.wavelets, stamp_line=line))
