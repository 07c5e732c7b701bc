"""Learning curves: loss, validation accuracy and learning rate by epoch, a column per model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jtfs_repro import checks
from jtfs_repro.plots import style
from jtfs_repro.plots.classifiers import (
    Row,
    data_note,
    model_label,
    names,
    number,
    why_not_run,
    write_clip_set,
)

HEIGHT, LABELS, HEAD = 4.9, 0.42, 0.5  # inches
ROWS = (  # label of the axis, columns drawn in it
    ("loss", ("train_loss", "validation_loss")),
    ("validation accuracy (%)", ("validation_accuracy",)),
    ("learning rate", ("lr",)),
)
COLOURS = {"train_loss": style.POINT, "validation_loss": style.ACCENT}
NOTE = "One line per seed. Circle: the chosen epoch. Grey band: the epochs that could be chosen."
LOWEST_LR = 1e-7  # the floor of the schedule, 1e-11, would squeeze the rest


def figure_learning_curves(
    rows: Sequence[Row], *, stamp_line: str, lowest_lr: float = LOWEST_LR
) -> Figure:
    """Draw the histories of all models that have epochs.

    ``lowest_lr`` is the lower end of the axis of the learning rate. ValueError: there is no row, or
    ``lowest_lr`` is not positive.
    """
    if not rows:
        checks.fail("rows", [], "hold at least one model")
    checks.number("lowest_lr", lowest_lr, above=0)
    models = [m for m in names(rows, "model") if why_not_run(rows, m) or _epochs(rows, m)]
    models = models or names(rows, "model")
    with style.page(HEIGHT, stamp_line, f"{NOTE} {data_note(rows)}") as (figure, foot):
        top, bottom = 1 - HEAD / HEIGHT, (foot + LABELS) / HEIGHT
        panels = figure.subplots(
            len(ROWS),
            len(models),
            sharex="col",
            sharey="row",
            squeeze=False,
            height_ratios=[2, 2, 1],
        )
        figure.subplots_adjust(
            left=0.085, right=0.985, top=top, bottom=bottom, wspace=0.08, hspace=0.12
        )
        for column, model in zip(panels.T, models, strict=True):
            column[0].set_title(model_label(model))
            _column(column, rows, model, len(models))
        _axes(panels, lowest_lr)
        _legend(figure)
        write_clip_set(figure, rows)
    return figure


def _epochs(rows: Sequence[Row], model: str) -> list[Row]:
    return [row for row in rows if row["model"] == model and row["epoch"]]


def _column(panels: Sequence[Axes], rows: Sequence[Row], model: str, n_models: int) -> None:
    found = _epochs(rows, model)
    if not found:
        why = why_not_run(rows, model) or "has no epochs; nothing to do"
        style.say_not_run(panels[0], why, width=100 // n_models)
        panels[-1].tick_params(axis="x", length=0, labelbottom=False)
        return
    for seed in names(found, "seed"):
        history = [row for row in found if row["seed"] == seed]
        for axes, (_, columns) in zip(panels, ROWS, strict=True):
            for name in columns:
                _line(axes, history, name)
    candidates = [number(row["epoch"]) for row in found if row["is_candidate"] == "yes"]
    if candidates:
        ends = (min(candidates) - 0.5, max(candidates) + 0.5)
        for axes in panels:
            axes.axvspan(*ends, color="#f1f1f1", linewidth=0, zorder=0)


def _line(axes: Axes, history: Sequence[Row], name: str) -> None:
    factor = 100 if name == "validation_accuracy" else 1
    epochs = np.array([number(row["epoch"]) for row in history])
    values = factor * np.array([number(row[name]) for row in history])
    is_best = np.array([row["is_best"] == "yes" for row in history])
    colour = COLOURS.get(name, style.INK)
    marker = "." if len(epochs) == 1 else ""  # a line of one epoch would not show
    look = {"color": colour, "linewidth": 0.8, "marker": marker, "alpha": 0.85, "zorder": 2}
    axes.plot(epochs, values, **look)
    if name.startswith("validation"):
        ring = {"s": 14, "facecolors": "white", "edgecolors": colour, "linewidths": 1, "zorder": 3}
        axes.scatter(epochs[is_best], values[is_best], **ring)


def _axes(panels: np.ndarray, lowest_lr: float) -> None:
    for (label, _), row in zip(ROWS, panels, strict=True):
        row[0].set_ylabel(label)
        for axes in row:
            axes.grid(axis="y", color=style.FAINT, linewidth=0.5)
            axes.set_axisbelow(True)
        for axes in row[1:]:
            axes.tick_params(axis="y", which="both", length=0)
    panels[0, 0].set_ylim(bottom=0)
    for axes in panels[:-1].flat:
        axes.tick_params(axis="x", length=0)
    for axes in panels[-1]:
        axes.set_yscale("log")
        axes.set_ylim(bottom=lowest_lr)
        if axes.lines:
            axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)


def _legend(figure: Figure) -> None:
    texts = {"train_loss": "training loss", "validation_loss": "validation loss"}
    lines = [Line2D([], [], color=COLOURS[name], linewidth=1.2) for name in texts]
    place = {"loc": "upper center", "ncols": 2, "frameon": False, "fontsize": 7}
    figure.legend(lines, list(texts.values()), **place)
