"""Model selection: scores of the validation clips, candidate epochs, ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

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


def weighted_loss(logits: Tensor, labels: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    r"""Return numerator and denominator of the weighted cross-entropy; logits [shape=(B, classes)].

    .. math:: L = \frac{\sum_i w_{y_i} \ell_i}{\sum_i w_{y_i}}, \qquad
              \ell_i = -\log \mathrm{softmax}(x_i)_{y_i}
    """
    total = functional.cross_entropy(logits, labels, weight=weights, reduction="sum")
    return total, weights[labels].sum()


def mean_loss(logits: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> float:
    """Return the weighted cross-entropy of many clips at once, in float64."""
    tensors = (torch.from_numpy(logits).double(), torch.from_numpy(labels))
    total, weight = weighted_loss(*tensors, torch.from_numpy(weights).double())
    return float(total / weight)


def is_candidate(epoch: int, *, epochs: int, last_epochs: int) -> bool:
    """Return whether the epoch (from 0) is among the last ``last_epochs`` of ``epochs``."""
    return epoch >= epochs - last_epochs


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
