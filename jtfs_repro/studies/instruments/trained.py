"""Result of one training or fit of a classifier, what identifies it, and its files."""

from __future__ import annotations

import hashlib
import io as memory
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from jtfs_repro import io
from jtfs_repro.models.statistics import Statistics
from jtfs_repro.runs import parse_run, stamp_of
from jtfs_repro.studies.instruments.clip_statistics import from_arrays
from jtfs_repro.studies.instruments.clip_store import ClipSet
from jtfs_repro.studies.instruments.learning_curves import HISTORY
from jtfs_repro.studies.instruments.predictions import N_CLASSES, Prediction, Scored
from jtfs_repro.training.fit import fit
from jtfs_repro.training.place import Place
from jtfs_repro.training.settings import TrainingSettings

SCORED = ("validation", "test")
SUBSETS = ("training", *SCORED)
Read = Callable[[np.ndarray], Mapping[str, np.ndarray]]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What one training leaves: predictions, one history row per epoch, cost and chosen weights.

    ``cost`` holds ``device``, and of a training ``seconds_training``, ``n_steps``,
    ``clips_per_second``, ``peak_memory_bytes``.
    """

    prediction: Prediction
    history: list[dict[str, Any]]
    cost: dict[str, Any]
    state_dict: dict[str, Tensor]


class ClipRows:
    """Some clips of a set, as a training reads them (`jtfs_repro.training.clips.Clips`).

    ``read`` maps rows of the clip set to {name: array [shape=(B, ...)]}; ``labels`` are those of
    all clips of the set.
    """

    def __init__(self, read: Read, rows: np.ndarray, labels: np.ndarray) -> None:
        self.read = read
        self.rows = rows
        self.labels = labels[rows]

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, indices: Sequence[int]) -> tuple[dict[str, Tensor], Tensor]:
        """Return (name -> Tensor [shape=(B, ...)], labels [shape=(B,)])."""
        chosen = np.asarray(indices)
        parts = self.read(self.rows[chosen])
        tensors = {name: torch.from_numpy(part) for name, part in parts.items()}
        return tensors, torch.from_numpy(self.labels[chosen])


def run_training(
    network: nn.Module,
    read: Read,
    clip_set: ClipSet,
    *,
    model: str,
    settings_sha256: str,
    settings: TrainingSettings | None,
    seed: int,
    place: Place,
) -> Trained:
    """Train a network and collect what it leaves; see `jtfs_repro.training.fit.fit`.

    ``place`` holds one folder per network, features, clips and settings: other ones start anew.
    """
    settings = settings or TrainingSettings()
    identity = fingerprint(model, network, clip_set, settings_sha256)
    training, validation, test = (
        ClipRows(read, clip_set.rows(subset), clip_set.labels) for subset in SUBSETS
    )
    own = hashlib.sha256(f"{identity} {settings}".encode()).hexdigest()[:16]
    fitted = fit(
        network,
        training,
        validation,
        test,
        n_classes=N_CLASSES,
        settings=settings,
        seed=seed,
        place=place.below(own),
        fingerprint=identity,
    )
    prediction = Prediction(
        model=model,
        seed=seed,
        n_parameters=fitted.n_parameters,
        best_epoch=fitted.best_epoch,
        validation=scored(clip_set, "validation", fitted.validation_logits),
        test=scored(clip_set, "test", fitted.test_logits),
    )
    return Trained(
        prediction=prediction,
        history=fitted.history,
        cost=fitted.cost,
        state_dict=fitted.state_dict,
    )


def scored(clip_set: ClipSet, subset: str, logits: np.ndarray) -> Scored:
    """Return logits with what is needed to score them; they may lack the last clips."""
    rows = clip_set.rows(subset)[: len(logits)]
    return Scored(
        logits=np.asarray(logits, dtype=np.float32),
        labels=clip_set.labels[rows],
        songs=clip_set.songs[rows],
        uuids=clip_set.uuids[rows],
    )


def fingerprint(model: str, network: nn.Module, clip_set: ClipSet, settings_sha256: str) -> str:
    """Return what a checkpoint must agree with, besides the settings of the training."""
    digest = hashlib.sha256(repr(network).encode())
    for name, value in network.named_buffers():
        digest.update(name.encode() + value.detach().cpu().numpy().tobytes())
    parts = {
        "model": model,
        "network": digest.hexdigest()[:16],
        "features": settings_sha256[:16],
        "clips": clip_set.sha256[:16],
    }
    return " ".join(f"{name}={value}" for name, value in parts.items())


def load_statistics(
    path: str | os.PathLike[str], *, settings_sha256: str, clip_set: ClipSet
) -> dict[str, Statistics]:
    """Read the statistics of a representation.

    FileError: they are missing, or were made from features of other settings or of other clips.
    """
    facts = io.load_json(Path(path).with_suffix(".json"))
    if (facts["settings_sha256"], facts["clips_sha256"]) != (settings_sha256, clip_set.sha256):
        raise io.FileError(f"{path}: of other settings or clips (delete it and run again)")
    return from_arrays(io.load_arrays(path))


def not_trained(model: str, seed: int, reason: str) -> Trained:
    """Return what stands for a training that did not run, for "reason; remedy"."""
    prediction = Prediction.absent(model, seed, not_run=reason)
    return Trained(prediction=prediction, history=[], cost={"device": ""}, state_dict={})


def save_trained(path: Path, trained: Trained, *, run: str) -> None:
    """Write predictions, and beside them the history, the cost and the weights."""
    prediction = trained.prediction
    device = trained.cost["device"]
    stamp = stamp_of(run, device=device).as_dict() if device else parse_run(run)
    named = {"model": prediction.model, "seed": prediction.seed, "status": prediction.status}
    facts = named | {"n_parameters": prediction.n_parameters} | trained.cost | stamp
    io.save_json(path.with_suffix(".json"), facts)
    if prediction.model not in BASELINES:
        _save_history(path.with_suffix(".csv"), trained.history)
        _save_weights(path.with_suffix(".pt"), trained.state_dict)
    io.save_arrays(path, **prediction.arrays())


BASELINES = ("mfcc_svm", "jtfs_linear")


def _save_weights(path: Path, state_dict: dict[str, Tensor]) -> None:
    """Write weights for `torch.load`; given a path instead, torch would store its name as well."""
    buffer = memory.BytesIO()
    torch.save(state_dict, buffer)
    with io.atomic_path(path) as part:
        part.write_bytes(buffer.getbuffer())


def _save_history(path: Path, history: Sequence[dict]) -> None:
    if history:
        io.save_csv(path, history)
    else:
        io.save_text(path, ",".join(HISTORY))
