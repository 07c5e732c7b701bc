"""Fit a classifier of scikit-learn on one vector per clip: JTFS and linear, or MFCC and an SVM."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from tqdm import tqdm

from jtfs_repro.models.statistics import Statistics
from jtfs_repro.studies.instruments.clip_statistics import mu_log
from jtfs_repro.studies.instruments.clip_store import ClipSet, ClipStore
from jtfs_repro.studies.instruments.predictions import N_CLASSES, Prediction
from jtfs_repro.studies.instruments.trained import SCORED, SUBSETS, Trained, scored
from jtfs_repro.training.baselines import Baseline
from jtfs_repro.training.settings import TrainingSettings

CLIPS_AT_A_TIME = 16


def fit_baseline(
    clip_set: ClipSet,
    store: ClipStore,
    statistics: Mapping[str, Statistics],
    *,
    model: str,
    classifier: Callable[..., Baseline],
    c: float = 0.1,
    settings: TrainingSettings | None = None,
    progress: bool = True,
) -> Trained:
    """Fit a classifier of scikit-learn (`training.baselines`) on one vector per clip; seed 0.

    The vector is the mu-log mean if there are ``statistics``, the features themselves otherwise; of
    the settings only `score_drop_last` is read.
    """
    settings = settings or TrainingSettings()
    rows = {subset: clip_set.rows(subset) for subset in SUBSETS}
    rows |= {s: rows[s][: settings.n_scored(len(rows[s]))] for s in SCORED}
    X = {
        subset: clip_vectors(store, chosen, statistics, c=c, label=subset, progress=progress)
        for subset, chosen in rows.items()
    }
    y = {subset: clip_set.labels[chosen] for subset, chosen in rows.items()}
    parts = (X["training"], y["training"], X["validation"], y["validation"], X["test"])
    fitted = classifier(*parts, n_classes=N_CLASSES)
    prediction = Prediction(
        model=model,
        seed=0,
        n_parameters=fitted.n_parameters,
        best_epoch=-1,
        validation=scored(clip_set, "validation", fitted.validation_logits),
        test=scored(clip_set, "test", fitted.test_logits),
    )
    facts = {"chosen": fitted.chosen, "dimension": X["training"].shape[1]}
    return Trained(prediction=prediction, history=[], cost=fitted.cost | facts, state_dict={})


def clip_vectors(
    store: ClipStore,
    rows: np.ndarray,
    statistics: Mapping[str, Statistics],
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
    parts: Mapping[str, np.ndarray], statistics: Mapping[str, Statistics], c: float
) -> np.ndarray:
    vectors = []
    for name, part in parts.items():
        known = statistics.get(name)
        values = part if known is None else mu_log(part.astype(np.float64), known.mu, c).mean(-1)
        vectors.append(values.reshape(len(part), -1).astype(np.float32))
    return np.concatenate(vectors, axis=1)
