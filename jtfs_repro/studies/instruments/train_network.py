"""Train a network of Table 2 on stored features, with one seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import nn

from jtfs_repro.models.statistics import Statistics
from jtfs_repro.studies.instruments.clip_store import ClipSet, ClipStore
from jtfs_repro.studies.instruments.predictions import N_CLASSES
from jtfs_repro.studies.instruments.trained import Trained, run_training
from jtfs_repro.training.place import Place
from jtfs_repro.training.settings import TrainingSettings


def train_network(
    clip_set: ClipSet,
    store: ClipStore,
    statistics: Mapping[str, Statistics],
    *,
    model: str,
    seed: int,
    place: Place,
    network: Callable[..., nn.Module],
    settings: TrainingSettings | None = None,
) -> Trained:
    """Train ``network(shapes=, statistics=, n_classes=)`` on stored features.

    ``seed`` is that of the initial weights, sampling and dropout. ValueError, TypeError, FileError:
    see `jtfs_repro.training.fit.fit`; features or statistics do not fit the network.
    """
    torch.manual_seed(seed)
    made = network(shapes=store.shapes, statistics=statistics, n_classes=N_CLASSES)
    return run_training(
        made,
        store.tensors,
        clip_set,
        model=model,
        settings_sha256=store.settings_sha256,
        settings=settings,
        seed=seed,
        place=place,
    )
