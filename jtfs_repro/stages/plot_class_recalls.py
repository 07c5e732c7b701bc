"""Draw Table 2 as bars: recall per class by model, the paper's values beside."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.published import TABLE2
from jtfs_repro.plots.class_recalls import figure_class_recalls
from jtfs_repro.provenance import Stamp


def plot_class_recalls(*, table: Path, seeds: Path, figures: list[Path]) -> None:
    """Draw Table 2 and the recalls of every seed."""
    rows = io.load_csv(table)
    line = Stamp.common(rows).line
    draw = config.bound(figure_class_recalls)
    io.save_figures(figures, draw(rows, io.load_csv(seeds), TABLE2, stamp_line=line))
