"""Figure 3: Isomap embeddings, one row per representation, one column per colouring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from jtfs_repro import checks
from jtfs_repro.plots import style
from jtfs_repro.plots.series import Cloud, upright

PANELS = ("mfcc", "scattering1d_q1", "scattering1d_q8", "jtfs", "strf", "openl3")
NOTE = (
    "Isomap, 3 components, whose rotation and reflection are arbitrary: each cloud is turned so"
    " that its axes best match (log f_c, log f_m, log gamma), without stretching, scaled to equal"
    " size, and seen from one side in parallel projection. Colours are logarithmic."
)
ROW_HEIGHT, HEAD, FOOT = 1.4, 0.6, 0.48  # inches
# The three walls behind the cloud: floor, left, right; corners of the cube [-1, 1]^3.
WALLS = (
    ((-1, -1, -1), (1, -1, -1), (1, 1, -1), (-1, 1, -1)),
    ((-1, -1, -1), (-1, 1, -1), (-1, 1, 1), (-1, -1, 1)),
    ((-1, 1, -1), (1, 1, -1), (1, 1, 1), (-1, 1, 1)),
)


def figure_isomap(
    clouds: Sequence[Cloud],
    theta: np.ndarray,
    *,
    stamp_line: str,
    panels: Sequence[str] = PANELS,
    elevation: float = 26.0,
    azimuth: float = -52.0,
    marker_area: float = 5.0,
) -> Figure:
    """Draw Figure 3.

    Panels stand from top to bottom, lettered (a), (b), ...; elevation in (0, 90) and azimuth in
    (-90, 0) are degrees; ``marker_area`` is in square points at 512 points and shrinks as the
    square root of their number. ValueError: a panel has no cloud or an angle is out of its range.
    """
    checks.number("elevation", elevation, low=0, high=90, mistake="degrees")
    checks.number("azimuth", azimuth, low=-90, high=0, mistake="degrees")
    known = {cloud.name: cloud for cloud in clouds}
    for name in panels:
        checks.choice("panels", name, known, "is it in the list of representations?")
    view, area = view_matrix(elevation, azimuth), marker_area * np.sqrt(512 / len(theta))
    with style.house_style():
        figure = style.new_figure(style.PAGE_WIDTH, HEAD + FOOT + ROW_HEIGHT * len(panels))
        grid = _grid(figure, len(panels))
        norms = [_colour_bar(figure, column, theta[:, column]) for column in range(3)]
        for row, name in enumerate(panels):
            axes = [_empty_axes(figure, grid, row, column) for column in range(4)]
            _row_label(axes[0], f"({chr(ord('a') + row)})", style.label(name))
            _row(axes[1:], known[name], theta, norms, view, area)
            if row == 0:
                _compass(axes[0], view)
        style.foot(figure, stamp_line, NOTE)
    return figure


def view_matrix(elevation: float, azimuth: float) -> np.ndarray:
    """Return the rotation (degrees) whose rows are right, up and towards the viewer."""
    e, a = np.deg2rad([elevation, azimuth])
    towards = np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
    right = np.array([-np.sin(a), np.cos(a), 0.0])
    return np.stack([right, np.cross(towards, right), towards])


def _grid(figure: Figure, n_rows: int) -> GridSpec:
    height = figure.get_figheight()
    return figure.add_gridspec(
        n_rows,
        4,
        width_ratios=[0.62, 1, 1, 1],
        left=0.01,
        right=0.99,
        top=1 - HEAD / height,
        bottom=FOOT / height,
        hspace=0.02,
        wspace=0.02,
    )


def _empty_axes(figure: Figure, grid: GridSpec, row: int, column: int) -> Axes:
    axes = figure.add_subplot(grid[row, column])
    axes.set(aspect="equal", xlim=(-1.45, 1.45) if column else (-1.05, 0.9), ylim=(-1.55, 1.55))
    axes.set_axis_off()
    return axes


def _colour_bar(figure: Figure, column: int, values: np.ndarray) -> LogNorm:
    """Draw the colour bar above a column; return its norm."""
    name = list(style.PARAMETER_LABELS)[column]
    low, high = float(values.min()), float(values.max())
    norm = LogNorm(low, high if high > low else 2 * low)
    height = figure.get_figheight()
    axes = figure.add_axes((0.225 + 0.268 * column, 1 - 0.34 / height, 0.205, 0.09 / height))
    colours = ScalarMappable(norm, style.sequential())
    bar = figure.colorbar(colours, cax=axes, orientation="horizontal")
    ticks = [t for t in style.TICKS[name] if low * 0.999 <= t <= high * 1.001]
    bar.minorticks_off()
    bar.set_ticks(ticks, labels=[f"{t:g}" for t in ticks])
    axes.tick_params(length=2, pad=1.5)
    axes.set_title(style.PARAMETER_LABELS[name], fontsize=8.5, pad=3)
    return norm


def _row_label(axes: Axes, letter: str, text: str) -> None:
    axes.text(-1.02, 0.3, letter, fontsize=9, va="top")
    axes.text(-0.55, 0.3, text, fontsize=9, va="top")


def _row(
    axes: Sequence[Axes],
    cloud: Cloud,
    theta: np.ndarray,
    norms: Sequence[LogNorm],
    view: np.ndarray,
    area: float,
) -> None:
    if cloud.not_run:
        style.say_not_run(axes[1], cloud.not_run, width=72)
        return
    seen = upright(cloud.embedding, theta) @ view.T
    order = np.argsort(seen[:, 2], kind="stable")  # far points first
    for column, (panel, norm) in enumerate(zip(axes, norms, strict=True)):
        for wall in WALLS:
            x, y, _ = view @ np.array(wall).T
            panel.fill(x, y, facecolor="#f6f6f6", edgecolor=style.FAINT, linewidth=0.5)
        colours = style.sequential()(norm(theta[order, column]))
        panel.scatter(*seen[order, :2].T, c=colours, s=area, linewidths=0)


def _compass(axes: Axes, view: np.ndarray) -> None:
    """Draw the directions of the three parameters, as all clouds are turned."""
    x, y = -0.5, -1.05
    for name, (right, up) in zip(style.SYMBOLS, view[:2].T * 0.6, strict=True):
        arrow = {"arrowstyle": "-|>", "color": style.MUTED, "linewidth": 0.7, "shrinkA": 0}
        axes.annotate("", (x + right, y + up), (x, y), arrowprops=arrow)
        end = (x + 1.35 * right, y + 1.35 * up)
        axes.annotate(style.SYMBOLS[name], end, ha="center", va="center", fontsize=7)
