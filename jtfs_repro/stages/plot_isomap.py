"""Draw Figure 3: the Isomap embeddings of all representations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.stored import absent_clouds, stored_clouds, stored_stamp, stored_theta
from jtfs_repro.plots.isomap import figure_isomap


def plot_isomap(
    *,
    names: list[str],
    manifolds: list[Path],
    facts: list[Path],
    parameters: Path,
    absent: Sequence[str] = (),
    figures: list[Path],
) -> None:
    """Draw one column per representation; those in ``absent`` are said to be left out."""
    theta = stored_theta(parameters)
    clouds = stored_clouds(names, manifolds) + absent_clouds(absent, len(theta))
    line = stored_stamp(facts).line
    io.save_figures(figures, config.bound(figure_isomap)(clouds, theta, stamp_line=line))
