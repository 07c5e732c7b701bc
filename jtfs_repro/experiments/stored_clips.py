"""Reading and writing of statistics, predictions, histories and weights of Section 4."""

from __future__ import annotations

import io as memory
import os
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from jtfs_repro import io
from jtfs_repro.experiments.clip_statistics import PathStatistics, from_arrays
from jtfs_repro.experiments.clip_store import ClipSet
from jtfs_repro.experiments.learning_curves import HISTORY
from jtfs_repro.experiments.predictions import Prediction
from jtfs_repro.experiments.trained import Trained
from jtfs_repro.runs import parse_run, stamp_of


def load_statistics(
    path: str | os.PathLike[str], *, settings_sha256: str, clip_set: ClipSet
) -> dict[str, PathStatistics]:
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
