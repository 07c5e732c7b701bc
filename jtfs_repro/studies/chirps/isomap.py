"""Isomap embedding of one representation (Section 3, Fig. 3)."""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass

import numpy as np
from scipy.sparse import SparseEfficiencyWarning
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform
from sklearn.manifold import Isomap
from threadpoolctl import threadpool_limits

from jtfs_repro import checks
from jtfs_repro.metrics import embeddings as metrics


@dataclass(frozen=True, kw_only=True)
class Manifold:
    """Outcome of Isomap for one representation; embedding NaN, K = 0 if ``not_run`` says why.

    ``neighbours`` [shape=(n, K)], int32, are the graph's own, nearest first, self excluded;
    ``distances`` [shape=(n, K)] the Euclidean distances to them in the space of the representation;
    ``residual_variance`` [shape=(n_components,)] is that with the first 1, 2, ... components;
    ``n_graph_components`` counts the connected components of the neighbour graph before
    scikit-learn joined them.
    """

    embedding: np.ndarray
    neighbours: np.ndarray
    distances: np.ndarray
    residual_variance: np.ndarray
    reconstruction_error: float
    trustworthiness: float
    dimension: int
    n_graph_components: int
    not_run: str = ""

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the fields as arrays, to be stored under their names."""
        return {name: np.asarray(value) for name, value in asdict(self).items()}


def isomap(
    features: np.ndarray, *, not_run: str = "", n_components: int = 3, n_neighbors: int = 40
) -> Manifold:
    """Embed a representation [shape=(n, D)] by Isomap.

    Scikit-learn's Isomap with the Euclidean metric, in float64 and without any scaling of the
    features. The eigenproblem is solved densely (the iterative solver starts from random numbers)
    and on one thread, so that the same input gives the same bytes. A graph in several pieces is
    joined by scikit-learn through the shortest link between pieces; ``n_graph_components`` says so.
    Each axis is signed so that its largest absolute coordinate is positive (the first one, among
    equals). Neighbours do not count the signal itself and also serve the trustworthiness.
    ValueError: the features are not a finite matrix of more than ``n_neighbors`` different rows.
    """
    checks.integer("n_components", n_components, low=1)
    checks.integer("n_neighbors", n_neighbors, low=1)
    if not_run:
        return _absent(len(features), n_components, not_run)
    features = _checked(features, n_neighbors)
    with threadpool_limits(limits=1):
        return _embed(features, n_components, n_neighbors)


def _embed(features: np.ndarray, n_components: int, n_neighbors: int) -> Manifold:
    model = Isomap(n_neighbors=n_neighbors, n_components=n_components, eigen_solver="dense")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The number of connected components")
        warnings.simplefilter("ignore", SparseEfficiencyWarning)  # joining the pieces
        embedding = _signed(model.fit_transform(features))
    distances, neighbours = model.nbrs_.kneighbors(n_neighbors=n_neighbors)
    geodesic = squareform(model.dist_matrix_, checks=False)
    return Manifold(
        embedding=embedding,
        neighbours=neighbours.astype(np.int32),
        distances=distances,
        residual_variance=metrics.residual_variance(geodesic, embedding),
        reconstruction_error=float(model.reconstruction_error()),
        trustworthiness=metrics.trustworthiness(features, embedding, n_neighbors=n_neighbors),
        dimension=features.shape[1],
        n_graph_components=_graph_components(model, n_neighbors),
    )


def _graph_components(model: Isomap, n_neighbors: int) -> int:
    graph = model.nbrs_.kneighbors_graph(n_neighbors=n_neighbors)
    return int(connected_components(graph, directed=False)[0])


def _signed(embedding: np.ndarray) -> np.ndarray:
    """Flip axes so that the coordinate of largest absolute value is positive."""
    rounded = np.round(np.abs(embedding) / np.abs(embedding).max(), 9)  # equals despite rounding
    peaks = embedding[np.argmax(rounded, axis=0), np.arange(embedding.shape[1])]
    return embedding * np.where(peaks < 0, -1.0, 1.0)


def _checked(features: np.ndarray, n_neighbors: int) -> np.ndarray:
    features = np.asarray(features)
    if features.ndim != 2 or features.shape[1] == 0:
        checks.fail("features.shape", features.shape, "be (n, D) with D >= 1", "one row per signal")
    if len(features) <= n_neighbors:
        rule = f"be below the number of signals ({len(features)})"
        checks.fail("n_neighbors", n_neighbors, rule, "fewer neighbours, or more chirps")
    features = features.astype(np.float64)
    if not np.isfinite(features).all():
        row = int(np.argmin(np.isfinite(features).all(axis=1)))
        checks.fail("features", f"row {row}", "be finite", "extract that signal again")
    if not np.ptp(features, axis=0).any():
        checks.fail("features", "constant", "differ between signals", "were the signals silent?")
    return features


def _absent(n: int, n_components: int, not_run: str) -> Manifold:
    return Manifold(
        embedding=np.full((n, n_components), np.nan),
        neighbours=np.zeros((n, 0), dtype=np.int32),
        distances=np.zeros((n, 0)),
        residual_variance=np.full(n_components, np.nan),
        reconstruction_error=float("nan"),
        trustworthiness=float("nan"),
        dimension=0,
        n_graph_components=0,
        not_run=not_run,
    )
