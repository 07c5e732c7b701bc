"""Scores of the classifiers: recalls of every seed, and of resampled songs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jtfs_repro import checks
from jtfs_repro.metrics import classification as metrics
from jtfs_repro.studies.instruments.predictions import N_CLASSES, Prediction, check_comparable

MODELS = ("mfcc_svm", "cqt", "scattering1d", "jtfs_linear", "jtfs", "jtfs_end_to_end")


@dataclass(frozen=True, kw_only=True)
class ModelScores:
    """Test scores of one model: all seeds, ascending, also those that did not run.

    ``recalls`` [shape=(n_seeds, 8)] holds the test recall per class id of the seeds that ran,
    ``resampled`` [shape=(n_bootstrap, 8)] the same averaged over seeds, of resampled songs; equal
    draws for all models.
    """

    model: str
    runs: tuple[Prediction, ...]
    recalls: np.ndarray
    resampled: np.ndarray

    @property
    def ran(self) -> tuple[Prediction, ...]:
        """The seeds that ran."""
        return tuple(run for run in self.runs if not run.not_run)

    @property
    def status(self) -> str:
        """'run' if a seed ran, else 'not run: reason; remedy' of the first."""
        return (self.ran or self.runs)[0].status


def model_scores(
    predictions: Sequence[Prediction],
    *,
    models: Sequence[str] = MODELS,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> list[ModelScores]:
    """Score every model on its test clips, in the order of ``models``; songs are resampled.

    ValueError: a model is not in ``models``, the predictions are not of the same clips, or the
    number of resamples is out of range.
    """
    checks.integer("n_bootstrap", n_bootstrap, low=1)
    check_comparable(predictions)
    for prediction in predictions:
        checks.choice("model", prediction.model, models)
    runs = {
        model: tuple(sorted((p for p in predictions if p.model == model), key=lambda p: p.seed))
        for model in models
    }
    resampled = _resampled(runs, n_bootstrap=n_bootstrap, seed=seed)
    nothing = np.full((n_bootstrap, N_CLASSES), np.nan)
    return [
        ModelScores(
            model=model,
            runs=seeds,
            recalls=_recalls(seeds),
            resampled=resampled.get(model, nothing),
        )
        for model, seeds in runs.items()
        if seeds
    ]


def _recalls(runs: Sequence[Prediction]) -> np.ndarray:
    rows = [
        metrics.class_recalls(p.test.labels, p.test.predictions, N_CLASSES)
        for p in runs
        if not p.not_run
    ]
    return np.reshape(rows, (-1, N_CLASSES))


def _resampled(
    runs: dict[str, tuple[Prediction, ...]], *, n_bootstrap: int, seed: int
) -> dict[str, np.ndarray]:
    """Return resampled recalls by model, of all models that ran, from the same draws."""
    tests = {model: [p.test for p in seeds if not p.not_run] for model, seeds in runs.items()}
    tests = {model: scored for model, scored in tests.items() if scored}
    if not tests:
        return {}
    clips = next(iter(tests.values()))[0]
    hits = [
        metrics.hit_shares(clips.labels, np.stack([test.predictions for test in scored]))
        for scored in tests.values()
    ]
    recalls = metrics.bootstrap_recalls(
        clips.labels,
        np.stack(hits),
        clips.songs,
        n_classes=N_CLASSES,
        n_bootstrap=n_bootstrap,
        seed=seed,
    )
    return dict(zip(tests, recalls, strict=True))
