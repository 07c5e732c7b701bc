"""Figure 4: K-NN error ratios, one panel per parameter, one column per representation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jtfs_repro import checks
from jtfs_repro.plots import style
from jtfs_repro.plots.series import Ratios

HEIGHT, LABELS = 4.0, 0.86  # inches; room for the slanted names
MEANS = ("arithmetic", "geometric")
TICKS = {"1/3": 1 / 3, "1/2": 1 / 2, "1": 1.0, "2": 2.0, "3": 3.0}
LIMIT = np.log2(3.7)  # octaves; points beyond are drawn as triangles at the edge
# Where the paper places JTFS and Scattering1D (Q = 1); for f_c it says "about 1".
PUBLISHED = {"f_m": (0.75, 1.5), "gamma": (0.75, 1.25)}


def figure_knn_ratios(
    columns: Sequence[Ratios],
    *,
    stamp_line: str,
    mean: str = "arithmetic",
    jitter: float = 0.3,
    seed: int = 0,
) -> Figure:
    """Draw Figure 4, representations from left to right.

    ``jitter`` in [0, 0.5] is the half width of a column, in units of the distance between columns.
    ValueError: there is no column, or a setting is out of its range.
    """
    checks.choice("mean", mean, MEANS)
    checks.number("jitter", jitter, low=0, high=0.5)
    if not columns:
        checks.fail("columns", columns, "hold at least one representation")
    offsets = np.random.default_rng(seed).uniform(-jitter, jitter, len(columns[0].arithmetic))
    with style.page(HEIGHT, stamp_line, _note(columns, mean)) as (figure, foot):
        panels = figure.subplots(1, 3, sharey=True)
        bottom = (foot + LABELS) / HEIGHT
        figure.subplots_adjust(left=0.075, right=0.995, top=0.93, bottom=bottom, wspace=0.05)
        for index, (axes, parameter) in enumerate(zip(panels, style.SYMBOLS, strict=True)):
            _frame(axes, parameter, columns)
            for x, column in enumerate(columns):
                _column(axes, x, column, getattr(column, mean)[:, index], offsets)
        panels[0].set_ylabel("relative estimate (log scale)")
    return figure


def _note(columns: Sequence[Ratios], mean: str) -> str:
    """Explain the marks, and say why a column is empty."""
    text = (
        f"Estimate / true value of each chirp; {mean} mean of the nearest neighbours. Bar: median;"
        " line: 5 to 95 %; triangles: outside the axis. Band: range stated in the paper for JTFS"
        " and Scattering1D (Q = 1)."
    )
    reasons = [f" {style.label(c.name)} not run: {c.not_run}." for c in columns if c.not_run]
    return text + "".join(reasons).replace("\n", " ")


def _frame(axes: Axes, parameter: str, columns: Sequence[Ratios]) -> None:
    axes.set_title(style.SYMBOLS[parameter], fontsize=10)
    axes.set_ylim(-LIMIT * 1.04, LIMIT * 1.04)
    axes.set_yticks(np.log2(list(TICKS.values())), labels=list(TICKS))
    labels = [style.label(column.name).replace("\n", " ") for column in columns]
    axes.set_xticks(
        range(len(columns)), labels=labels, rotation=50, ha="right", rotation_mode="anchor"
    )
    axes.set_xlim(-0.6, len(columns) - 0.4)
    axes.tick_params(axis="x", length=0, pad=3)
    axes.axhline(0, color=style.INK, linewidth=0.6, zorder=1)
    for ratio in (1 / 3, 1 / 2, 2, 3):
        axes.axhline(np.log2(ratio), color=style.FAINT, linewidth=0.5, zorder=0)
    if parameter in PUBLISHED:
        axes.axhspan(*np.log2(PUBLISHED[parameter]), color="#ececec", linewidth=0, zorder=0)


def _column(axes: Axes, x: int, column: Ratios, ratios: np.ndarray, offsets: np.ndarray) -> None:
    if column.not_run:
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        place = {"rotation": 90, "ha": "center", "va": "center"}
        axes.text(x, 0, "not run", color=style.MUTED, fontsize=7, bbox=box, **place)
        return
    octaves = np.log2(ratios)
    _points(axes, x + offsets, octaves)
    _summary(axes, x, np.quantile(octaves, (0.05, 0.5, 0.95)))


def _points(axes: Axes, x: np.ndarray, octaves: np.ndarray) -> None:
    """Draw one dot per chirp, and a triangle at the edge for each one beyond it."""
    inside = np.abs(octaves) <= LIMIT
    look = {"c": style.POINT, "linewidths": 0, "zorder": 2, "rasterized": True}
    size = 2.2 * np.sqrt(512 / len(octaves))
    axes.scatter(x[inside], octaves[inside], s=size, alpha=0.55, **look)
    for sign, marker in ((1, "^"), (-1, "v")):
        beyond = sign * octaves > LIMIT
        axes.scatter(x[beyond], np.full(beyond.sum(), sign * LIMIT), s=6, marker=marker, **look)


def _summary(axes: Axes, x: int, quantiles: np.ndarray) -> None:
    """Draw the median as a bar and the 5-95 % range as a line."""
    low, middle, high = np.clip(quantiles, -LIMIT, LIMIT)
    bar = {"linewidth": 1.8, "solid_capstyle": "butt", "zorder": 4}
    axes.plot([x, x], [low, high], color=style.INK, linewidth=1.0, zorder=3)
    axes.plot([x - 0.36, x + 0.36], [middle, middle], color=style.ACCENT, **bar)
