"""Predictions of one trained classifier and seed, as the training scripts store them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jtfs_repro import checks, io, tables
from jtfs_repro.datasets.medley_solos_db import CLASSES
from jtfs_repro.metrics.classification import class_ids, top_predictions

N_CLASSES = len(CLASSES)
SCORED_SUBSETS = ("validation", "test")


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Logits of one subset [shape=(n, 8)], float32, with what is needed to score them.

    Of a support vector machine decision values; the largest one is the prediction. Labels are ids
    in the order of `CLASSES`. ValueError: a shape or label is wrong, a logit is not finite, or a
    clip stands twice.
    """

    logits: np.ndarray
    labels: np.ndarray
    songs: np.ndarray
    uuids: np.ndarray

    def __post_init__(self) -> None:
        n = len(self.logits)
        for name in ("labels", "songs", "uuids"):
            shape = getattr(self, name).shape
            if shape != (n,):
                checks.fail(f"{name}.shape", shape, f"be ({n},)", "one per row of the logits")
        if self.logits.shape != (n, N_CLASSES):
            checks.fail("logits.shape", self.logits.shape, f"be ({n}, {N_CLASSES})")
        class_ids("labels", self.labels, N_CLASSES)
        top_predictions(self.logits)
        if len(np.unique(self.uuids)) != n:
            checks.fail("uuids", f"{n} names", "be unique", "a clip scored twice?")

    @classmethod
    def empty(cls) -> Scored:
        """Return the scores of no clip."""
        names = np.zeros(0, dtype="<U1")
        logits = np.zeros((0, N_CLASSES), dtype=np.float32)
        return cls(logits=logits, labels=np.zeros(0, dtype=np.int64), songs=names, uuids=names)

    @property
    def predictions(self) -> np.ndarray:
        """Predicted ids [shape=(n,)]."""
        return top_predictions(self.logits)


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """One trained model and seed: its logits of the validation and test clips.

    ``n_parameters`` is 0 if there is none or it was not run, ``best_epoch`` (from 0) is -1 if the
    model has no epochs; ``not_run`` is "reason; remedy", or empty. ValueError: a number is out of
    range, or there are clips although it was not run, or the reverse.
    """

    model: str
    seed: int
    n_parameters: int
    best_epoch: int
    validation: Scored
    test: Scored
    not_run: str = ""

    def __post_init__(self) -> None:
        checks.integer("n_parameters", self.n_parameters, low=0)
        checks.integer("best_epoch", self.best_epoch, low=-1)
        for name in SCORED_SUBSETS:
            n = len(getattr(self, name).labels)
            if bool(n) == bool(self.not_run):
                rule = "be 0 where not run, else positive"
                checks.fail(f"number of {name} clips", n, rule, f"not_run={self.not_run!r}")

    @classmethod
    def absent(cls, model: str, seed: int, *, not_run: str) -> Prediction:
        """Return what stands for a model that did not run, for "reason; remedy"."""
        nothing = Scored.empty()
        return cls(
            model=model,
            seed=seed,
            n_parameters=0,
            best_epoch=-1,
            validation=nothing,
            test=nothing,
            not_run=not_run,
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Prediction:
        """Collect the arrays that `arrays` returned.

        ValueError: an array is missing or wrong.
        """
        try:
            scored = {
                subset: Scored(
                    logits=np.asarray(arrays[f"{subset}_logits"]),
                    labels=np.asarray(arrays[f"{subset}_labels"]),
                    songs=np.asarray(arrays[f"{subset}_songs"]),
                    uuids=np.asarray(arrays[f"{subset}_uuids"]),
                )
                for subset in SCORED_SUBSETS
            }
            return cls(
                model=str(arrays["model"]),
                seed=int(arrays["seed"]),
                n_parameters=int(arrays["n_parameters"]),
                best_epoch=int(arrays["best_epoch"]),
                not_run=str(arrays["not_run"]),
                **scored,
            )
        except KeyError as error:
            checks.fail("arrays", sorted(arrays), f"hold {error}", "rerun the training")

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the named arrays of the stored file."""
        numbers = ("model", "seed", "not_run", "n_parameters", "best_epoch")
        kinds = {"logits": np.float32, "labels": np.int64, "songs": np.str_, "uuids": np.str_}
        return {name: np.array(getattr(self, name)) for name in numbers} | {
            f"{subset}_{name}": np.asarray(getattr(getattr(self, subset), name), dtype=kind)
            for subset in SCORED_SUBSETS
            for name, kind in kinds.items()
        }

    @property
    def status(self) -> str:
        """'run', or 'not run: reason; remedy'."""
        return tables.status_of(self.not_run)


def load_prediction(path: str | os.PathLike[str]) -> Prediction:
    """Read one stored prediction.

    FileError: the file is missing, truncated, or does not hold a prediction.
    """
    arrays = io.load_arrays(path)
    try:
        return Prediction.from_arrays(arrays)
    except (ValueError, TypeError) as error:
        raise io.FileError(f"{path}: {error} (delete it and run the training again)") from None


def check_comparable(predictions: Sequence[Prediction]) -> None:
    """Check that all models and seeds that ran were scored on the same clips, in one order.

    ValueError: there is no prediction, one model and seed stands twice, or clips differ.
    """
    if not predictions:
        checks.fail("predictions", [], "hold at least one model")
    names = [f"{p.model} seed {p.seed}" for p in predictions]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        checks.fail("predictions", twice, "stand once", "the same file twice?")
    ran = [p for p in predictions if not p.not_run]
    for other in ran[1:]:
        for subset in SCORED_SUBSETS:
            _check_same_clips(ran[0], other, subset)


def _check_same_clips(first: Prediction, other: Prediction, subset: str) -> None:
    mine, theirs = getattr(first, subset), getattr(other, subset)
    pair = f"{subset} clips of {first.model} seed {first.seed} and {other.model} seed {other.seed}"
    if len(mine.uuids) != len(theirs.uuids):
        sizes = (len(mine.uuids), len(theirs.uuids))
        checks.fail(pair, sizes, "be the same clips", "other clip sets, or score_drop_last?")
    for name in ("uuids", "labels", "songs"):
        differs = np.flatnonzero(getattr(mine, name) != getattr(theirs, name))
        if len(differs):
            found = f"{name} differ from row {differs[0]} on"
            checks.fail(pair, found, "be the same clips in one order", "different clip sets?")


def devices(costs: Sequence[Mapping[str, Any]]) -> str:
    """Return the devices of all costs as a stamp names them, 'cpu' if nothing was computed.

    Examples
    --------
    >>> devices([{"device": "cuda"}, {"device": "cpu"}, {"device": ""}])
    'cpu+cuda'
    """
    found = {part for cost in costs for part in str(cost.get("device") or "").split("+") if part}
    return "+".join(sorted(found)) or "cpu"
