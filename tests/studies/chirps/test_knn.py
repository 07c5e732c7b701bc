"""K-NN regression: the two means, the floor of the published grid, invariance, errors."""

import numpy as np
import pytest
from study_standins import WHY, features, grid

from jtfs_repro.datasets.chirps import ChirpGrid, grid_parameters
from jtfs_repro.studies.chirps.isomap import isomap
from jtfs_repro.studies.chirps.knn import estimate, index_grid_neighbours, knn_ratios

PRINTED = 6e-4  # half a unit of the third decimal, and which of equally near neighbours is taken


def floor(f_m_high, mean, n=16, k=40):
    theta = grid_parameters(ChirpGrid(f_m_hz=(4.0, f_m_high), n_f_c=n, n_f_m=n, n_gamma=n))
    found = knn_ratios(index_grid_neighbours(theta, n_neighbors=k), theta)
    return getattr(found, f"ratio_{mean}")


def test_floor_of_the_published_grid():
    """Ranges that a perfect representation reaches with 4096 chirps and 40 neighbours."""
    ratios = floor(32.0, "geometric")
    np.testing.assert_allclose(
        [ratios[:, 0].min(), ratios[:, 0].max()], [0.945, 1.057], atol=PRINTED
    )
    arithmetic = floor(32.0, "arithmetic")
    for column in (1, 2):
        np.testing.assert_allclose(ratios[:, column].min(), 0.845, atol=0.01)
        np.testing.assert_allclose(arithmetic[:, column].max(), 1.19, atol=0.01)


def test_floor_with_the_smaller_range_of_f_m():
    ratios = floor(16.0, "geometric")[:, 1]
    np.testing.assert_allclose([ratios.min(), ratios.max()], [0.89, 1.12], atol=0.01)


def test_means_differ_little_at_the_floor_and_are_ordered():
    arithmetic, geometric = floor(32.0, "arithmetic"), floor(32.0, "geometric")
    assert (arithmetic >= geometric * (1 - 1e-12)).all()
    assert np.abs(arithmetic - geometric).max() < 0.025
    assert np.median(np.abs(arithmetic - geometric)) < 0.015


def test_estimate_by_hand():
    theta = np.array([[1.0, 2.0, 4.0], [1.0, 8.0, 4.0], [4.0, 2.0, 16.0]])
    neighbours = np.array([[1, 2], [0, 2], [0, 1]])
    np.testing.assert_allclose(estimate(neighbours, theta, mean="arithmetic")[0], [2.5, 5, 10])
    np.testing.assert_allclose(estimate(neighbours, theta, mean="geometric")[0], [2, 4, 8])
    np.testing.assert_allclose(knn_ratios(neighbours, theta).ratio_geometric[0], [2, 2, 2])


def test_perfect_feature_reaches_the_floor():
    theta = grid(6)
    found = isomap(features(theta, noise=0.0), n_neighbors=6)
    inner = (theta > theta.min(axis=0)).all(axis=1) & (theta < theta.max(axis=0)).all(axis=1)
    # inside the grid the six nearest are the two along each axis, symmetric about the chirp
    ratios = knn_ratios(found.neighbours, theta).ratio_geometric
    np.testing.assert_allclose(ratios[inner], 1, rtol=1e-9)


def test_order_of_neighbours_and_unit_do_not_matter():
    theta = grid(4)
    neighbours = isomap(features(theta), n_neighbors=5).neighbours
    reference = knn_ratios(neighbours, theta)
    shuffled = knn_ratios(neighbours[:, ::-1], 1000 * theta)
    np.testing.assert_allclose(shuffled.ratio_arithmetic, reference.ratio_arithmetic)
    np.testing.assert_allclose(shuffled.ratio_geometric, reference.ratio_geometric)


def test_not_run_passes_through():
    found = knn_ratios(np.zeros((8, 0), int), grid(2), not_run=WHY)
    assert np.isnan(found.ratio_geometric).all()
    assert found.n_neighbors == 0
    assert found.not_run == WHY


@pytest.mark.parametrize(
    ("neighbours", "message"),
    [
        (np.zeros((7, 2), int), r"be \(8, K\)"),
        (np.zeros((8, 0), int), r"be \(8, K\)"),
        (np.full((8, 1), 8), "index the 8 chirps"),
        (np.arange(8)[:, None], "exclude the chirp"),
    ],
)
def test_bad_neighbours(neighbours, message):
    with pytest.raises(ValueError, match=message):
        knn_ratios(neighbours, grid(2))


def test_bad_theta_and_mean():
    neighbours = np.array([[1], [0]])
    with pytest.raises(ValueError, match="positive"):
        knn_ratios(neighbours, np.array([[0.0, 1, 1], [1, 1, 1]]))
    with pytest.raises(ValueError, match="mean='median' must be one of"):
        estimate(neighbours, np.ones((2, 3)), mean="median")
