"""Two chirps under the constant-Q transform, and how padding leaks one spin into the other."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.plots.cqt_chirps import figure_cqt_chirps
from jtfs_repro.plots.spin_leak import figure_spin_leak
from jtfs_repro.provenance import Stamp
from jtfs_repro.runs import stamp_of
from jtfs_repro.studies.chirps.cqt_chirps import cqt_chirps
from jtfs_repro.studies.chirps.spin_leak import spin_leak


def transform_cqt_chirps(*, transforms: Path) -> None:
    """Compute the constant-Q transforms of Figure 2.

    Write the transforms of two chirps.
    """
    io.save_arrays(transforms, **config.bound(cqt_chirps)().arrays())


def plot_cqt_chirps(*, run: str, transforms: Path, figures: list[Path]) -> None:
    """Draw Figure 2: the constant-Q transforms of two chirps.

    Draw stored transforms.
    """
    line = stamp_of(run).line
    figure = config.bound(figure_cqt_chirps)(**io.load_arrays(transforms), stamp_line=line)
    io.save_figures(figures, figure)


def tabulate_spin_leak(*, run: str, table: Path, frames: Path) -> None:
    """Measure how the padding of a rising chirp leaks into the falling spin.

    Write one row per way of padding, and one per frame.
    """
    stamp = stamp_of(run)
    leak = config.bound(spin_leak)(stamp=stamp)
    io.save_csv(frames, leak.frames)
    io.save_table(table, leak.summary, caption=stamp.line)


def plot_spin_leak(*, frames: Path, figures: list[Path]) -> None:
    """Draw how the padding of a rising chirp leaks into the falling spin.

    Draw a table of one row per frame.
    """
    rows = io.load_csv(frames)
    figure = config.bound(figure_spin_leak)(rows, stamp_line=Stamp.common(rows).line)
    io.save_figures(figures, figure)
