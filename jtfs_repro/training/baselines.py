"""Classifiers without a network: multinomial logistic regression, and an SVM with RBF kernel.

Features are standardised by the training clips. The strength of the penalty (and the width of the
kernel) is chosen on the validation clips. Everything is deterministic: seeds make no difference.
"""

from __future__ import annotations

import itertools
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from jtfs_repro import checks
from jtfs_repro.devices import peak_memory_bytes
from jtfs_repro.training.loss import check_labels
from jtfs_repro.training.selection import SELECTIONS, score

CLASS_WEIGHTS = ("balanced", None)
LINEAR_CS = tuple(10.0**k for k in range(-6, 2))
SVM_CS = (0.1, 1.0, 10.0, 100.0)
SVM_GAMMAS = (0.1, 0.3, 1.0, 3.0)  # times 1 / number of features


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """Predictions of a classifier and how it was chosen.

    Decision values [shape=(n, n_classes)], float32: the largest is the prediction. ``chosen`` holds
    ``C``, ``gamma`` of an SVM and ``validation_score``, ``tried`` the same for all that was tried;
    ``n_parameters`` counts coefficients, or support vectors and their weights.
    """

    validation_logits: np.ndarray
    test_logits: np.ndarray
    chosen: dict[str, float]
    tried: list[dict[str, float]]
    n_parameters: int
    cost: dict[str, Any]


def fit_linear(
    X_train: np.ndarray,
    y_train: np.ndarray,
    X_validation: np.ndarray,
    y_validation: np.ndarray,
    X_test: np.ndarray,
    *,
    n_classes: int,
    Cs: Sequence[float] = LINEAR_CS,
    class_weight: str | None = "balanced",
    selection: str = "accuracy",
    max_iter: int = 2000,
) -> Baseline:
    r"""Fit multinomial logistic regression, C chosen on the validation clips.

    .. math:: \min_W \tfrac12 \|W\|^2 + C \sum_i w_{y_i} \ell(W x_i + b, y_i)

    by L-BFGS: smooth and convex with a penalty, hence one solution also where features outnumber
    clips. Features [shape=(n, D)], labels in [0, n_classes). ValueError, TypeError: shapes
    disagree, a feature is not finite, a class has no training clip, or a setting is out of range.

    Parameters
    ----------
    Cs : sequence of float > 0; tried in ascending order; ties in the validation score: the smallest
    class_weight : {'balanced', None}; 'balanced' weights a clip by n / (n_classes N_k)
    max_iter : int >= 1; steps of L-BFGS; a fit that needs more is taken as it is
    """
    data = _Data.of((X_train, X_validation, X_test), (y_train, y_validation), n_classes)
    checks.integer("max_iter", max_iter, low=1)
    _check_choice(class_weight, selection)

    def fit(C: float, gamma: float) -> LogisticRegression:
        return LogisticRegression(C=C, class_weight=class_weight, max_iter=max_iter)

    def size(model: LogisticRegression) -> int:
        return n_classes * (data.train.shape[1] + 1)

    return _choose(data.rotated(), fit, size, _grid("Cs", Cs), [0.0], selection)


def fit_svm(
    X_train: np.ndarray,
    y_train: np.ndarray,
    X_validation: np.ndarray,
    y_validation: np.ndarray,
    X_test: np.ndarray,
    *,
    n_classes: int,
    Cs: Sequence[float] = SVM_CS,
    gammas: Sequence[float] = SVM_GAMMAS,
    class_weight: str | None = "balanced",
    selection: str = "accuracy",
) -> Baseline:
    r"""Fit a support vector machine with kernel :math:`e^{-g \|x - y\|^2 / D}`; see `fit_linear`.

    Ties in the validation score: the smallest C, then the smallest g. Logits are one-versus-rest
    values made from the one-versus-one decisions.
    """
    data = _Data.of((X_train, X_validation, X_test), (y_train, y_validation), n_classes)
    _check_choice(class_weight, selection)
    dimension = data.train.shape[1]

    def fit(C: float, gamma: float) -> SVC:
        return SVC(C=C, gamma=gamma / dimension, class_weight=class_weight)

    def size(model: SVC) -> int:
        return model.support_vectors_.size + model.dual_coef_.size + model.intercept_.size

    return _choose(data, fit, size, _grid("Cs", Cs), _grid("gammas", gammas), selection)


