"""Fit a classifier of scikit-learn on one vector per clip: JTFS and linear, or MFCC and an SVM."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from jtfs_repro.datasets.clips import SUBSETS
from jtfs_repro.models.statistics import Statistics
from jtfs_repro.studies.instruments.clip_statistics import mu_log
from jtfs_repro.studies.instruments.clip_store import ClipStore
from jtfs_repro.training.baselines import Baseline
from jtfs_repro.training.settings import TrainingSettings

CLIPS_AT_A_TIME = 16


def fit_baseline(
    store: ClipStore,
    *,
    classifier: Callable[..., Baseline],
    c: float = 0.1,
    settings: TrainingSettings | None = None,
    progress: bool = True,
) -> Baseline:
    """Fit a classifier of scikit-learn (`training.baselines`) on one vector per clip.

    The vector is the mu-log mean if the store has statistics, the features themselves otherwise; of
    the settings only `score_drop_last` is read.
    """
    settings = settings or TrainingSettings()
    X, y = {}, {}
    for subset in SUBSETS:
        clips = store.subset(subset)
        n = len(clips) if subset == "training" else settings.n_scored(len(clips))
        X[subset] = clip_vectors(clips, n, c=c, label=subset, progress=progress)
        y[subset] = clips.labels[:n]
    fitted = classifier(
        X["training"], y["training"], X["validation"], y["validation"], X["test"],
        n_classes=len(store.clips.classes),
    )  # fmt: skip
    facts = {"chosen": fitted.chosen, "dimension": X["training"].shape[1]}
    return replace(fitted, cost=fitted.cost | facts)


def clip_vectors(
    store: ClipStore, n: int, *, c: float, label: str = "clips", progress: bool = True
) -> np.ndarray:
    """Return the mean over time of the mu-log features of the first ``n`` clips of a store.

    Without statistics, the features. [shape=(n, D)], float32; D = coefficients of a clip over
    frames, parts one after the other.
    """
    chunks = np.array_split(np.arange(n), max(1, -(-n // CLIPS_AT_A_TIME)))
    bar = tqdm(chunks, desc=f"vectors, {label}", unit="chunk", disable=not progress)
    return np.concatenate([_vectors(store.tensors(chunk), store.statistics, c) for chunk in bar])


def _vectors(
    parts: Mapping[str, np.ndarray], statistics: Mapping[str, Statistics] | None, c: float
) -> np.ndarray:
    vectors = []
    for name, part in parts.items():
        values = part
        if statistics is not None:
            values = mu_log(part.astype(np.float64), statistics[name].mu, c).mean(-1)
        vectors.append(values.reshape(len(part), -1).astype(np.float32))
    return np.concatenate(vectors, axis=1)
