"""Figures of the chirps, from stored transforms, manifolds and tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.plots.cqt_chirps import figure_cqt_chirps
from jtfs_repro.plots.isomap import figure_isomap
from jtfs_repro.plots.knn_ratios import figure_knn_ratios
from jtfs_repro.plots.spin_leak import figure_spin_leak
from jtfs_repro.provenance import Stamp
from jtfs_repro.runs import stamp_of
from jtfs_repro.studies.chirps.stored import (
    absent_clouds,
    stored_clouds,
    stored_ratios,
    stored_stamp,
    stored_theta,
)


def plot_cqt_chirps(*, run: str, transforms: Path, figures: list[Path]) -> None:
    """Draw Figure 2: the constant-Q transforms of two chirps.

    Draw stored transforms.
    """
    line = stamp_of(run).line
    figure = config.bound(figure_cqt_chirps)(**io.load_arrays(transforms), stamp_line=line)
    io.save_figures(figures, figure)


def plot_isomap(
    *,
    names: list[str],
    manifolds: list[Path],
    facts: list[Path],
    parameters: Path,
    absent: Sequence[str] = (),
    figures: list[Path],
) -> None:
    """Draw Figure 3: the Isomap embeddings of all representations.

    Draw one column per representation; those in ``absent`` are said to be left out.
    """
    theta = stored_theta(parameters)
    clouds = stored_clouds(names, manifolds) + absent_clouds(absent, len(theta))
    line = stored_stamp(facts).line
    io.save_figures(figures, config.bound(figure_isomap)(clouds, theta, stamp_line=line))


def plot_knn_ratios(
    *,
    names: list[str],
    ratios: list[Path],
    facts: list[Path],
    parameters: Path,
    figures: list[Path],
) -> None:
    """Draw Figure 4: the error ratios of K-NN regression.

    Draw one column per representation, and the index grid's floor.
    """
    columns = stored_ratios(names, ratios, stored_theta(parameters))
    line = stored_stamp(facts).line
    io.save_figures(figures, config.bound(figure_knn_ratios)(columns, stamp_line=line))


def plot_spin_leak(*, frames: Path, figures: list[Path]) -> None:
    """Draw how the padding of a rising chirp leaks into the falling spin.

    Draw a table of one row per frame.
    """
    rows = io.load_csv(frames)
    figure = config.bound(figure_spin_leak)(rows, stamp_line=Stamp.common(rows).line)
    io.save_figures(figures, figure)
