"""Metrics of the chirp experiment: error ratios, log2-RMSE, residual variance of Isomap.

An error ratio is ``r = estimate / true`` per signal and parameter; its logarithm in octaves is
``log2 r``, zero for a perfect estimate.
"""

from __future__ import annotations

import numpy as np

from jtfs_repro import checks

Interval = tuple[float, float]
SHARE_RANGES: dict[str, Interval] = {
    "share_within_10_percent": (0.9, 1.1),
    "share_within_25_percent": (0.75, 1.25),
    "share_0.75_to_1.5": (0.75, 1.5),
}
LOG2_DECIMALS = 12  # rounding away the noise of means and logarithms: exactly 1 gives exactly 0


def log2_ratio(ratios: np.ndarray) -> np.ndarray:
    """Return ``log2 r`` in float64 to 12 decimals, same shape.

    ValueError: a ratio is not positive and finite.
    """
    ratios = np.asarray(ratios, dtype=np.float64)
    bad = ~(np.isfinite(ratios) & (ratios > 0))
    if ratios.size == 0 or bad.any():
        found = ratios[bad][:1].tolist() or "nothing"
        checks.fail("ratios", found, "hold positive finite numbers", "estimate / true, not a log")
    return np.round(np.log2(ratios), LOG2_DECIMALS)


def median_ratio(ratios: np.ndarray) -> float:
    """Return the median of r, taken in log2 so that r and 1/r weigh the same."""
    return float(2 ** np.median(log2_ratio(ratios)))


def median_abs_log2(ratios: np.ndarray) -> float:
    """Return the median of ``|log2 r|`` in octaves."""
    return float(np.median(np.abs(log2_ratio(ratios))))


def log2_rmse(ratios: np.ndarray) -> float:
    """Return the root mean square of ``log2 r`` in octaves."""
    return float(np.sqrt(np.mean(log2_ratio(ratios) ** 2)))


def ratio_quantiles(ratios: np.ndarray, *, low: float = 0.05, high: float = 0.95) -> Interval:
    """Return the (5 %, 95 %) quantiles of r, interpolated in log2."""
    lower, upper = 2 ** np.quantile(log2_ratio(ratios), (low, high))
    return float(lower), float(upper)


def share_within(ratios: np.ndarray, low: float, high: float) -> float:
    """Return the share of ratios in ``[low, high]``, ends included.

    Examples
    --------
    >>> share_within(np.array([0.5, 1.0, 1.25, 2.0]), 0.75, 1.25)
    0.5
    """
    octaves = log2_ratio(ratios)
    lowest, highest = np.round(np.log2((low, high)), LOG2_DECIMALS)
    return float(np.mean((octaves >= lowest) & (octaves <= highest)))


def resample(n: int, *, n_bootstrap: int, seed: int) -> np.ndarray:
    """Return seeded bootstrap indices of ``n`` signals [shape=(n_bootstrap, n)]."""
    checks.integer("n", n, low=1)
    checks.integer("n_bootstrap", n_bootstrap, low=1)
    generator = np.random.default_rng(seed)
    return generator.integers(n, size=(n_bootstrap, n))


def log2_rmse_interval(
    ratios: np.ndarray, *, n_bootstrap: int = 1000, seed: int = 0, level: float = 0.95
) -> Interval:
    """Return the bootstrap percentile interval of `log2_rmse` over signals.

    Parameters
    ----------
    ratios : array [shape=(n,)]
    n_bootstrap : int >= 1
        Number of resamples of the n signals with replacement.
    seed : int
        Same seed, same interval.
    level : float in (0, 1)
        Coverage.

    Returns
    -------
    low, high : float
    """
    squares = log2_ratio(ratios) ** 2
    chosen = resample(len(squares), n_bootstrap=n_bootstrap, seed=seed)
    return _percentiles(np.sqrt(_row_means(squares, chosen)), level)


def _row_means(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Mean of ``values[chosen]`` along rows, one row at a time to bound the memory."""
    return np.array([values[row].mean() for row in chosen])


def _percentiles(values: np.ndarray, level: float) -> Interval:
    checks.number("level", level, low=0, high=1)
    low, high = np.quantile(values, ((1 - level) / 2, (1 + level) / 2))
    return float(low), float(high)


def trustworthiness(features: np.ndarray, embedding: np.ndarray, *, n_neighbors: int) -> float:
    """Return scikit-learn's trustworthiness in [0, 1]: are neighbours in the embedding true ones.

    ``n_neighbors`` is lowered to the largest value that the score allows, ``(n - 1) // 2``.
    """
    from sklearn import manifold  # slow to import, as are those of scipy below

    n_neighbors = min(n_neighbors, (len(features) - 1) // 2)
    return float(manifold.trustworthiness(features, embedding, n_neighbors=n_neighbors))


def residual_variance(geodesic: np.ndarray, embedding: np.ndarray) -> np.ndarray:
    """Return ``1 - R^2(D_graph, D_embedding)`` with the first 1, 2, ... components.

    Parameters
    ----------
    geodesic : array [shape=(n * (n - 1) / 2,)]
        Distances along the neighbour graph, in the order of ``scipy.spatial.distance.pdist``.
    embedding : array [shape=(n, d)]

    Returns
    -------
    residual : ndarray [shape=(d,)]
        R is Pearson's correlation (Tenenbaum, de Silva and Langford, Science 290, 2000).
    """
    from scipy.spatial.distance import pdist

    counts = range(1, embedding.shape[1] + 1)
    r = [np.corrcoef(geodesic, pdist(embedding[:, :d]))[0, 1] for d in counts]
    return 1 - np.square(r)


def rank_correlations(embedding: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Return ``|Spearman rho|`` of every axis with every parameter [shape=(d, 3)].

    Ranks ignore monotone transforms, so theta and its logarithm give the same value. An axis
    without variance correlates with nothing: 0.
    """
    return np.abs(_correlation(_ranks(embedding), _ranks(theta)))


def direction_correlations(embedding: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Return ``|Spearman rho|`` of the best linear direction with each log-parameter [shape=(3,)].

    The direction is the least-squares fit of the log-parameter on the axes of the embedding, so
    the score does not depend on the embedding's arbitrary rotation.
    """
    targets = np.log2(np.asarray(theta, dtype=np.float64))
    design = embedding - embedding.mean(axis=0)
    weights, *_ = np.linalg.lstsq(design, targets - targets.mean(axis=0), rcond=None)
    return np.abs(np.diagonal(_correlation(_ranks(design @ weights), _ranks(targets))))


def _ranks(columns: np.ndarray) -> np.ndarray:
    """Average ranks per column, after rounding away noise that would order equal values."""
    from scipy.stats import rankdata

    columns = np.asarray(columns, dtype=np.float64)
    scale = np.abs(columns).max(axis=0, keepdims=True)
    rounded = np.round(columns / np.where(scale > 0, scale, 1), 12)
    return rankdata(rounded, axis=0)


def _correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pearson correlation of every column of a with every column of b [shape=(A, B)]."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    norms = np.outer(np.linalg.norm(a, axis=0), np.linalg.norm(b, axis=0))
    return np.divide(a.T @ b, norms, out=np.zeros_like(norms), where=norms > 0)
