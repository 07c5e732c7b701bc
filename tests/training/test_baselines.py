"""Classifiers without a network."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from jtfs_repro.training.baselines import fit_linear, fit_svm

K = 3


def make(n, dimension, seed, *, spread=1.0):
    labels = np.arange(n) % K
    noise = np.random.default_rng(seed).normal(size=(n, dimension))
    centres = np.random.default_rng(99).normal(size=(K, dimension))
    return (5 + centres[labels] + spread * noise).astype(np.float32), labels


def data(dimension=4, *, spread=1.0):
    X, y = make(60, dimension, 0, spread=spread)
    X_validation, y_validation = make(31, dimension, 1, spread=spread)
    return X, y, X_validation, y_validation, make(23, dimension, 2, spread=spread)[0]


def standardised(X, *others):
    mean, sd = X.astype(float).mean(0), X.astype(float).std(0)
    return [(part - mean) / sd for part in (X, *others)]


@pytest.mark.parametrize("fit", [fit_linear, fit_svm])
def test_separable_classes_are_told_apart(fit):
    X, y, X_validation, y_validation, X_test = data(spread=0.1)
    found = fit(X, y, X_validation, y_validation, X_test, n_classes=K)
    assert np.array_equal(found.validation_logits.argmax(1), y_validation)
    assert np.array_equal(found.test_logits.argmax(1), np.arange(23) % K)
    assert found.test_logits.shape == (23, K)
    assert found.test_logits.dtype == np.float32


@pytest.mark.parametrize("dimension", [4, 200])  # 200: more features than clips, rotated
def test_linear_equals_the_library_on_standardised_features(dimension):
    X, y, X_validation, y_validation, X_test = data(dimension, spread=2.0)
    found = fit_linear(X, y, X_validation, y_validation, X_test, Cs=[0.01], n_classes=K)
    train, test = standardised(X, X_test)
    model = LogisticRegression(C=0.01, class_weight="balanced", tol=1e-8, max_iter=10**4)
    expected = model.fit(train, y).decision_function(test)
    np.testing.assert_allclose(found.test_logits, expected, atol=5e-3)
    assert found.n_parameters == K * (dimension + 1)


def test_svm_equals_the_library_on_standardised_features():
    X, y, X_validation, y_validation, X_test = data(spread=2.0)
    found = fit_svm(X, y, X_validation, y_validation, X_test, Cs=[2.0], gammas=[0.5], n_classes=K)
    train, test = standardised(X, X_test)
    model = SVC(C=2.0, gamma=0.5 / 4, class_weight="balanced").fit(train, y)
    np.testing.assert_allclose(found.test_logits, model.decision_function(test), atol=1e-5)
    n_support = len(model.support_)
    assert found.n_parameters == n_support * 4 + n_support * (K - 1) + K


@pytest.mark.parametrize("selection", ["accuracy", "macro_recall"])
def test_choice_is_the_best_on_validation(selection):
    chosen = fit_svm(*data(spread=2.5), n_classes=K, selection=selection)
    scores = [row["validation_score"] for row in chosen.tried]
    assert chosen.chosen["validation_score"] == max(scores)
    assert chosen.chosen == chosen.tried[scores.index(max(scores))]
    pairs = [(row["C"], row["gamma"]) for row in chosen.tried]
    assert pairs == sorted(pairs)
    assert len(set(scores)) > 1


def test_ties_go_to_the_smallest_C():
    found = fit_linear(*data(spread=0.1), Cs=[10.0, 0.1, 1.0], n_classes=K)
    assert [row["validation_score"] for row in found.tried] == [1, 1, 1]
    assert found.chosen["C"] == 0.1


def test_statistics_are_those_of_the_training_clips_alone():
    X, y, X_validation, y_validation, X_test = data()
    first = fit_linear(X, y, X_validation, y_validation, X_test, Cs=[1.0], n_classes=K)
    shifted = fit_linear(X, y, X_validation, y_validation, X_test[:5] * 1, Cs=[1.0], n_classes=K)
    np.testing.assert_allclose(shifted.test_logits, first.test_logits[:5], rtol=1e-5)


def test_class_weight_balances():
    X, y, X_validation, y_validation, X_test = data(spread=4.0)
    keep = (y != 2) | (np.arange(60) < 9)
    arguments = (X[keep], y[keep], X_validation, y_validation, X_test)
    shares = [
        np.mean(
            fit_linear(*arguments, Cs=[1.0], class_weight=w, n_classes=K).test_logits.argmax(1) == 2
        )
        for w in ("balanced", None)
    ]
    assert shares[0] > shares[1]


def test_two_classes_give_two_columns():
    X, y, X_validation, y_validation, X_test = data()
    two, two_validation = np.minimum(y, 1), np.minimum(y_validation, 1)
    found = fit_linear(X, two, X_validation, two_validation, X_test, Cs=[1.0], n_classes=2)
    np.testing.assert_array_equal(found.test_logits[:, 0], -found.test_logits[:, 1])
    assert np.mean(found.validation_logits.argmax(1) == two_validation) > 0.7


def test_deterministic():
    first, second = (fit_linear(*data(), n_classes=K) for _ in range(2))
    np.testing.assert_array_equal(first.test_logits, second.test_logits)


def test_errors():
    X, y, X_validation, y_validation, X_test = data()
    with pytest.raises(ValueError, match=r"X_test.shape=\(23, 3\) must be \(n, D\)"):
        fit_linear(X, y, X_validation, y_validation, X_test[:, :3], n_classes=K)
    with pytest.raises(ValueError, match="X_validation='NaN or Inf' must be finite"):
        fit_svm(X, y, X_validation * np.nan, y_validation, X_test, n_classes=K)
    with pytest.raises(ValueError, match=r"classes without a training clip=\[3\]"):
        fit_svm(X, y, X_validation, y_validation, X_test, n_classes=4)
    with pytest.raises(ValueError, match=r"Cs=\[\] must hold at least one number"):
        fit_linear(X, y, X_validation, y_validation, X_test, Cs=[], n_classes=K)
    with pytest.raises(ValueError, match=r"gammas=-1 must be > 0"):
        fit_svm(X, y, X_validation, y_validation, X_test, gammas=[-1], n_classes=K)
    with pytest.raises(ValueError, match="class_weight='auto' must be one of"):
        fit_linear(X, y, X_validation, y_validation, X_test, class_weight="auto", n_classes=K)
    with pytest.raises(ValueError, match=r"len\(y_train\)=59 must be 60"):
        fit_linear(X, y[:-1], X_validation, y_validation, X_test, n_classes=K)
