"""Interactive plots of instruments: recalls, learning curves, confusion matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from jtfs_repro.plots.classifiers import data_note, model_label, names
from jtfs_repro.site.contents import Contents, Row
from jtfs_repro.site.folder import Folder
from jtfs_repro.tables import RUN

TABLES = ("instruments/table2.csv", "instruments/learning_curves.csv", "instruments/confusion.csv")
METRICS = {
    "validation_macro_recall": "validation recall, mean of classes",
    "validation_loss": "validation loss",
    "train_loss": "training loss",
}
_AVERAGES = ("average", "accuracy")
_PARTS = ("mean", "low", "high")


def has_instruments(contents: Contents) -> bool:
    """Return whether any table of them was given."""
    return any(table.entry.key in TABLES for table in contents.tables)


def instruments_page(contents: Contents, folder: Folder) -> dict[str, Any]:
    """Write ``data/instruments.js``; return what the template shows."""
    table2, curves, confusion = (contents.rows(key) for key in TABLES)
    given = table2 or curves or confusion
    data = {
        "recalls": _recalls(table2),
        "curves": _curves(_ran(curves)),
        "metrics": METRICS,
        "matrices": [_matrix(_ran(confusion), model) for model in names(_ran(confusion), "model")],
    }
    folder.write_data("instruments", data)
    return data | {"note": data_note(given) if given else ""}


def _ran(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.get("status") == RUN]


def _recalls(table: Sequence[Row]) -> dict[str, Any]:
    rows = _ran(table)
    columns = [name.removesuffix("_mean") for name in (rows or [{}])[0] if name.endswith("_mean")]
    classes = [name for name in columns if name not in _AVERAGES] + ["average"] * bool(rows)
    models = [
        {
            "label": model_label(row["model"]),
            **{part: [number(row[f"{c}_{part}"]) for c in classes] for part in _PARTS},
        }
        for row in rows
    ]
    absent = [
        {"label": model_label(row["model"]), "why": row["status"]}
        for row in table
        if row.get("status") != RUN
    ]
    return {"classes": [c.replace("_", " ") for c in classes], "models": models, "absent": absent}


def _curves(ran: Sequence[Row]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in ran:
        if row["epoch"]:
            groups.setdefault((row["model"], row["seed"]), []).append(row)
    return [
        {
            "model": model_label(model),
            "seed": seed,
            "epoch": [number(row["epoch"]) for row in rows],
            "best": [row["is_best"] == "yes" for row in rows],
            **{metric: [number(row[metric]) for row in rows] for metric in METRICS},
        }
        for (model, seed), rows in groups.items()
    ]


def _matrix(ran: Sequence[Row], model: str) -> dict[str, Any]:
    rows = [row for row in ran if row["model"] == model]
    classes = names(rows, "true")
    found = {(row["true"], row["predicted"]): row for row in rows}
    count, share = (
        [[number(found[true, predicted][column]) for predicted in classes] for true in classes]
        for column in ("count", "share_of_true")
    )
    return {"label": model_label(model), "classes": classes, "count": count, "share": share}


def number(text: str) -> float | None:
    """Return a cell as a number that JSON can hold, None where it is empty or not finite."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
