"""Isomap: against scikit-learn, determinism, invariance, disconnected graphs, errors."""

import numpy as np
import pytest
from scipy.sparse.csgraph import shortest_path
from scipy.spatial.distance import cdist, pdist, squareform
from sklearn.manifold import Isomap
from study_standins import WHY, features, grid

from jtfs_repro.metrics import embeddings as metrics
from jtfs_repro.studies.chirps.isomap import isomap

K = 8
RTOL = 1e-6  # two eigen-solvers, and float64 sums in another order


@pytest.fixture(scope="module")
def points():
    return features(grid())


def test_equals_scikit_learn(points):
    ours = isomap(points, n_neighbors=K)
    model = Isomap(n_neighbors=K, n_components=3)
    theirs = model.fit_transform(points)
    signs = np.sign((ours.embedding * theirs).sum(axis=0))
    scale = np.abs(theirs).max()
    np.testing.assert_allclose(ours.embedding, theirs * signs, atol=RTOL * scale)
    np.testing.assert_allclose(ours.reconstruction_error, model.reconstruction_error(), rtol=1e-4)
    assert ours.n_graph_components == 1


def test_equals_the_textbook(points):
    """Classical scaling of shortest paths, written out."""
    distances = cdist(points, points)
    order = np.argsort(distances, axis=1)[:, 1 : K + 1]
    graph = np.zeros_like(distances)
    rows = np.arange(len(points))[:, None]
    graph[rows, order] = distances[rows, order]
    geodesic = shortest_path(graph, directed=False)
    centring = np.eye(len(points)) - 1 / len(points)
    values, vectors = np.linalg.eigh(-0.5 * centring @ geodesic**2 @ centring)
    expected = (vectors * np.sqrt(np.maximum(values, 0)))[:, :-4:-1]
    ours = isomap(points, n_neighbors=K)
    np.testing.assert_array_equal(np.sort(ours.neighbours, axis=1), np.sort(order, axis=1))
    np.testing.assert_allclose(
        np.abs(ours.embedding), np.abs(expected), atol=RTOL * np.abs(expected).max()
    )
    r = np.corrcoef(squareform(geodesic, checks=False), pdist(ours.embedding))[0, 1]
    np.testing.assert_allclose(ours.residual_variance[2], 1 - r**2, rtol=1e-4)


def test_neighbours_exclude_the_point_itself_even_among_duplicates(points):
    doubled = np.concatenate([points, points])
    found = isomap(doubled, n_neighbors=K)
    own = np.arange(len(doubled))[:, None]
    assert not (found.neighbours == own).any()
    twin = (np.arange(len(doubled)) + len(points)) % len(doubled)
    assert (found.neighbours == twin[:, None]).any(axis=1).all()
    assert (np.diff(found.distances, axis=1) >= -1e-6).all()


def test_reruns_give_the_same_bytes(points):
    first, second = (isomap(points, n_neighbors=K).arrays() for _ in range(2))
    for name, array in first.items():
        assert array.tobytes() == second[name].tobytes(), name


def test_signs_do_not_depend_on_the_features_signs(points):
    first = isomap(points, n_neighbors=K).embedding
    second = isomap(-points, n_neighbors=K).embedding
    np.testing.assert_allclose(first, second, atol=1e-8)
    peaks = first[np.abs(first).argmax(axis=0), range(3)]
    assert (peaks > 0).all()


@pytest.mark.parametrize("factor", [1e-4, 1e4])
def test_scale_of_the_features_only_scales_the_embedding(points, factor):
    reference = isomap(points, n_neighbors=K)
    scaled = isomap(factor * points, n_neighbors=K)
    np.testing.assert_allclose(scaled.embedding, factor * reference.embedding, atol=factor * 1e-8)
    np.testing.assert_allclose(scaled.residual_variance, reference.residual_variance, rtol=1e-6)


def test_float32_features_are_embedded_in_float64(points):
    found = isomap(points.astype(np.float32), n_neighbors=K)
    assert found.embedding.dtype == np.float64
    expected = isomap(points, n_neighbors=K)
    assert metrics.direction_correlations(found.embedding, grid()).min() > 0.95
    np.testing.assert_allclose(found.trustworthiness, expected.trustworthiness, atol=1e-3)


def test_disconnected_graph_is_joined_and_counted(points):
    far = np.concatenate([points, points + 1000])
    found = isomap(far, n_neighbors=K)
    assert found.n_graph_components == 2
    assert np.isfinite(found.embedding).all()


def test_not_run_passes_through():
    found = isomap(np.zeros((4, 0)), not_run=WHY)
    assert np.isnan(found.embedding).all()
    assert found.neighbours.shape == (4, 0)
    assert str(found.arrays()["not_run"]) == WHY


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((20, 0)), "be \\(n, D\\) with D >= 1"),
        (np.zeros(20), "be \\(n, D\\)"),
        (np.zeros((K, 3)), "n_neighbors=8 must be below the number of signals"),
        (np.full((20, 3), np.nan), "row 0.*finite"),
        (np.ones((20, 3)), "differ between signals"),
    ],
)
def test_bad_features(array, message):
    with pytest.raises(ValueError, match=message):
        isomap(array, n_neighbors=K)


def test_bad_settings(points):
    with pytest.raises(ValueError, match="n_neighbors=0"):
        isomap(points, n_neighbors=0)
    with pytest.raises(TypeError, match=r"n_components=2\.5"):
        isomap(points, n_components=2.5)