@dataclass(frozen=True, kw_only=True)
class _Data:
    """Checked and standardised features, with their labels."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    train_labels: np.ndarray
    validation_labels: np.ndarray

    @classmethod
    def of(
        cls,
        features: tuple[np.ndarray, np.ndarray, np.ndarray],
        labels: tuple[np.ndarray, np.ndarray],
        n_classes: int,
    ) -> _Data:
        """Check features of training, validation and test and labels of the first two."""
        checks.integer("n_classes", n_classes, low=2)
        for name, array in zip(("X_train", "X_validation", "X_test"), features, strict=True):
            _check_features(name, array, features[0].shape[-1])
        names = ("y_train", "y_validation")
        for name, values, array in zip(names, labels, features[:2], strict=True):
            check_labels(name, values, n_classes)
            if len(values) != len(array):
                checks.fail(f"len({name})", len(values), f"be {len(array)}, the number of clips")
        missing = sorted(set(range(n_classes)) - set(labels[0].tolist()))
        if missing:
            checks.fail("classes without a training clip", missing, "be none")
        scaler = StandardScaler().fit(features[0].astype(np.float64))
        train, validation, test = (
            np.asarray(scaler.transform(part.astype(np.float64))) for part in features
        )
        return cls(
            train=train,
            validation=validation,
            test=test,
            train_labels=labels[0],
            validation_labels=labels[1],
        )

    def rotated(self) -> _Data:
        """Return coordinates in the span of the training clips, if there are more features.

        A penalised linear solution lies in that span, so that it is the same in fewer numbers.
        """
        n, dimension = self.train.shape
        if dimension <= n:
            return self
        basis = np.linalg.qr(self.train.T)[0]
        parts = {k: getattr(self, k) @ basis for k in ("train", "validation", "test")}
        return replace(self, **parts)


def _check_features(name: str, array: np.ndarray, dimension: int) -> None:
    if array.ndim != 2 or array.shape[1] != dimension or 0 in array.shape:
        checks.fail(f"{name}.shape", array.shape, "be (n, D) with one D >= 1 for all")
    if not np.isfinite(array).all():
        checks.fail(name, "NaN or Inf", "be finite", "a broken clip?")


def _check_choice(class_weight: str | None, selection: str) -> None:
    checks.choice("class_weight", class_weight, CLASS_WEIGHTS)
    checks.choice("selection", selection, SELECTIONS)


def _grid(name: str, values: Sequence[float]) -> list[float]:
    if not values:
        checks.fail(name, values, "hold at least one number")
    return sorted(checks.number(name, value, above=0) for value in values)


def _choose(
    data: _Data,
    make: Callable[[float, float], Any],
    size: Callable[[Any], int],
    Cs: list[float],
    gammas: list[float],
    selection: str,
) -> Baseline:
    """Fit every pair; keep the first with the best validation score."""
    start = time.perf_counter()
    tried: list[dict[str, float]] = []
    best: Any = None
    for C, gamma in itertools.product(Cs, gammas):
        model = make(C, gamma)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # see max_iter
            model.fit(data.train, data.train_labels)
        value = score(selection, _scores(model, data.validation), data.validation_labels)
        if not tried or value > max(row["validation_score"] for row in tried):
            best = model, len(tried)
        pair = {"C": C, "gamma": gamma} if gammas != [0.0] else {"C": C}
        tried.append({**pair, "validation_score": value})
    seconds = time.perf_counter() - start
    model, index = best
    return Baseline(
        validation_logits=_scores(model, data.validation),
        test_logits=_scores(model, data.test),
        chosen=tried[index],
        tried=tried,
        n_parameters=int(size(model)),
        cost={
            "seconds_training": seconds,
            "n_steps": 0,
            "clips_per_second": len(data.train) * len(tried) / seconds,
            "peak_memory_bytes": peak_memory_bytes("cpu"),
            "device": "cpu",
        },
    )


def _scores(model: Any, X: np.ndarray) -> np.ndarray:
    """Return decision values [shape=(n, n_classes)], float32; two classes give one value."""
    values = model.decision_function(X)
    if values.ndim == 1:
        values = np.stack([-values, values], axis=1)
    return values.astype(np.float32)
