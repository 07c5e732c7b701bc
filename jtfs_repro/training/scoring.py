"""Class weights, the weighted cross-entropy, and the scores by which an epoch is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from jtfs_repro import checks

RULES = ("training_by_id", "all_by_appearance")
SELECTIONS = ("accuracy", "macro_recall")


def class_weights(
    training: Any, *, n_classes: int, rule: str = "training_by_id", appearance: Any = None
) -> np.ndarray:
    r"""Return the weights ``w_k = max_j N_j / N_k`` of the classes, N counting clips.

    ``training`` holds the labels of the training clips. By the rule 'training_by_id' N_k is the
    number of training clips with id k; by 'all_by_appearance', as the original code has it, the
    number of clips of all subsets that belong to the k-th class to appear in ``appearance`` (labels
    of all subsets in the order of the original's listing), so that weights go to wrong classes
    unless they appear by id. Result: ndarray [shape=(n_classes,)], float64; 1 for the largest
    class. ValueError: the rule is unknown, a label is out of range, or a class has no clip.
    Reference: section 4.4 of the paper, "weighted cross-entropy".

    Examples
    --------
    >>> class_weights([0, 0, 1], n_classes=2)
    array([1., 2.])
    >>> class_weights([0, 0, 1], n_classes=2, rule="all_by_appearance", appearance=[1, 0, 0])
    array([2., 1.])
    """
    checks.choice("class_weights", rule, RULES)
    if rule == "all_by_appearance":
        if appearance is None:
            checks.fail("appearance", None, f"be given for class_weights={rule!r}")
        labels = check_labels("appearance", appearance, n_classes)
        first = np.unique(labels, return_index=True)[1]
        supports = _supports(labels, n_classes)[labels[np.sort(first)]]
    else:
        supports = _supports(check_labels("training.labels", training, n_classes), n_classes)
    return supports.max() / supports


def check_labels(name: str, labels: Any, n_classes: int) -> np.ndarray:
    """Return labels as int64 array; they must be ids in ``[0, n_classes)``, at least one."""
    array = np.asarray(labels)
    if array.ndim != 1 or len(array) == 0 or array.dtype.kind not in "iu":
        found = f"{array.dtype} {array.shape}"
        checks.fail(name, found, "be integers of shape (n,), n >= 1", "an empty subset?")
    for bound in (array.min(), array.max()):
        if not 0 <= bound < n_classes:
            checks.fail(name, int(bound), f"be in [0, {n_classes})", "ids count from 0")
    return array.astype(np.int64)


def _supports(labels: np.ndarray, n_classes: int) -> np.ndarray:
    supports = np.bincount(labels, minlength=n_classes)
    if not supports.all():
        missing = np.flatnonzero(supports == 0).tolist()
        checks.fail("classes without a clip", missing, "be none", "an incomplete training set?")
    return supports


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
