"""The error of one resynthesis by iteration, with the paper's two marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from jtfs_repro import checks
from jtfs_repro.plots import style

HEIGHT, LABELS = 3.6, 0.42  # inches; room for the ticks and label of the iterations
PAPER = {20: 0.10, 100: 0.03}  # iteration -> error, Section 5: "about"
NOTE = (
    "Relative L2 error of the coefficients. Line: the current point; iteration 0 is the initial"
    " noise. Dots: trials whose step was undone. Diamonds: what the paper reports of its bird"
    " sounds (10 % after 20 iterations, 3 % after 100)."
)
TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
Row = Mapping[str, Any]


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
    with style.page(HEIGHT, stamp_line, NOTE) as (figure, foot):
        bottom = (foot + LABELS) / HEIGHT
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
    low, high = _tick_beyond(low, up=False), _tick_beyond(high, up=True)
    axes.set_ylim(low, high)
    axes.set_yticks([tick for tick in TICKS if low <= tick <= high])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda error, _: f"{100 * error:g} %"))
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


def _tick_beyond(limit: float, *, up: bool) -> float:
    """Return the tick at or beyond an end of the axis."""
    if up:
        return min((tick for tick in TICKS if tick >= limit), default=limit)
    return max((tick for tick in TICKS if tick <= limit), default=limit)
