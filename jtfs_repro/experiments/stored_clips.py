"""What the scripts of Section 4 read and write around one training."""

from __future__ import annotations

import argparse
import io as memory
import os
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from jtfs_repro import io
from jtfs_repro.experiments.clip_sets import ClipSet
from jtfs_repro.experiments.clip_statistics import PathStatistics, from_arrays
from jtfs_repro.experiments.learning_curves import HISTORY
from jtfs_repro.experiments.predictions import Prediction
from jtfs_repro.experiments.trained import Trained
from jtfs_repro.provenance import Stamp


def load_statistics(
    path: str | os.PathLike[str], *, settings_sha256: str, clip_set: ClipSet
) -> dict[str, PathStatistics]:
    """Read the statistics of a representation.

    Raises
    ------
    FileError
        They are missing, or were made from features of other settings or of other clips.
    """
    facts = io.load_json(Path(path).with_suffix(".json"))
    if (facts["settings_sha256"], facts["clips_sha256"]) != (settings_sha256, clip_set.sha256):
        raise io.FileError(f"{path}: of other settings or clips (delete it and run again)")
    return from_arrays(io.load_arrays(path))


def not_trained(model: str, seed: int, reason: str) -> Trained:
    """Return what stands for a training that did not run, for "reason; remedy"."""
    prediction = Prediction.absent(model, seed, not_run=reason)
    return Trained(prediction=prediction, history=[], cost={"device": ""}, state_dict={})


def add_clip_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that all scripts share which train or fit a classifier."""
    parser.add_argument("--feature-gin", nargs="+", required=True, help="gin files of the feature")
    parser.add_argument("--clips", required=True, help=".csv: the index of the clip set")
    parser.add_argument("--facts", required=True, help=".json of the index")
    parser.add_argument("--statistics", nargs="?", help=".npz with .json beside it, if used")
    parser.add_argument(
        "--predictions", required=True, help="output .npz; .csv, .json and .pt are beside it"
    )


def add_training_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a training."""
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--devices", type=int, default=1, help="number of GPUs")
    parser.add_argument("--partial", required=True, help="folder of checkpoints")


def save_trained(options: argparse.Namespace, trained: Trained) -> None:
    """Write predictions, and beside them the history, the cost and the weights."""
    path = Path(options.predictions)
    prediction = trained.prediction
    stamp = {name: getattr(options, name) for name in ("scale", "preset", "variant")}
    if trained.cost["device"]:
        stamp = Stamp.of(options, device=trained.cost["device"]).as_dict()
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
