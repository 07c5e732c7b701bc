"""Confusion matrices, one per model: which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, ListedColormap, Normalize
from matplotlib.figure import Figure

from jtfs_repro import checks
from jtfs_repro.plots import style
from jtfs_repro.plots.classifiers import (
    Row,
    class_label,
    data_note,
    model_label,
    names,
    why_not_run,
    write_clip_set,
)

COLUMNS = 2
PANEL_HEIGHT, TITLE, HEAD, LABELS = 2.85, 0.3, 0.72, 0.56  # inches
NOTE = "Rows: true class. Columns: predicted class. Number: test clips, summed over seeds."
WIDE = 9  # characters of a label for which the margins do
DARK = 0.65  # share from which the numbers are white


def figure_confusion(rows: Sequence[Row], *, stamp_line: str, number_size: float = 5.8) -> Figure:
    """Draw the matrices of all models from the rows of `Table2.confusion`, as text.

    ``number_size`` is that of the counts in points; counts of five digits need at most 6.
    ValueError: there is no row, a matrix is not complete, or the size is out of its range.
    """
    if not rows:
        checks.fail("rows", [], "hold at least one model")
    checks.number("number_size", number_size, low=3, high=8, mistake="points")
    models, classes = names(rows, "model"), names(rows, "true")
    n_rows = -(-len(models) // COLUMNS)
    height = HEAD + n_rows * (PANEL_HEIGHT + TITLE) + LABELS + 0.3
    with style.page(height, stamp_line, f"{NOTE} {data_note(rows)}") as (figure, foot):
        top, bottom = 1 - HEAD / height, (foot + LABELS) / height
        panels = figure.subplots(n_rows, COLUMNS, squeeze=False)
        is_wide = any(len(class_label(name)) > WIDE for name in classes)
        figure.subplots_adjust(
            left=0.135 if is_wide else 0.1,
            right=0.985,
            top=top,
            bottom=bottom,
            wspace=0.31 if is_wide else 0.2,
            hspace=0.16,
        )
        for axes, model in zip(panels.flat, models, strict=False):
            axes.set_title(model_label(model), pad=4)
            _panel(axes, [row for row in rows if row["model"] == model], classes, number_size)
        for axes in panels.flat[len(models) :]:
            axes.set_axis_off()
        _name_columns(panels, len(models), classes)
        _colour_bar(figure)
        write_clip_set(figure, rows)
    return figure


def paper_to_blue() -> Colormap:
    """Return white to dark blue: even steps, dark enough for white numbers at the end."""
    return ListedColormap(colormaps["Blues"](np.linspace(0, 0.92, 256)), name="paper_to_blue")


def _panel(axes: Axes, rows: Sequence[Row], classes: Sequence[str], size: float) -> None:
    n = max(1, len(classes))  # where nothing ran, no class is known
    axes.set(xlim=(-0.5, n - 0.5), ylim=(n - 0.5, -0.5), xticks=range(n), yticks=[])
    axes.tick_params(length=0, pad=2, labelbottom=False)
    axes.spines[["top", "right"]].set_visible(True)
    why = why_not_run(rows, rows[0]["model"])
    if why:
        style.say_not_run(axes, why, width=40)
        return
    counts, shares = _matrix(rows, classes, "count"), _matrix(rows, classes, "share_of_true")
    axes.imshow(shares, cmap=paper_to_blue(), vmin=0, vmax=1, aspect="auto")
    for i, j in np.argwhere(counts > 0):
        colour = "white" if shares[i, j] > DARK else style.INK
        place = {"ha": "center", "va": "center", "fontsize": size, "color": colour}
        axes.text(j, i, f"{counts[i, j]:.0f}", **place)
    axes.set_yticks(range(n), labels=[class_label(name) for name in classes])


def _matrix(rows: Sequence[Row], classes: Sequence[str], column: str) -> np.ndarray:
    """Return a column as a matrix [shape=(n_classes, n_classes)], blanks as 0."""
    found = {(row["true"], row["predicted"]): float(row[column] or 0) for row in rows}
    pairs = [(a, b) for a in classes for b in classes]
    lacking = next((pair for pair in pairs if pair not in found), None)
    if lacking or len(found) != len(rows):
        rule = "hold every pair of classes once"
        checks.fail("rows", f"{rows[0]['model']}: {len(rows)} rows", rule, f"lacks {lacking}")
    return np.reshape([found[pair] for pair in pairs], (len(classes), len(classes)))


def _name_columns(panels: np.ndarray, n_models: int, classes: Sequence[str]) -> None:
    """Write the predicted classes below the lowest panel of each column."""
    labels = [class_label(name) for name in classes]
    for axes in panels.flat[max(0, n_models - COLUMNS) : n_models]:
        axes.tick_params(labelbottom=True)
        axes.set_xticks(range(len(classes)), labels=labels, rotation=40, ha="right")
        for label in axes.get_xticklabels():
            label.set_rotation_mode("anchor")


def _colour_bar(figure: Figure) -> None:
    height = figure.get_figheight()
    axes = figure.add_axes((0.36, 1 - 0.3 / height, 0.3, 0.09 / height))
    colours = ScalarMappable(Normalize(0, 1), paper_to_blue())
    bar = figure.colorbar(colours, cax=axes, orientation="horizontal", ticks=[0, 0.5, 1])
    bar.ax.set_xticklabels(["0", "50", "100 %"])
    axes.tick_params(length=2, pad=1.5)
    axes.set_title("share of the true class", fontsize=7.5, pad=2)
