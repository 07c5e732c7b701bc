"""The histories of all trainings in one table."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jtfs_repro import checks
from jtfs_repro.provenance import Stamp
from jtfs_repro.studies.instruments.predictions import Prediction

HISTORY = (
    "epoch",
    "step",
    "lr",
    "train_loss",
    "validation_loss",
    "validation_accuracy",
    "validation_macro_recall",
    "is_candidate",
    "is_best",
)
Row = dict[str, Any]
Histories = Mapping[tuple[str, int], Sequence[Mapping[str, Any]]]


def history_key(path: str | os.PathLike[str]) -> tuple[str, int]:
    """Return (model, seed) of a path ``.../<model>/seed-<k>.csv``; ValueError for another.

    Examples
    --------
    >>> history_key("results/demo/soundfont_solos/predictions/jtfs/seed-2.csv")
    ('jtfs', 2)
    """
    match = re.fullmatch(r"seed-(\d+)\.csv", Path(path).name)
    if match is None:
        checks.fail("histories", os.fspath(path), "be named <model>/seed-<k>.csv")
    return Path(path).parent.name, int(match[1])


def learning_curves(
    predictions: Sequence[Prediction], histories: Histories, *, stamp: Stamp, clip_set: str
) -> list[Row]:
    """Stack the histories of all models and seeds; accuracies and recalls in [0, 1].

    A model that has no epochs (a support vector machine) or did not run has one row without
    numbers. ValueError: a network that was trained has no history, or a history lacks a column.
    """
    rows: list[Row] = []
    for prediction in predictions:
        tail = {"clip_set": clip_set, "status": prediction.status, **stamp.as_dict()}
        name = {"model": prediction.model, "seed": prediction.seed}
        rows += [{**name, **cells, **tail} for cells in _history(prediction, histories)]
    return rows


def _history(prediction: Prediction, histories: Histories) -> list[Row]:
    found = histories.get((prediction.model, prediction.seed), ())
    if prediction.not_run or prediction.best_epoch < 0:
        return [dict.fromkeys(HISTORY)]
    if not found:
        trained = f"{prediction.model} seed {prediction.seed}"
        checks.fail("histories", sorted(histories), f"hold {trained}", "give its seed-<k>.csv")
    lacking = [name for name in HISTORY if name not in found[0]]
    if lacking:
        checks.fail("history", list(found[0]), f"have the column {lacking[0]}", "another file?")
    return [{name: row[name] for name in HISTORY} for row in found]
