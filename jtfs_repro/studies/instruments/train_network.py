"""Train a network of Table 2 on stored features, with one seed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import torch
from torch import nn

from jtfs_repro.studies.instruments.clip_statistics import PathStatistics
from jtfs_repro.studies.instruments.clip_store import ClipSet, ClipStore
from jtfs_repro.studies.instruments.trained import Trained, network_statistics, run_training
from jtfs_repro.training.settings import TrainingSettings


def train_network(
    clip_set: ClipSet,
    store: ClipStore,
    statistics: Mapping[str, PathStatistics],
    *,
    model: str,
    seed: int,
    folder: str | os.PathLike[str],
    network: Callable[..., nn.Module],
    settings: TrainingSettings | None = None,
    device: str = "auto",
    devices: int = 1,
    progress: bool = True,
) -> Trained:
    """Train a network on stored features; ``network(shapes=, statistics=)`` returns the module.

    ``seed`` is that of the initial weights, sampling and dropout; ``folder`` is where the training
    keeps what it needs to go on after a kill. ValueError, TypeError, FileError: see
    `jtfs_repro.training.fit.fit`; features or statistics do not fit the network.
    """
    torch.manual_seed(seed)
    made = network(shapes=store.shapes, statistics=network_statistics(statistics))
    return run_training(
        made,
        store.tensors,
        clip_set,
        model=model,
        settings_sha256=store.settings_sha256,
        settings=settings,
        seed=seed,
        folder=folder,
        device=device,
        devices=devices,
        progress=progress,
    )
