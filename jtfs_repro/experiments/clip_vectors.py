"""One vector per clip, for the classifiers that are not networks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from tqdm import tqdm

from jtfs_repro.experiments.clip_statistics import PathStatistics, mu_log
from jtfs_repro.experiments.clip_store import ClipStore

CLIPS_AT_A_TIME = 16


def clip_vectors(
    store: ClipStore,
    rows: np.ndarray,
    statistics: Mapping[str, PathStatistics],
    *,
    c: float,
    label: str = "clips",
    progress: bool = True,
) -> np.ndarray:
    """Return the mean over time of the mu-log features, or the features if ``statistics`` is empty.

    [shape=(n, D)], float32; D = coefficients of a clip over frames, parts one after the other.
    """
    chunks = np.array_split(rows, max(1, -(-len(rows) // CLIPS_AT_A_TIME)))
    bar = tqdm(chunks, desc=f"vectors, {label}", unit="chunk", disable=not progress)
    return np.concatenate([_vectors(store.tensors(chunk), statistics, c) for chunk in bar])


def _vectors(
    parts: Mapping[str, np.ndarray], statistics: Mapping[str, PathStatistics], c: float
) -> np.ndarray:
    vectors = []
    for name, part in parts.items():
        known = statistics.get(name)
        values = part if known is None else mu_log(part.astype(np.float64), known.mu, c).mean(-1)
        vectors.append(values.reshape(len(part), -1).astype(np.float32))
    return np.concatenate(vectors, axis=1)
