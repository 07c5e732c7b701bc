"""Predictions of one trained classifier and seed: logits with what is needed to score them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jtfs_repro import checks, io, tables
from jtfs_repro.datasets.clips import ClipSet
from jtfs_repro.metrics.classification import class_ids, top_predictions

SCORED = ("validation", "test")
# of every scored subset: what is stored, and as what
KINDS = {"logits": np.float32, "labels": np.int64, "songs": np.str_, "uuids": np.str_}
NUMBERS = ("model", "seed", "not_run", "n_parameters", "best_epoch")


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """One trained model and seed: its logits of the validation and test clips.

    ValueError: a number is out of range, a shape or label is wrong, a logit is not finite, a clip
    stands twice, or there are clips although it was not run, or the reverse.

    Parameters
    ----------
    n_parameters : int; 0 if there is none or it was not run
    best_epoch : int; from 0, -1 if the model has no epochs
    arrays : mapping
        "test_logits" [shape=(n, n_classes)], float32 (of a support vector machine decision values),
        "test_labels", "test_songs", "test_uuids" [shape=(n,)]: true class ids, groups and names of
        the clips; the same of "validation".
    not_run : str; "reason; remedy", or empty
    """

    model: str
    seed: int
    n_parameters: int
    best_epoch: int
    arrays: Mapping[str, np.ndarray]
    not_run: str = ""

    def __post_init__(self) -> None:
        checks.integer("n_parameters", self.n_parameters, low=0)
        checks.integer("best_epoch", self.best_epoch, low=-1)
        for subset in SCORED:
            logits, labels, songs, uuids = (self.arrays[f"{subset}_{name}"] for name in KINDS)
            n = len(logits)
            if bool(n) == bool(self.not_run):
                rule = "be 0 where not run, else positive"
                checks.fail(f"number of {subset} clips", n, rule, f"not_run={self.not_run!r}")
            for name, values in zip(list(KINDS)[1:], (labels, songs, uuids), strict=True):
                if values.shape != (n,):
                    checks.fail(
                        f"{name}.shape", values.shape, f"be ({n},)", "one per row of logits"
                    )
            if logits.shape != (n, self.n_classes):
                checks.fail("logits.shape", logits.shape, f"be ({n}, {self.n_classes})")
            class_ids("labels", labels, self.n_classes)
            if n:
                top_predictions(logits)
            if len(np.unique(uuids)) != n:
                checks.fail("uuids", f"{n} names", "be unique", "a clip scored twice?")

    @property
    def n_classes(self) -> int:
        """Number of classes of the clip set."""
        return self.arrays["test_logits"].shape[1]

    def of(self, name: str, subset: str = "test") -> np.ndarray:
        """Return "logits", "labels", "songs" or "uuids" of a subset."""
        return self.arrays[f"{subset}_{name}"]

    def predicted(self, subset: str = "test") -> np.ndarray:
        """Return the predicted ids [shape=(n,)]."""
        return top_predictions(self.of("logits", subset))

    @property
    def status(self) -> str:
        """'run', or 'not run: reason; remedy'."""
        return tables.status_of(self.not_run)


def scored(clips: ClipSet, logits: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the `Prediction.arrays` of logits by subset; they may lack its last clips."""
    arrays: dict[str, np.ndarray] = {}
    for subset in SCORED:
        rows = clips.rows(subset)[: len(logits[subset])]
        found = (logits[subset], clips.labels[rows], clips.groups[rows], clips.names[rows])
        for (name, kind), values in zip(KINDS.items(), found, strict=True):
            arrays[f"{subset}_{name}"] = np.asarray(values, dtype=kind)
    return arrays


def absent(clips: ClipSet, model: str, seed: int, reason: str) -> Prediction:
    """Return what stands for a model that did not run, for "reason; remedy"."""
    nothing = np.zeros((0, len(clips.classes)))
    arrays = scored(clips, dict.fromkeys(SCORED, nothing))
    return Prediction(
        model=model, seed=seed, n_parameters=0, best_epoch=-1, arrays=arrays, not_run=reason
    )


def save_prediction(path: str | os.PathLike[str], prediction: Prediction) -> None:
    """Write the named arrays of a prediction as ``.npz``."""
    numbers = {name: np.array(getattr(prediction, name)) for name in NUMBERS}
    io.save_arrays(path, **numbers, **prediction.arrays)


def load_prediction(path: str | os.PathLike[str]) -> Prediction:
    """Read one stored prediction.

    FileError: the file is missing, truncated, or does not hold a prediction.
    """
    stored = io.load_arrays(path)
    try:
        for name in (*NUMBERS, *(f"{subset}_{name}" for subset in SCORED for name in KINDS)):
            if name not in stored:
                checks.fail("arrays", sorted(stored), f"hold {name!r}", "rerun the training")
        numbers: dict[str, Any] = {name: stored.pop(name).item() for name in NUMBERS}
        return Prediction(**numbers, arrays=stored)
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
        for subset in SCORED:
            _check_same_clips(ran[0], other, subset)


def _check_same_clips(first: Prediction, other: Prediction, subset: str) -> None:
    pair = f"{subset} clips of {first.model} seed {first.seed} and {other.model} seed {other.seed}"
    sizes = (len(first.of("uuids", subset)), len(other.of("uuids", subset)))
    if sizes[0] != sizes[1]:
        checks.fail(pair, sizes, "be the same clips", "other clip sets, or score_drop_last?")
    for name in ("uuids", "labels", "songs"):
        differs = np.flatnonzero(first.of(name, subset) != other.of(name, subset))
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
