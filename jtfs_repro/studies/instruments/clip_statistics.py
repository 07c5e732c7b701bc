r"""Statistics of stored features over the training clips, for mu-log and standardisation.

Per path p, over training clips, time and (S2) log-frequency:

.. math:: \mu_p = E[S_p], \qquad
          \tilde S_p = \log(1 + S_p / (c \mu_p + 10^{-8})), \qquad
          m_p = E[\tilde S_p], \quad s_p = \sqrt{E[(\tilde S_p - m_p)^2]}

(paper, Eq. 9-10). Two passes over the stored shards, a few clips at a time, in float64; moments of
the parts are merged by Chan's formula. Validation and test clips are never read, unless the switch
that reproduces the original code's leak says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from tqdm import tqdm

from jtfs_repro import checks
from jtfs_repro.models.statistics import Statistics
from jtfs_repro.studies.instruments.clip_store import ClipStore

ROUNDING = 1e-5  # of the largest coefficient
FLOOR = 1e-8  # added to c * mu, as in the original code
COMPRESSIONS = ("mu_log", "none")
SPREADS = ("coefficients", "clip_means")
SUBSETS = ("training", "all")


def clip_statistics(
    store: ClipStore,
    *,
    compression: str = "mu_log",
    c: float = 0.1,
    spread: str = "coefficients",
    subset: str = "training",
    clips_at_a_time: int = 16,
    progress: bool = True,
) -> dict[str, Statistics]:
    """Return the statistics of every part of a representation, by its name.

    ValueError: an argument is unknown or out of range, there is no training clip, or a coefficient
    is not finite, or negative where a logarithm follows.

    Parameters
    ----------
    spread : {'coefficients', 'clip_means'}; standard deviation over all coefficients of a path, or
        over clips of their clip-wise mean (as coded: smaller)
    subset : {'training', 'all'}
        'all' reproduces a leak of the original code: statistics over every clip.
    """
    checks.choice("compression", compression, COMPRESSIONS)
    checks.choice("spread", spread, SPREADS)
    checks.choice("subset", subset, SUBSETS)
    checks.number("c", c, above=0)
    checks.integer("clips_at_a_time", clips_at_a_time, low=1)
    store = store if subset == "all" else store.subset("training")
    if not len(store):
        checks.fail("subset", subset, "hold at least one clip", "no training clip in the index")
    chunks = np.array_split(np.arange(len(store)), -(-len(store) // clips_at_a_time))

    def passes(label: str) -> Iterator[dict[str, np.ndarray]]:
        for chunk in tqdm(chunks, desc=label, unit="chunk", disable=not progress):
            parts, rows = store.tensors(chunk), store.rows[chunk]
            yield {name: _checked(name, part, rows) for name, part in parts.items()}

    if compression == "none":
        mu = {name: np.ones(shape[0]) for name, shape in store.shapes.items()}
        moments = _moments(passes("statistics"), lambda _, part: part, spread)
    else:
        found = _moments(passes("mu"), _non_negative, "coefficients")
        mu = {name: mean for name, (mean, _) in found.items()}
        moments = _moments(passes("moments"), lambda name, S: mu_log(S, mu[name], c), spread)
    return {name: Statistics(mu=mu[name], mean=m, std=s) for name, (m, s) in moments.items()}


def mu_log(S: np.ndarray, mu: np.ndarray, c: float) -> np.ndarray:
    """Return ``log(1 + S / (c mu + 1e-8))`` with one mu per path (axis 1).

    Examples
    --------
    >>> mu_log(np.array([[[0.0, 0.1]]]), np.array([1.0]), 0.1).round(3)
    array([[[0.   , 0.693]]])
    """
    scale = (c * mu + FLOOR).reshape(1, -1, *[1] * (S.ndim - 2))
    return np.log1p(S / scale)


def _non_negative(name: str, part: np.ndarray) -> np.ndarray:
    """Return ``part``; rounding may leave averages of moduli a trace below zero."""
    if part.min() < -ROUNDING * np.abs(part).max():
        rule = "be >= 0 before a logarithm"
        checks.fail(name, float(part.min()), rule, "compression='none' for decibels?")
    return part


def _checked(name: str, part: np.ndarray, chunk: np.ndarray) -> np.ndarray:
    is_finite = np.isfinite(part).reshape(len(part), -1).all(axis=1)
    if not is_finite.all():
        clip = int(chunk[int(np.argmin(is_finite))])
        raise ValueError(
            f"{name}: the features of clip {clip} hold NaN or Inf (extract them again)"
        )
    return part.astype(np.float64)


def _moments(
    chunks: Iterator[dict[str, np.ndarray]],
    transform: Callable[[str, np.ndarray], np.ndarray],
    spread: str,
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return (mean, standard deviation) per path of every part."""
    state: dict[str, tuple[int, np.ndarray, np.ndarray]] = {}
    for parts in chunks:
        for name, part in parts.items():
            values = transform(name, part)
            values = values.reshape(*values.shape[:2], -1)
            if spread == "clip_means":
                values = values.mean(axis=2, keepdims=True)
            state[name] = _merged(state.get(name), _chunk_moments(values))
    return {name: (mean, np.sqrt(M2 / count)) for name, (count, mean, M2) in state.items()}


def _chunk_moments(values: np.ndarray) -> tuple[int, np.ndarray, np.ndarray]:
    mean = values.mean(axis=(0, 2))
    M2 = np.square(values - mean[:, None]).sum(axis=(0, 2))
    return values.shape[0] * values.shape[2], mean, M2


def _merged(
    a: tuple[int, np.ndarray, np.ndarray] | None, b: tuple[int, np.ndarray, np.ndarray]
) -> tuple[int, np.ndarray, np.ndarray]:
    """Merge counts, means and sums of squared deviations (Chan, Golub and LeVeque, 1979)."""
    if a is None:
        return b
    count = a[0] + b[0]
    delta = b[1] - a[1]
    mean = a[1] + delta * (b[0] / count)
    return count, mean, a[2] + b[2] + np.square(delta) * (a[0] * b[0] / count)
