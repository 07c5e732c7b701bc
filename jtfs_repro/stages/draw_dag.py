"""Draw the workflow from the graph on standard input: snakemake --rulegraph | this."""

from __future__ import annotations

import sys
from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.plots.dag import figure_dag


def draw_dag(*, figures: list[Path]) -> None:
    """Draw rules and what each needs."""
    io.save_figures(figures, config.bound(figure_dag)(sys.stdin.read()))
