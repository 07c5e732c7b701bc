"""Class weights of the loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from jtfs_repro import checks

RULES = ("training_by_id", "all_by_appearance")


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
        supports = _supports(check_labels("appearance", appearance, n_classes), n_classes)
        labels = np.asarray(appearance)
        first = np.unique(labels, return_index=True)[1]
        supports = supports[labels[np.sort(first)]]
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
