"""Scattering as transformers of scikit-learn: its own checks, names, pipelines, searches."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering
from jtfs_repro.scattering.sklearn import JTFSTransformer, ScatteringTransformer

X = np.random.default_rng(0).standard_normal((6, 512))


# of a setting of SciPy; the transformers compute with torch, and take NumPy's arrays
CANNOT_APPLY = {"check_array_api_input"}


@pytest.mark.parametrize("estimator", [ScatteringTransformer(), JTFSTransformer()], ids=repr)
def test_check_estimator(estimator):
    """All of scikit-learn's own checks, but those that cannot apply."""
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    assert len(results) > 40
    others = {r["check_name"]: r["exception"] for r in results if r["status"] != "passed"}
    assert others.keys() <= CANNOT_APPLY, others


def test_values_are_those_of_the_transforms():
    features = ScatteringTransformer(J=5, Q=4, T=64, batch_size=4).fit_transform(X)
    right = Scattering1D(J=5, Q=4, T=64, shape=512, global_average="mean")(torch.from_numpy(X))
    np.testing.assert_allclose(features, right.flatten(1).numpy(), rtol=1e-12)
    joint = JTFSTransformer(J=5, J_fr=2, Q=4, F=2)
    right = TimeFrequencyScattering(
        J=5, J_fr=2, Q=4, F=2, shape=512, T="global", format="joint", global_average="mean"
    )(torch.from_numpy(X))
    np.testing.assert_allclose(joint.fit_transform(X), right.flatten(1).numpy(), rtol=1e-12)
    assert joint.output_shape_ == right.shape[1:]


def test_names_of_features():
    """One a feature, in order, all different; with a sample rate, in Hz."""
    joint = JTFSTransformer(J=5, Q=4, T=128, sr=1000).fit(X)
    names = joint.get_feature_names_out()
    assert len(set(names)) == len(names) == joint.transform(X).shape[1]
    table, (C, rows, frames) = joint.scattering_.paths(1000), joint.output_shape_
    c, row, frame = C - 1, 1, frames - 1
    name = names[np.ravel_multi_index((c, row, frame), (C, rows, frames))]
    assert f"n2={table['n2'][c]:g} n_fr={table['n_fr'][c]:g}" in name
    assert f"rate_hz={table['rate_hz'][c]:.5g}" in name
    assert name.endswith(f"row={row} frame={frame}")
    time = ScatteringTransformer(J=4, Q=1).fit(X).get_feature_names_out()
    assert time[:2].tolist() == ["order=0 frame=0", "order=1 n1=0 frame=0"]


def test_set_output_pandas():
    transformer = ScatteringTransformer(J=4, Q=1).set_output(transform="pandas")
    frame = transformer.fit_transform(X)
    assert list(frame.columns) == transformer.get_feature_names_out().tolist()


def test_grid_search_in_a_pipeline():
    """Fast and slow tremolo of noise, which the second order tells apart."""
    rng, t = np.random.default_rng(0), np.arange(2048)
    y = np.arange(60) % 2
    rates = np.where(y, 1 / 32, 1 / 128)[:, None] * 2 * np.pi
    signals = rng.standard_normal((60, 2048)) * (1 + np.sin(rates * t + rng.uniform(0, 6, (60, 1))))
    pipeline = make_pipeline(
        ScatteringTransformer(J=7, Q=1), StandardScaler(), LogisticRegression()
    )
    search = GridSearchCV(pipeline, {"scatteringtransformer__max_order": [1, 2]}, cv=3)
    search.fit(signals, y)
    first, second = search.cv_results_["mean_test_score"]
    assert first < second == search.best_score_ == 1
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    np.testing.assert_array_equal(again.predict(signals), search.predict(signals))


def test_clones_and_refusals():
    transformer = JTFSTransformer(J=4, Q=2, device="cpu")
    assert clone(transformer).get_params() == transformer.get_params()
    with pytest.raises(ValueError, match=r"J=40 must be <= .* for shape=512"):
        ScatteringTransformer(J=40).fit(X)
    with pytest.raises(ValueError, match="batch_size=0 must be >= 1"):
        JTFSTransformer(batch_size=0).fit(X)
