"""Table 2 as bars: recall of every class and their mean, by model, the paper's values beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from jtfs_repro import checks
from jtfs_repro.plots import style
from jtfs_repro.plots.classifiers import (
    LONGEST_TITLE,
    REAL,
    Row,
    class_label,
    data_note,
    group_word,
    model_label,
    names,
    not_run_note,
    number,
    why_not_run,
    write_clip_set,
)

COLUMNS = 3
PANEL_HEIGHT, LINE_HEIGHT, HEAD, LABELS = 0.36, 0.15, 0.5, 0.42  # inches
BAR = 0.62  # of the distance between models
OTHER_GREY = "#8a8a8a"


class Cell(Protocol):
    """A published mean and standard deviation, percent."""

    @property
    def mean(self) -> float: ...  # noqa: D102
    @property
    def sd(self) -> float: ...  # noqa: D102


Published = Mapping[str, Mapping[str, Cell]]


def figure_class_recalls(
    table: Sequence[Row],
    seeds: Sequence[Row],
    published: Published,
    *,
    stamp_line: str,
    is_interval_drawn: bool = True,
) -> Figure:
    """Draw one panel per class and one for the average, one bar per model.

    ``published`` maps a model to class or 'average' to the paper's mean and standard deviation,
    percent; empty where the classes are others. ValueError: there is no row.
    """
    if not table:
        checks.fail("table", [], "hold at least one model")
    models, quantities = names(table, "model"), _quantities(table[0])
    paper = "" if not published else "same" if table[0]["clip_set"] == REAL else "other"
    n_rows = -(-len(quantities) // COLUMNS)
    panels_height = n_rows * (PANEL_HEIGHT + LINE_HEIGHT * len(models))
    height = HEAD + panels_height + LABELS + 0.5
    with style.page(height, stamp_line, _note(table)) as (figure, foot):
        top, bottom = 1 - HEAD / height, (foot + LABELS) / height
        panels = figure.subplots(n_rows, COLUMNS, sharex=True, sharey=True, squeeze=False)
        figure.subplots_adjust(
            left=0.13, right=0.985, top=top, bottom=bottom, wspace=0.1, hspace=0.3
        )
        for axes, quantity in zip(panels.flat, quantities, strict=False):
            _frame(axes, quantity, models)
            for y, model in enumerate(models):
                _bar(axes, y, quantity.replace(" ", "_"), model, table, seeds)
                if model in published:
                    _paper(axes, y, published[model][quantity], is_other=paper == "other")
            if quantity == "average" and is_interval_drawn:
                _intervals(axes, table)
        for axes in panels.flat[len(quantities) :]:
            axes.set_axis_off()
            above = panels.flat[list(panels.flat).index(axes) - COLUMNS]
            above.tick_params(labelbottom=True)
        n_last = (len(quantities) - 1) % COLUMNS + 1
        panels[-1, 1 if n_last > 1 else 0].set_xlabel("test recall (%)")
        interval = f"95 % over {group_word(table[0]['clip_set'])}" if is_interval_drawn else ""
        _legend(figure, paper, interval)
        write_clip_set(figure, table)
    return figure


def _quantities(row: Row) -> list[str]:
    """Return the classes and 'average', in the order of the table's columns."""
    means = [name.removesuffix("_mean") for name in row if name.endswith("_mean")]
    return [name.replace("_", " ") for name in means if name != "accuracy"]


def _note(table: Sequence[Row]) -> str:
    row = max(table, key=lambda row: number(row["n_test_clips"] or "0"))
    size = ""
    if row["n_test_clips"]:
        groups = f"{row['n_test_songs']} {group_word(row['clip_set'])}"
        size = f" Test: {row['n_test_clips']} clips of {groups}."
    return f"{data_note(table)}{size}{not_run_note(table)}"


def _frame(axes: Axes, quantity: str, models: Sequence[str]) -> None:
    is_average = quantity == "average"
    title = "average of the classes" if is_average else class_label(quantity, LONGEST_TITLE)
    axes.set_title(title, fontweight="bold" if is_average else "normal", pad=3)
    axes.set_xlim(0, 103)
    axes.set_xticks(range(0, 101, 25))
    axes.set_ylim(len(models) - 0.45, -0.55)  # the first model on top
    axes.set_yticks(range(len(models)), labels=[model_label(m) for m in models])
    axes.tick_params(length=0)
    axes.grid(axis="x", color=style.FAINT, linewidth=0.5)
    axes.set_axisbelow(True)


def _bar(
    axes: Axes, y: int, column: str, model: str, table: Sequence[Row], seeds: Sequence[Row]
) -> None:
    (row,) = [row for row in table if row["model"] == model]
    if why_not_run(table, model):
        axes.text(2, y, "not run", color=style.MUTED, fontsize=6, va="center")
        return
    mean = number(row[f"{column}_mean"])
    axes.barh(y, mean, height=BAR, color=style.POINT, linewidth=0, zorder=2)
    values = [number(r[column]) for r in seeds if r["model"] == model and r[column]]
    axes.scatter(values, [y] * len(values), s=5, color=style.INK, linewidths=0, zorder=4)


def _paper_look(*, is_other: bool) -> dict[str, Any]:
    colour = OTHER_GREY if is_other else style.ACCENT
    fill = "white" if is_other else colour
    return {"color": colour, "marker": "D", "markersize": 3.4, "markerfacecolor": fill}


def _paper(axes: Axes, y: int, cell: Cell, *, is_other: bool) -> None:
    """Draw the paper's mean and standard deviation at the lower edge of the bar."""
    look = _paper_look(is_other=is_other)
    place = {"xerr": cell.sd, "elinewidth": 0.8, "markeredgewidth": 0.8, "zorder": 5}
    axes.errorbar(cell.mean, y + BAR / 2, **place, **look)


def _intervals(axes: Axes, table: Sequence[Row]) -> None:
    for y, row in enumerate(table):
        low, high = number(row["average_low"]), number(row["average_high"])
        axes.plot([low, high], [y - 0.17] * 2, color=style.INK, linewidth=0.9, zorder=3)


def _legend(figure: Figure, paper: str, interval: str) -> None:
    dot = {"color": style.INK, "marker": "o", "linestyle": "none", "markersize": 2.5}
    entries: dict[str, Any] = {
        "ours, mean over seeds": Patch(color=style.POINT, linewidth=0),
        "one seed": Line2D([], [], **dot),
    }
    if interval:
        entries[interval] = Line2D([], [], color=style.INK, linewidth=0.9)
    if paper:
        label = {"same": "mean ± sd", "other": "Medley-solos-DB (other data)"}[paper]
        look = _paper_look(is_other=paper == "other")
        entries[f"paper, {label}"] = Line2D([], [], linewidth=0.8, markeredgewidth=0.8, **look)
    place = {"loc": "upper center", "ncols": len(entries), "frameon": False, "fontsize": 7}
    figure.legend(list(entries.values()), list(entries), **place)
