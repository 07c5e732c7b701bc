"""Model selection: scores of the validation clips, candidate epochs, ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

SELECTIONS = ("accuracy", "macro_recall")


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of clips whose largest logit (ties: lowest id) is that of their class."""
    return float(np.mean(logits.argmax(axis=1) == labels))


def macro_recall(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean recall of the classes that have clips."""
    is_hit = logits.argmax(axis=1) == labels
    return float(np.mean([is_hit[labels == k].mean() for k in np.unique(labels)]))


def score(selection: str, logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the score of one of `SELECTIONS`, in [0, 1]."""
    return {"accuracy": accuracy, "macro_recall": macro_recall}[selection](logits, labels)


def best_epoch(history: Sequence[Mapping[str, Any]], *, selection: str) -> int:
    """Return the candidate with the best validation score; ties: the earliest. -1 if none.

    Examples
    --------
    >>> rows = [{"epoch": e, "is_candidate": c, "validation_accuracy": a}
    ...         for e, c, a in ((0, "no", 0.9), (1, "yes", 0.7), (2, "yes", 0.7))]
    >>> best_epoch(rows, selection="accuracy")
    1
    """
    candidates = [row for row in history if row["is_candidate"] == "yes"]
    # ASSUME: ties go to the earliest epoch; max() keeps the first
    best = max(candidates, key=lambda row: row[f"validation_{selection}"], default=None)
    return -1 if best is None else int(best["epoch"])
