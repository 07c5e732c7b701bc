"""Scores: definition, bootstrap, invariance, errors."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn import manifold
from study_standins import features, grid

from jtfs_repro.metrics import embeddings as metrics


def lognormal(n=400, sd=0.3, seed=0):
    return 2 ** np.random.default_rng(seed).normal(0, sd, n)


def test_exact_ratios_score_exactly():
    ones = np.ones(10)
    assert metrics.median_ratio(ones) == 1
    assert metrics.log2_rmse(ones) == 0
    assert metrics.log2_rmse_interval(ones) == (0, 0)
    assert metrics.ratio_quantiles(ones) == (1, 1)
    assert metrics.share_within(ones, 0.75, 1.25) == 1


def test_scores_by_hand():
    ratios = np.array([0.5, 1.0, 4.0, 2.0])
    np.testing.assert_allclose(metrics.log2_rmse(ratios), np.sqrt((1 + 0 + 4 + 1) / 4))
    np.testing.assert_allclose(metrics.median_ratio(ratios), 2**0.5)
    np.testing.assert_allclose(metrics.median_abs_log2(ratios), 1)


def test_reciprocal_ratios_have_the_same_error():
    ratios = lognormal()
    np.testing.assert_allclose(metrics.log2_rmse(1 / ratios), metrics.log2_rmse(ratios))
    np.testing.assert_allclose(metrics.median_ratio(1 / ratios), 1 / metrics.median_ratio(ratios))


@pytest.mark.parametrize("edge", [0.75, 1.25, 1.5])
def test_ends_of_a_range_are_inside_despite_rounding(edge):
    noisy = np.array([edge * (1 - 1e-15), edge * (1 + 1e-15)])
    assert metrics.share_within(noisy, min(edge, 0.75), max(edge, 0.75)) == 1
    assert metrics.share_within(np.array([edge * 1.001]), 0.1, edge) == 0


def test_bootstrap_is_seeded_and_covers():
    ratios = lognormal()
    first = metrics.log2_rmse_interval(ratios, seed=1)
    assert first == metrics.log2_rmse_interval(ratios, seed=1)
    assert first != metrics.log2_rmse_interval(ratios, seed=2)
    assert first[0] < metrics.log2_rmse(ratios) < first[1]
    # standard error of an RMS of normal numbers: sd / sqrt(2 n)
    np.testing.assert_allclose(first[1] - first[0], 2 * 1.96 * 0.3 / np.sqrt(800), rtol=0.2)


def test_interval_is_the_percentiles_of_the_resampled_scores():
    ratios = lognormal(50)
    chosen = metrics.resample(50, n_bootstrap=99, seed=3)
    expected = np.quantile([metrics.log2_rmse(ratios[row]) for row in chosen], [0.1, 0.9])
    found = metrics.log2_rmse_interval(ratios, n_bootstrap=99, seed=3, level=0.8)
    np.testing.assert_allclose(found, expected)


def test_bootstrap_covers_the_truth_about_as_often_as_it_says():
    hits = [
        low <= 0.3 <= high
        for seed in range(100)
        for low, high in [metrics.log2_rmse_interval(lognormal(200, seed=seed), n_bootstrap=200)]
    ]
    assert 0.85 <= np.mean(hits) <= 1


def test_trustworthiness_is_scikit_learns_and_fits_small_sets():
    x = features(grid(3))
    expected = manifold.trustworthiness(x, x[:, :2], n_neighbors=5)
    assert metrics.trustworthiness(x, x[:, :2], n_neighbors=5) == expected
    assert metrics.trustworthiness(x, x, n_neighbors=40) == 1


def test_residual_variance_of_an_isometric_embedding_is_zero():
    from scipy.spatial.distance import pdist

    x = np.random.default_rng(0).normal(size=(50, 3)) * [3, 2, 1]
    residual = metrics.residual_variance(pdist(x), x)
    assert residual[0] > residual[1] > residual[2]
    np.testing.assert_allclose(residual[2], 0, atol=1e-12)


def test_rank_correlations_are_spearmans():
    theta, embedding = grid(4), features(grid(4), noise=0.3)[:, :3]
    ours = metrics.rank_correlations(embedding, theta)
    for axis in range(3):
        for parameter in range(3):
            expected = abs(spearmanr(embedding[:, axis], theta[:, parameter]).statistic)
            np.testing.assert_allclose(ours[axis, parameter], expected, atol=1e-12)


def test_constant_axis_correlates_with_nothing():
    embedding = np.zeros((27, 3))
    assert (metrics.rank_correlations(embedding, grid(3)) == 0).all()
    assert (metrics.direction_correlations(embedding, grid(3)) == 0).all()


def test_direction_does_not_depend_on_rotation():
    theta, embedding = grid(), features(grid(), noise=0.2)[:, :3]
    rotation, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    first = metrics.direction_correlations(embedding, theta)
    second = metrics.direction_correlations(embedding @ rotation + 7, theta)
    np.testing.assert_allclose(first, second, atol=1e-3)  # near-ties may swap ranks
    assert (first > metrics.rank_correlations(embedding, theta).max(axis=0) - 0.02).all()


def test_direction_of_the_log_parameters_is_perfect():
    theta = grid()
    rotation, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    np.testing.assert_allclose(metrics.direction_correlations(np.log2(theta) @ rotation, theta), 1)


@pytest.mark.parametrize("bad", [[1.0, 0.0], [1.0, -1.0], [np.nan], [np.inf], []])
def test_bad_ratios(bad):
    with pytest.raises(ValueError, match="positive finite"):
        metrics.log2_ratio(np.array(bad))


def test_bad_bootstrap():
    with pytest.raises(ValueError, match="n_bootstrap=0"):
        metrics.log2_rmse_interval(lognormal(), n_bootstrap=0)
    with pytest.raises(ValueError, match="level=95"):
        metrics.log2_rmse_interval(lognormal(), level=95)
