"""Draw Figure 4: the error ratios of K-NN regression."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.stored import stored_ratios, stored_stamp, stored_theta
from jtfs_repro.plots.knn_ratios import figure_knn_ratios


def plot_knn_ratios(
    *,
    names: list[str],
    ratios: list[Path],
    facts: list[Path],
    parameters: Path,
    figures: list[Path],
) -> None:
    """Draw one column per representation, and the index grid's floor."""
    columns = stored_ratios(names, ratios, stored_theta(parameters))
    line = stored_stamp(facts).line
    io.save_figures(figures, config.bound(figure_knn_ratios)(columns, stamp_line=line))
