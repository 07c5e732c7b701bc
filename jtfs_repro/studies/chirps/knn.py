"""K-nearest-neighbour regression of the chirp parameters (Section 3, Eq. (7), Fig. 4)."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from jtfs_repro import checks

MEANS = ("arithmetic", "geometric")


@dataclass(frozen=True, kw_only=True)
class KnnRatios:
    """Error ratios ``estimate / true`` [shape=(n, 3)] of f_c, f_m, gamma; NaN where not run."""

    ratio_arithmetic: np.ndarray
    ratio_geometric: np.ndarray
    n_neighbors: int
    not_run: str = ""

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the fields as arrays, to be stored under their names."""
        return {name: np.asarray(value) for name, value in asdict(self).items()}


def knn_ratios(neighbours: np.ndarray, theta: np.ndarray, *, not_run: str = "") -> KnnRatios:
    """Estimate every chirp's parameters from its neighbours, by both means in circulation.

    Row i of ``neighbours`` [shape=(n, K)] holds the neighbours of chirp i, itself excluded; all
    weigh the same, so their order does not matter. ValueError: shapes disagree, an index is outside
    ``[0, n)``, or a chirp is its own neighbour.
    """
    if not_run:
        nothing = np.full((len(theta), 3), np.nan)
        return KnnRatios(
            ratio_arithmetic=nothing, ratio_geometric=nothing, n_neighbors=0, not_run=not_run
        )
    neighbours, theta = _checked(neighbours, theta)
    estimates = {mean: estimate(neighbours, theta, mean=mean) for mean in MEANS}
    return KnnRatios(
        ratio_arithmetic=estimates["arithmetic"] / theta,
        ratio_geometric=estimates["geometric"] / theta,
        n_neighbors=neighbours.shape[1],
    )


def estimate(neighbours: np.ndarray, theta: np.ndarray, *, mean: str) -> np.ndarray:
    r"""Return the mean of the neighbours' parameters [shape=(n, 3)].

    .. math::
        \hat\theta_i = \frac1K \sum_{k \in N(i)} \theta_k
        \quad\text{or}\quad
        \exp\Bigl(\frac1K \sum_{k \in N(i)} \ln \theta_k\Bigr)

    'arithmetic' is the paper's Eq. (7), 'geometric' the original code's.
    """
    checks.choice("mean", mean, MEANS)
    if mean == "arithmetic":
        return theta[neighbours].mean(axis=1)
    return np.exp(np.log(theta)[neighbours].mean(axis=1))


def index_grid_neighbours(theta: np.ndarray, *, n_neighbors: int) -> np.ndarray:
    """Return the neighbours that a perfect representation would find [shape=(n, K)].

    Each parameter is replaced by its rank among the grid's values, and neighbours are taken in
    that index grid. Their error ratios are the floor of the experiment: the bias of K neighbours
    at the edges of the grid.
    """
    from sklearn.neighbors import NearestNeighbors  # slow to import

    columns = np.asarray(theta, dtype=np.float64).T
    index = np.stack([np.unique(column, return_inverse=True)[1] for column in columns], axis=-1)
    search = NearestNeighbors(n_neighbors=n_neighbors).fit(index.astype(np.float64))
    return search.kneighbors(return_distance=False)


def _checked(neighbours: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    neighbours, theta = np.asarray(neighbours), np.asarray(theta, dtype=np.float64)
    n = len(theta)
    if theta.ndim != 2 or not (theta > 0).all():
        checks.fail("theta", f"shape {theta.shape}", "be (n, 3) and positive", "Hz, not log")
    if neighbours.ndim != 2 or len(neighbours) != n or neighbours.shape[1] == 0:
        rule = f"be ({n}, K) with K >= 1"
        checks.fail("neighbours.shape", neighbours.shape, rule, "one row per chirp of theta")
    if neighbours.min() < 0 or neighbours.max() >= n:
        checks.fail("neighbours", int(neighbours.max()), f"index the {n} chirps")
    if (neighbours == np.arange(n)[:, None]).any():
        checks.fail("neighbours", "itself", "exclude the chirp", "drop the first column?")
    return neighbours, theta
