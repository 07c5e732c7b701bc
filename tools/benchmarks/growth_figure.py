"""The figure of growth: seconds and memory against the length of a signal and the batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from jtfs_repro.plots import style
from tools.benchmarks.contenders import CONTENDERS
from tools.benchmarks.figures import MARKS, OTHER, foot, plain_ticks
from tools.benchmarks.growth import STUDIES, Curve, curves, upper_exponent
from tools.benchmarks.records import Row

HEIGHT = 4.8  # inches
LABEL_DISTANCE = 0.085  # of the height of a panel


def growth_figure(rows: Sequence[Row], line: str) -> Figure:
    """Draw seconds and memory against the length of a signal and against the batch."""
    drawn = curves(rows)
    studies = [study for study in STUDIES if any(curve.study == study for curve in drawn)]
    with style.house_style():
        figure = style.new_figure(style.PAGE_WIDTH, HEIGHT)
        below = foot(figure, _growth_note(drawn), line) / HEIGHT
        panels = figure.subplots(2, len(studies), sharex="col", sharey="row", squeeze=False)
        edges = {"left": 0.1, "right": 0.835, "top": 0.97, "bottom": below + 0.42 / HEIGHT}
        figure.subplots_adjust(hspace=0.1, wspace=0.62, **edges)
        for column, study in enumerate(studies):
            _growth_column(list(panels[:, column]), [c for c in drawn if c.study == study])
            panels[1, column].set_xlabel(STUDIES[study])
        panels[0, 0].set_ylabel("seconds")
        panels[1, 0].set_ylabel("peak memory (MB)")
        for axes in panels.flat:
            _name_curves(axes)
    return figure


def _growth_note(drawn: Sequence[Curve]) -> str:
    job = drawn[0].rows[0].job
    return (
        f"Arguments of {job.configuration.name}; {job.device}, {job.allocator} allocator; on the"
        " left, batch 1. Numbers: exponents fitted to the larger half of the sizes."
    )


def _growth_column(panels: Sequence[Axes], drawn: Sequence[Curve]) -> None:
    """Draw seconds above, memory below, and tick the sizes that were measured."""
    for axes, name in zip(panels, ("seconds", "megabytes"), strict=True):
        axes.set_xscale("log")
        axes.set_yscale("log")
        plain_ticks(axes.yaxis)
        axes.grid(color=style.FAINT, linewidth=0.5)
        axes.set_axisbelow(True)
        for curve in drawn:
            values = getattr(curve, name)
            colour, marker = MARKS.get(curve.contender, OTHER)
            look = {"color": colour, "marker": marker, "markersize": 3.5}
            dashes = "-" if curve.mode == "forward" else "--"
            axes.plot(curve.sizes, values, dashes, label=_label(curve, values), **look)
    sizes = sorted({size for curve in drawn for size in curve.sizes})
    panels[-1].set_xticks(sizes, labels=[_power(size) for size in sizes])
    panels[-1].xaxis.set_minor_locator(NullLocator())


def _label(curve: Curve, values: Sequence[float]) -> str:
    power = upper_exponent(curve.sizes, values)
    fitted = f"  {power:.2f}" if power is not None else ""
    return f"{CONTENDERS[curve.contender].label} {curve.mode}{fitted}"


def _power(size: int) -> str:
    is_power = size >= 1024 and not size & (size - 1)
    return f"$2^{{{size.bit_length() - 1}}}$" if is_power else str(size)


def _name_curves(axes: Axes) -> None:
    """Write each curve's name to the right of the panel, joined to its end, none on another."""
    ends = [(line, np.asarray(line.get_xydata())[-1]) for line in axes.get_lines()]
    ends.sort(key=lambda pair: float(pair[1][1]))
    to_panel = axes.transData + axes.transAxes.inverted()
    heights = apart([float(to_panel.transform(end)[1]) for _, end in ends])
    for (line, end), height in zip(ends, heights, strict=True):
        axes.annotate(
            str(line.get_label()),
            tuple(end),
            (1.04, height),
            textcoords="axes fraction",
            va="center",
            fontsize=6.5,
            color=line.get_color(),
            arrowprops={"arrowstyle": "-", "color": style.FAINT, "linewidth": 0.6, "shrinkB": 3},
        )


def apart(heights: Sequence[float], distance: float = LABEL_DISTANCE) -> list[float]:
    """Return rising heights moved so far that neighbours keep a distance.

    Examples
    --------
    >>> apart([0.1, 0.5, 0.5], 0.2)
    [0.1, 0.4, 0.6]
    """
    placed = [float(height) for height in heights]
    for _ in range(100):
        for i in range(len(placed) - 1):
            lack = distance - (placed[i + 1] - placed[i])
            if lack > 1e-9:
                placed[i] -= lack / 2
                placed[i + 1] += lack / 2
    return [round(height, 6) for height in placed]
