"""Classifiers without a network: multinomial logistic regression, and an SVM with RBF kernel.

Features are standardised by the training clips. The strength of the penalty (and the width of the
kernel) is chosen on the validation clips. Everything is deterministic: seeds make no difference.
"""

from __future__ import annotations

import itertools
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jtfs_repro import checks
from jtfs_repro.devices import peak_memory_bytes
from jtfs_repro.training.scoring import SELECTIONS, check_labels, score

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
    selection : {'accuracy', 'macro_recall'}; validation score by which C is chosen
    max_iter : int >= 1; steps of L-BFGS; a fit that needs more is taken as it is
    """
    from sklearn.linear_model import LogisticRegression  # slow to import, as are those below

    labels = (y_train, y_validation)
    X = _standardised((X_train, X_validation, X_test), labels, n_classes)
    checks.integer("max_iter", max_iter, low=1)
    models = [
        ({"C": C}, LogisticRegression(C=C, class_weight=class_weight, max_iter=max_iter))
        for C in _grid("Cs", Cs)
    ]
    n_parameters = n_classes * (X[0].shape[1] + 1)
    return _choose(models, _rotated(X), labels, lambda _: n_parameters, class_weight, selection)


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
    from sklearn.svm import SVC

    labels = (y_train, y_validation)
    X = _standardised((X_train, X_validation, X_test), labels, n_classes)
    dimension = X[0].shape[1]
    pairs = itertools.product(_grid("Cs", Cs), _grid("gammas", gammas))
    models = [
        ({"C": C, "gamma": gamma}, SVC(C=C, gamma=gamma / dimension, class_weight=class_weight))
        for C, gamma in pairs
    ]

    def size(model: SVC) -> int:
        return model.support_vectors_.size + model.dual_coef_.size + model.intercept_.size

    return _choose(models, X, labels, size, class_weight, selection)


def _standardised(
    features: tuple[np.ndarray, ...], labels: tuple[np.ndarray, ...], n_classes: int
) -> list[np.ndarray]:
    """Check features of training, validation and test, labels of the first two; standardise."""
    from sklearn.preprocessing import StandardScaler

    checks.integer("n_classes", n_classes, low=2)
    for name, array in zip(("X_train", "X_validation", "X_test"), features, strict=True):
        if array.ndim != 2 or array.shape[1] != features[0].shape[-1] or 0 in array.shape:
            checks.fail(f"{name}.shape", array.shape, "be (n, D) with one D >= 1 for all")
        if not np.isfinite(array).all():
            checks.fail(name, "NaN or Inf", "be finite", "a broken clip?")
    for name, values, array in zip(("y_train", "y_validation"), labels, features[:2], strict=True):
        check_labels(name, values, n_classes)
        if len(values) != len(array):
            checks.fail(f"len({name})", len(values), f"be {len(array)}, the number of clips")
    missing = sorted(set(range(n_classes)) - set(labels[0].tolist()))
    if missing:
        checks.fail("classes without a training clip", missing, "be none")
    scaler = StandardScaler().fit(features[0].astype(np.float64))
    return [np.asarray(scaler.transform(part.astype(np.float64))) for part in features]


def _rotated(X: list[np.ndarray]) -> list[np.ndarray]:
    """Return coordinates in the span of the training clips, if there are more features.

    A penalised linear solution lies in that span, so that it is the same in fewer numbers.
    """
    n, dimension = X[0].shape
    if dimension <= n:
        return X
    basis = np.linalg.qr(X[0].T)[0]
    return [part @ basis for part in X]


def _grid(name: str, values: Sequence[float]) -> list[float]:
    if not values:
        checks.fail(name, values, "hold at least one number")
    return sorted(checks.number(name, value, above=0) for value in values)


def _choose(
    models: list[tuple[dict[str, float], Any]],
    X: list[np.ndarray],
    labels: tuple[np.ndarray, ...],
    size: Callable[[Any], int],
    class_weight: str | None,
    selection: str,
) -> Baseline:
    """Fit every model; keep the first with the best validation score."""
    from sklearn.exceptions import ConvergenceWarning

    checks.choice("class_weight", class_weight, CLASS_WEIGHTS)
    checks.choice("selection", selection, SELECTIONS)
    start = time.perf_counter()
    tried = []
    for options, model in models:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # see max_iter
            model.fit(X[0], labels[0])
        value = score(selection, _scores(model, X[1]), labels[1])
        tried.append({**options, "validation_score": value})
    seconds = time.perf_counter() - start
    values = [row["validation_score"] for row in tried]
    best = values.index(max(values))
    model = models[best][1]
    return Baseline(
        validation_logits=_scores(model, X[1]),
        test_logits=_scores(model, X[2]),
        chosen=tried[best],
        tried=tried,
        n_parameters=int(size(model)),
        cost={
            "seconds_training": seconds,
            "n_steps": 0,
            "clips_per_second": len(X[0]) * len(tried) / seconds,
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
