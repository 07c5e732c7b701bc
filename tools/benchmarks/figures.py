"""The figures: programs side by side, and how their costs grow; logarithmic axes."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from jtfs_repro.plots import style
from tools.benchmarks.contenders import BY_STUDY, CONTENDERS
from tools.benchmarks.plan import MODES
from tools.benchmarks.records import SATURATING, Rates, Row
from tools.benchmarks.tables import (
    GROWTH,
    Curve,
    curves,
    megabytes_per_signal,
    per_signal,
    ratio,
    significant,
    upper_exponent,
)

ROW_HEIGHT, TOP, GAP, BOTTOM = 0.26, 0.5, 0.62, 0.45  # inches
GROWTH_HEIGHT = 4.8  # inches
LABEL_DISTANCE = 0.085  # of the height of a panel
_TITLES = {"forward": "forward", "training": "forward + backward"}
_MARKS = {"ours": (style.ACCENT, "o"), "kymatio": (style.POINT, "s")}
_OTHER = (style.INK, "D")
_BOUND = "|"
Value = Callable[[Row], float | None]


def transform_figures(
    rows: Sequence[Row], rates: Mapping[str, Rates], line: str
) -> Iterator[tuple[str, Figure]]:
    """Yield file names and figures of the transform, one per device that was measured."""
    measured = [row for row in rows if row.job.study == "transform" and row.result.is_run]
    for device in dict.fromkeys(row.job.device for row in measured):
        chosen = [row for row in measured if row.job.device == device]
        name = "transform.png" if device == "cpu" else f"transform_{device}.png"
        yield name, _transform_figure(chosen, rates[device], line)


def _transform_figure(rows: Sequence[Row], rates: Rates, line: str) -> Figure:
    """Draw seconds and memory of all configurations under one allocator and batch rule."""
    rows, place = _one_place(rows)
    names = list(dict.fromkeys(row.job.configuration.name for row in rows))
    modes = [mode for mode in MODES if any(row.job.mode == mode for row in rows)]
    panel = ROW_HEIGHT * max(len(names), 2)
    height = TOP + 2 * panel + GAP + BOTTOM
    with style.house_style():
        figure = style.new_figure(style.PAGE_WIDTH, height)
        below = _foot(figure, _note(place), line)
        figure.set_figheight(height + below)
        panels = figure.subplots(2, len(modes), sharey=True, sharex="row", squeeze=False)
        edges = {"top": 1 - TOP / (height + below), "bottom": (BOTTOM + below) / (height + below)}
        figure.subplots_adjust(left=0.1, right=0.98, hspace=GAP / panel, wspace=0.06, **edges)
        for column, mode in enumerate(modes):
            _column(list(panels[:, column]), names, [r for r in rows if r.job.mode == mode], rates)
            panels[0, column].set_title(_TITLES[mode], loc="left")
        _legend(figure, rows)
    return figure


def _foot(figure: Figure, note: str, line: str) -> float:
    """Print the note and the machine at the foot; return their height in inches."""
    lines = textwrap.wrap(f"{note} {line}", style.NOTE_WIDTH)
    return style.foot(figure, lines[-1], " ".join(lines[:-1]))


def _column(
    panels: Sequence[Axes], names: Sequence[str], rows: Sequence[Row], rates: Rates
) -> None:
    """Draw seconds above, memory below."""
    seconds, memory = panels
    _dots(seconds, names, rows, per_signal)
    _bounds(seconds, names, rows, rates)
    _dots(memory, names, rows, megabytes_per_signal)
    seconds.set_xlabel("seconds per signal")
    memory.set_xlabel("peak memory per signal (MB)")


def _one_place(rows: Sequence[Row]) -> tuple[list[Row], Row]:
    """Return the rows of the allocator (tuned, if measured) and batch that the figure shows."""
    allocators = {row.job.allocator for row in rows}
    allocator = "tuned" if "tuned" in allocators else rows[0].job.allocator
    batch = SATURATING if any(r.job.batch == SATURATING for r in rows) else rows[0].job.batch
    chosen = [r for r in rows if r.job.allocator == allocator and r.job.batch == batch]
    return chosen, chosen[0]


def _note(row: Row) -> str:
    batch = f"batch {row.job.batch}" if row.job.batch else "the batch that saturates the device"
    allocator = {
        "tuned": "an allocator that keeps large buffers",
        "default": "the C library's allocator as it comes",
    }.get(row.job.allocator, "torch's caching allocator")
    return (
        f"{row.job.device}, {batch}, {allocator}. Bar: the bound of the machine for the"
        " arithmetic and traffic that the transform counts. Factor: peer's value by ours."
    )


def _dots(axes: Axes, names: Sequence[str], rows: Sequence[Row], value: Value) -> None:
    """Draw one line of marks per configuration, joined, with the ratio beside them."""
    axes.set_xscale("log")
    _plain_ticks(axes.xaxis)
    axes.set_yticks(range(len(names)), labels=list(names))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=style.FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.margins(x=0.16)
    for y, name in enumerate(names):
        found = {r.job.contender: value(r) for r in rows if r.job.configuration.name == name}
        values = {contender: v for contender, v in found.items() if v}
        axes.plot(list(values.values()), [y] * len(values), color=style.FAINT, linewidth=2)
        for contender, x in values.items():
            colour, marker = _MARKS.get(contender, _OTHER)
            axes.plot(x, y, marker, color=colour, markersize=4.5, zorder=3)
            factor = ratio(x, values.get("ours"))
            if contender != "ours" and factor is not None:
                _factor(axes, max(values.values()), y, factor)


class _PlainTicks(LogLocator):
    """Ticks at 1, 2 and 5 of each decade, or at 1 alone where the decades are many."""

    def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
        """Return the places of the ticks."""
        self.set_params(subs=(1.0, 2.0, 5.0) if vmax < 300 * vmin else (1.0,))
        return super().tick_values(vmin, vmax)


def _plain_ticks(axis: Axis) -> None:
    """Write 0.2 and 50 instead of powers of ten."""
    axis.set_major_locator(_PlainTicks())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def _factor(axes: Axes, x: float, y: float, factor: float) -> None:
    axes.annotate(
        f"x {significant(factor, 2)}",
        (x, y),
        (6, 0),
        textcoords="offset points",
        va="center",
        fontsize=7,
    )


def _bounds(axes: Axes, names: Sequence[str], rows: Sequence[Row], rates: Rates) -> None:
    for row in rows:
        bound = rates.bound(row.result.flops, row.result.least_bytes)
        if row.job.contender == "ours" and bound:
            y = names.index(row.job.configuration.name)
            each = bound / (row.result.batch or 1)
            axes.plot(each, y, _BOUND, color=style.INK, markersize=9, markeredgewidth=1.2)


def _legend(figure: Figure, rows: Sequence[Row]) -> None:
    """Name the marks above the panels."""
    present = {row.job.contender for row in rows}
    handles = []
    for c in BY_STUDY["transform"]:
        if c.name in present:
            colour, marker = _MARKS.get(c.name, _OTHER)
            axes = figure.axes[0]
            handles += axes.plot([], [], marker, color=colour, markersize=4.5, label=c.label)
    figure.legend(handles=handles, loc="upper right", ncols=len(handles), frameon=False)


def growth_figure(rows: Sequence[Row], line: str) -> Figure:
    """Draw seconds and memory against the length of a signal and against the batch."""
    drawn = curves(rows)
    studies = [study for study in GROWTH if any(curve.study == study for curve in drawn)]
    with style.house_style():
        figure = style.new_figure(style.PAGE_WIDTH, GROWTH_HEIGHT)
        below = _foot(figure, _growth_note(drawn), line) / GROWTH_HEIGHT
        panels = figure.subplots(2, len(studies), sharex="col", sharey="row", squeeze=False)
        edges = {"left": 0.1, "right": 0.835, "top": 0.97, "bottom": below + 0.42 / GROWTH_HEIGHT}
        figure.subplots_adjust(hspace=0.1, wspace=0.62, **edges)
        for column, study in enumerate(studies):
            _growth_column(list(panels[:, column]), [c for c in drawn if c.study == study])
            panels[1, column].set_xlabel(GROWTH[study])
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
        _plain_ticks(axes.yaxis)
        axes.grid(color=style.FAINT, linewidth=0.5)
        axes.set_axisbelow(True)
        for curve in drawn:
            values = getattr(curve, name)
            colour, marker = _MARKS.get(curve.contender, _OTHER)
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
