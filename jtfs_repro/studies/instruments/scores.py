"""Scores of the classifiers: recalls of every seed, and of resampled songs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from jtfs_repro import checks
from jtfs_repro.metrics import classification as metrics
from jtfs_repro.studies.instruments.predictions import Prediction, check_comparable

Runs = Mapping[str, Sequence[Prediction]]


def by_model(predictions: Sequence[Prediction], models: Sequence[str]) -> dict[str, Sequence]:
    """Return model -> its seeds, ascending, in the order of ``models``; also what did not run.

    ValueError: a model is not in ``models``, or the predictions are not of the same clips.
    """
    check_comparable(predictions)
    for prediction in predictions:
        checks.choice("model", prediction.model, models)
    runs = {model: [p for p in predictions if p.model == model] for model in models}
    return {model: sorted(found, key=lambda p: p.seed) for model, found in runs.items() if found}


def ran(runs: Sequence[Prediction]) -> list[Prediction]:
    """Return the seeds that ran."""
    return [run for run in runs if not run.not_run]


def seed_recalls(runs: Sequence[Prediction]) -> np.ndarray:
    """Return the test recalls of the seeds that ran [shape=(n_seeds, n_classes)]."""
    rows = [class_recalls(run, "test") for run in ran(runs)]
    return np.reshape(rows, (-1, runs[0].n_classes))


def class_recalls(run: Prediction, subset: str) -> np.ndarray:
    """Return the recall of each class, by id [shape=(n_classes,)]."""
    return metrics.class_recalls(run.of("labels", subset), run.predicted(subset), run.n_classes)


def resampled_recalls(runs: Runs, *, n_bootstrap: int, seed: int) -> dict[str, np.ndarray]:
    """Return test recalls by id, averaged over seeds, of resampled songs, for every model.

    [shape=(n_bootstrap, n_classes)], NaN where no seed ran; equal draws for all models.
    """
    checks.integer("n_bootstrap", n_bootstrap, low=1)
    n_classes = next(iter(runs.values()))[0].n_classes
    found = {model: np.full((n_bootstrap, n_classes), np.nan) for model in runs}
    tests = {model: ran(seeds) for model, seeds in runs.items() if ran(seeds)}
    if tests:
        clips = next(iter(tests.values()))[0]
        labels = clips.of("labels")
        hits = [
            metrics.hit_shares(labels, np.stack([run.predicted() for run in seeds]))
            for seeds in tests.values()
        ]
        drawn = metrics.bootstrap_recalls(
            labels,
            np.stack(hits),
            clips.of("songs"),
            n_classes=n_classes,
            n_bootstrap=n_bootstrap,
            seed=seed,
        )
        found |= zip(tests, drawn, strict=True)
    return found
