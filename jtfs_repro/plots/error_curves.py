"""Error against iteration, of one resynthesis and of all, with the paper's two marks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, NullFormatter, NullLocator

from jtfs_repro import checks
from jtfs_repro.plots import style
from jtfs_repro.plots.classifiers import Row, names
from jtfs_repro.plots.resynthesis import DESCENTS

PAPER = {20: 0.10, 100: 0.03}  # iteration -> error, Section 5: "about"
LABELS = DESCENTS | {"bold_driver": "bold driver (paper)"}
WIDTH, OTHER_DASHES = 1.1, "dashdot"
DASHES: dict[str, Any] = {"lbfgs": "solid", "bold_driver": (0, (4, 1.5)), "adam": (0, (1, 1.2))}
COLOURS = {"jtfs": style.INK, "scattering1d": style.ACCENT}
OTHER_COLOURS = (style.POINT, style.MUTED)
PANEL, HEAD, AXIS, FOOT = 2.5, 0.55, 0.42, 0.5  # inches
COLUMNS = 3
TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
NOTE = (
    "Error of the current sound: relative L2 distance of its coefficients, orders 0 to 2, from"
    " the original's; iteration 0 is the initial noise, one evaluation per iteration. Diamonds:"
    " the paper, JTFS by its bold driver on recordings of birds, about 10 % at 20 and 3 % at"
    " 100 iterations."
)
HISTORY_HEIGHT = 3.6  # inches
HISTORY_NOTE = (
    "Relative L2 error of the coefficients. Line: the current point; iteration 0 is the initial"
    " noise. Dots: trials whose step was undone. Diamonds: what the paper reports of its bird"
    " sounds (10 % after 20 iterations, 3 % after 100)."
)


def figure_error_curves(
    rows: Sequence[Row], *, stamp_line: str, lowest: float = 0.002, longest: int | None = None
) -> Figure:
    """Draw one panel per sound, from the histories of all resyntheses one after the other.

    ``lowest`` is the lower end of the axis of the error (it gives way to lower errors), ``longest``
    the iterations drawn. ValueError: there is no row, or a setting is out of its range.
    """
    if not rows:
        checks.fail("rows", [], "hold at least one history")
    checks.number("lowest", lowest, above=0, high=0.99, mistake="a share, not percent")
    last = max(int(row["iteration"]) for row in rows)
    last = last if longest is None else min(last, checks.integer("longest", longest, low=1))
    sounds = names(rows, "sound")
    n_columns = min(COLUMNS, len(sounds))
    n_rows = math.ceil(len(sounds) / n_columns)
    height = HEAD + n_rows * PANEL + AXIS + FOOT
    with style.page(height, stamp_line, NOTE) as (figure, foot):
        bottom = (foot + AXIS) / height
        panels = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
        figure.subplots_adjust(
            left=0.085, right=0.985, top=1 - HEAD / height, bottom=bottom, wspace=0.08, hspace=0.2
        )
        for axes in panels.ravel()[len(sounds) :]:
            axes.set_visible(False)
        for axes, sound in zip(panels.ravel(), sounds, strict=False):
            axes.set_title(sound)
            _panel(axes, [row for row in rows if row["sound"] == sound], last)
        _axes(panels, rows, lowest, last)
        _legend(figure, rows, height)
    return figure


def _percent(error: float, _: float) -> str:
    return f"{100 * error:g} %"


def _colour(representation: str, rows: Sequence[Row]) -> str:
    others = [name for name in names(rows, "representation") if name not in COLOURS]
    if representation in COLOURS:
        return COLOURS[representation]
    return OTHER_COLOURS[others.index(representation) % len(OTHER_COLOURS)]


def _panel(axes: Axes, rows: Sequence[Row], last: int) -> None:
    for representation in names(rows, "representation"):
        for descent in names(rows, "descent"):
            labels = {"representation": representation, "descent": descent}
            found = [row for row in rows if all(row[k] == v for k, v in labels.items())]
            found = [row for row in found if row["error"] and int(row["iteration"]) <= last]
            axes.plot(
                [int(row["iteration"]) for row in found],
                [float(row["error"]) for row in found],
                color=_colour(representation, rows),
                linestyle=DASHES.get(descent, OTHER_DASHES),
                linewidth=WIDTH,
            )
    for iteration, error in PAPER.items():
        if iteration <= last:
            axes.plot(iteration, error, "D", color="white", mec=style.INK, ms=4.5, zorder=4)


def _axes(panels: np.ndarray, rows: Sequence[Row], lowest: float, last: int) -> None:
    """Scale the shared axes; drawn errors set the range."""
    errors = [float(row["error"]) for row in rows if row["error"]]
    first = panels[0, 0]
    first.set_yscale("log")
    first.set_ylim(min(lowest, 0.8 * min(errors)), 1.25 * max(*errors, 1.0))
    first.yaxis.set_major_locator(FixedLocator(TICKS))
    first.yaxis.set_minor_locator(NullLocator())
    first.yaxis.set_major_formatter(_percent)
    first.set_xlim(0, last * 1.02)
    for axes in panels.ravel():
        axes.grid(axis="y", color=style.FAINT, linewidth=0.5)
        axes.set_axisbelow(True)
    for axes in panels[:, 0]:
        axes.set_ylabel("error")
    for column in panels.T:
        lowest_panel = [axes for axes in column if axes.get_visible()][-1]
        lowest_panel.set_xlabel("iteration")
        lowest_panel.tick_params(labelbottom=True)


def _handle(label: str, *, color: str = style.MUTED, linestyle: Any = "solid") -> Line2D:
    return Line2D([], [], label=label, color=color, linestyle=linestyle, linewidth=WIDTH)


def _legend(figure: Figure, rows: Sequence[Row], height: float) -> None:
    handles = [
        _handle(style.label(name), color=_colour(name, rows))
        for name in names(rows, "representation")
    ]
    handles += [
        _handle(LABELS.get(name, name), linestyle=DASHES.get(name, OTHER_DASHES))
        for name in names(rows, "descent")
    ]
    if max(int(row["iteration"]) for row in rows) >= min(PAPER):
        handles.append(
            Line2D([], [], label="paper", marker="D", ls="none", c="white", mec=style.INK, ms=4.5)
        )
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.075, 1 - 0.02 / height),
        ncols=len(handles),
        frameon=False,
        fontsize=7,
        handlelength=2.4,
        columnspacing=1.4,
    )


def figure_error_history(
    rows: Sequence[Row], *, stamp_line: str, highest_trial: float = 1.5
) -> Figure:
    """Draw the error of a resynthesis against the iteration.

    Trials above ``highest_trial`` times the error of the noise are drawn there. ValueError: there
    is no row, or ``highest_trial`` is not positive.
    """
    if not rows:
        checks.fail("rows", rows, "hold at least one row")
    checks.number("highest_trial", highest_trial, above=0)
    with style.page(HISTORY_HEIGHT, stamp_line, HISTORY_NOTE) as (figure, foot):
        bottom = (foot + AXIS) / HISTORY_HEIGHT
        axes = figure.subplots()
        figure.subplots_adjust(left=0.085, right=0.97, top=0.92, bottom=bottom)
        _curve(axes, rows)
        _trials(axes, rows, highest_trial)
        _marks(axes, rows)
        _dress(axes, rows)
    return figure


def _column(rows: Sequence[Row], name: str) -> np.ndarray:
    return np.array([float(row[name]) if row[name] != "" else np.nan for row in rows])


def _curve(axes: Axes, rows: Sequence[Row]) -> None:
    iterations, errors = _column(rows, "iteration"), _column(rows, "error")
    axes.plot(iterations, errors, color=style.INK, linewidth=1.4, zorder=2)
    best = int(np.argmin(errors))
    axes.plot(iterations[best], errors[best], "o", color=style.INK, markersize=4, clip_on=False)
    text = f"best: {100 * errors[best]:.3g} % at iteration {iterations[best]:g}"
    axes.set_title(text, loc="right", fontsize=8)


def _trials(axes: Axes, rows: Sequence[Row], highest: float) -> None:
    undone = [row for row in rows if row["accepted"] == "no" and row["trial_error"] != ""]
    if undone:
        top = highest * float(rows[0]["error"])
        trials = np.minimum(_column(undone, "trial_error"), top)
        axes.plot(_column(undone, "iteration"), trials, ".", color=style.POINT, markersize=4)


def _marks(axes: Axes, rows: Sequence[Row]) -> None:
    last = float(rows[-1]["iteration"])
    marks = {k: error for k, error in PAPER.items() if k <= last}
    if marks:
        look: dict[str, Any] = {"color": style.ACCENT, "markersize": 6, "zorder": 3}
        axes.plot([*marks], [*marks.values()], "D", **look)
        iteration, error = next(iter(marks.items()))
        place: dict[str, Any] = {"textcoords": "offset points", "fontsize": 7, "va": "center"}
        axes.annotate("paper", (iteration, error), (8, 0), color=style.ACCENT, **place)


def _dress(axes: Axes, rows: Sequence[Row]) -> None:
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    low = max((tick for tick in TICKS if tick <= low), default=low)  # the ticks at or beyond
    high = min((tick for tick in TICKS if tick >= high), default=high)
    axes.set_ylim(low, high)
    axes.set_yticks([tick for tick in TICKS if low <= tick <= high])
    axes.yaxis.set_major_formatter(_percent)
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.minorticks_off()
    axes.set_xlim(0, max(1.0, 1.02 * float(rows[-1]["iteration"])))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color=style.FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel("iteration (one transform of the estimate each)")
    axes.set_ylabel("error")
    row = rows[0]
    axes.set_title(f"{row['sound']}: {row['representation']}, {row['descent']}", loc="left")
