"""Interactive plots of Section 4: recalls, learning curves, confusion matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from jtfs_repro.plots.classifiers import data_note, model_label, names
from jtfs_repro.site.contents import Contents, Row
from jtfs_repro.site.folder import Folder

TABLES = ("instruments/table2.csv", "instruments/learning_curves.csv", "instruments/confusion.csv")
METRICS = {
    "validation_macro_recall": "validation recall, mean of classes",
    "validation_loss": "validation loss",
    "train_loss": "training loss",
}
_AVERAGES = ("average", "accuracy")


def has_instruments(contents: Contents) -> bool:
    """Return whether any table of Section 4 was given."""
    return any(table.entry.key in TABLES for table in contents.tables)


def instruments_page(contents: Contents, folder: Folder) -> dict[str, Any]:
    """Write ``data/instruments.js``; return what the template shows."""
    table2, curves, confusion = (contents.rows(key) for key in TABLES)
    given = table2 or curves or confusion
    data = {
        "recalls": _recalls(table2),
        "curves": _curves(curves),
        "metrics": METRICS,
        "matrices": _matrices(confusion),
    }
    folder.write_data("instruments", data)
    return data | {"note": data_note(given) if given else ""}


def _ran(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.get("status") == "run"]


def _recalls(table: Sequence[Row]) -> dict[str, Any]:
    rows = _ran(table)
    columns = (
        [name.removesuffix("_mean") for name in rows[0] if name.endswith("_mean")] if rows else []
    )
    classes = [name for name in columns if name not in _AVERAGES] + ["average"] * bool(rows)
    models = [
        {
            "label": model_label(row["model"]),
            "mean": [number(row[f"{name}_mean"]) for name in classes],
            "low": [number(row[f"{name}_low"]) for name in classes],
            "high": [number(row[f"{name}_high"]) for name in classes],
        }
        for row in rows
    ]
    absent = [
        {"label": model_label(row["model"]), "why": row["status"]}
        for row in table
        if row.get("status") != "run"
    ]
    return {"classes": [c.replace("_", " ") for c in classes], "models": models, "absent": absent}


def _curves(table: Sequence[Row]) -> list[dict[str, Any]]:
    rows = [row for row in _ran(table) if row["epoch"]]
    keys = list(dict.fromkeys((row["model"], row["seed"]) for row in rows))
    return [_curve([r for r in rows if (r["model"], r["seed"]) == key]) for key in keys]


def _curve(rows: list[Row]) -> dict[str, Any]:
    return {
        "model": model_label(rows[0]["model"]),
        "seed": rows[0]["seed"],
        "epoch": [number(row["epoch"]) for row in rows],
        "best": [row["is_best"] == "yes" for row in rows],
        **{metric: [number(row[metric]) for row in rows] for metric in METRICS},
    }


def _matrices(table: Sequence[Row]) -> list[dict[str, Any]]:
    rows = _ran(table)
    return [_matrix([r for r in rows if r["model"] == m], m) for m in names(rows, "model")]


def _matrix(rows: list[Row], model: str) -> dict[str, Any]:
    classes = names(rows, "true")
    counts = {(row["true"], row["predicted"]): row for row in rows}

    def grid(column: str) -> list[list[float | None]]:
        return [[number(counts[t, p][column]) for p in classes] for t in classes]

    return {
        "label": model_label(model),
        "classes": classes,
        "count": grid("count"),
        "share": grid("share_of_true"),
    }


def number(text: str) -> float | None:
    """Return a cell as a number that JSON can hold, None where it is empty or not finite."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
