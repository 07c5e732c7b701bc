"""The classifiers of Section 4, one training or fit a job."""

from __future__ import annotations

import io as memory
from pathlib import Path
from typing import Any

import torch

from jtfs_repro import config, io
from jtfs_repro.datasets.clips import ClipSet
from jtfs_repro.runs import parse_run, stamp_of
from jtfs_repro.studies.instruments import fit_baseline as fitting
from jtfs_repro.studies.instruments import train_network as training
from jtfs_repro.studies.instruments.clip_store import open_features
from jtfs_repro.studies.instruments.learning_curves import HISTORY
from jtfs_repro.studies.instruments.predictions import (
    Prediction,
    absent,
    save_prediction,
    scored,
)
from jtfs_repro.training.baselines import Baseline
from jtfs_repro.training.fit import Fitted
from jtfs_repro.training.place import Place


def train_classifier(
    *,
    run: str,
    feature_gin: list[str],
    clips: Path,
    facts: Path,
    statistics: Path,
    shards: list[Path],
    model: str,
    seed: int,
    device: str = "auto",
    devices: int = 1,
    partial: Path,
    predictions: Path,
) -> None:
    """Train one network of Table 2 on stored features, with one seed.

    Write predictions, and history, cost and weights beside; ``partial`` holds checkpoints.
    """
    store = open_features(clips, facts, shards, gin=feature_gin, statistics=statistics)
    made: Any = store.not_run
    if not made:
        place = Place(folder=partial, device=device, devices=devices)
        train = config.bound(training.train_network)
        made = train(store, model=model, seed=seed, place=place)
    save_network(predictions, made, store.clips, model=model, seed=seed, run=run)
    io.remove_folder(partial)


TOO_SLOW = "no GPU: the transform at every step, 1 s per clip; --config end_to_end=always"


def train_end_to_end(
    *,
    run: str,
    feature_gin: list[str],
    clips: Path,
    facts: Path,
    folder: str,
    statistics: Path,
    left_out: bool = False,
    model: str,
    seed: int,
    device: str = "auto",
    devices: int = 1,
    partial: Path,
    predictions: Path,
) -> None:
    """Train the network on audio, the transform inside the model, with one seed.

    Write what `train_classifier` writes; if ``left_out``, why it was not run.
    """
    store = open_features(clips, facts, [], gin=feature_gin, statistics=statistics, folder=folder)
    made: Any = store.not_run or (TOO_SLOW if left_out else "")
    if not made:
        place = Place(folder=partial, device=device, devices=devices)
        train = config.bound(training.train_end_to_end)
        made = train(store, model=model, seed=seed, place=place)
    save_network(predictions, made, store.clips, model=model, seed=seed, run=run)
    io.remove_folder(partial)


def fit_baseline(
    *,
    run: str,
    feature_gin: list[str],
    clips: Path,
    facts: Path,
    statistics: Path | None = None,
    shards: list[Path],
    model: str,
    predictions: Path,
) -> None:
    """Fit a classifier of scikit-learn on one vector per clip.

    Write predictions, and the cost beside them.
    """
    store = open_features(clips, facts, shards, gin=feature_gin, statistics=statistics)
    made = store.not_run or config.bound(fitting.fit_baseline)(store)
    save_result(predictions, made, store.clips, model=model, seed=0, run=run)


def save_network(
    path: Path, made: Fitted | str, clips: ClipSet, *, model: str, seed: int, run: str
) -> None:
    """Write what `save_result` writes, and beside it the history and the weights."""
    history, state_dict = ([], {}) if isinstance(made, str) else (made.history, made.state_dict)
    if history:
        io.save_csv(path.with_suffix(".csv"), history)
    else:
        io.save_text(path.with_suffix(".csv"), ",".join(HISTORY))
    buffer = memory.BytesIO()
    torch.save(state_dict, buffer)  # given a path instead, it would store its name as well
    with io.atomic_path(path.with_suffix(".pt")) as part:
        part.write_bytes(buffer.getbuffer())
    save_result(path, made, clips, model=model, seed=seed, run=run)


def save_result(
    path: Path, made: Fitted | Baseline | str, clips: ClipSet, *, model: str, seed: int, run: str
) -> None:
    """Write the predictions and, beside them, the cost; of what did not run, "reason; remedy"."""
    if isinstance(made, str):
        prediction, cost = absent(clips, model, seed, made), {"device": ""}
    else:
        logits = {"validation": made.validation_logits, "test": made.test_logits}
        prediction = Prediction(
            model=model,
            seed=seed,
            n_parameters=made.n_parameters,
            best_epoch=made.best_epoch if isinstance(made, Fitted) else -1,
            arrays=scored(clips, logits),
        )
        cost = made.cost
    device = cost["device"]
    stamp = stamp_of(run, device=device).as_dict() if device else parse_run(run)
    facts = {"model": model, "seed": seed, "status": prediction.status}
    facts |= {"n_parameters": prediction.n_parameters, **cost, **stamp}
    io.save_json(path.with_suffix(".json"), facts)
    save_prediction(path, prediction)
