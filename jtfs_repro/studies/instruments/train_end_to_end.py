"""Train the network on audio: the transform is inside the model, with augmentation before it.

The paper could not afford this and stores the features instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from jtfs_repro.datasets.clip_audio import ClipAudio
from jtfs_repro.features.clip_tensors import ClipTensors
from jtfs_repro.models.augmentation import Augmentation
from jtfs_repro.models.end_to_end import AUDIO, JtfsEndToEnd
from jtfs_repro.models.statistics import Statistics
from jtfs_repro.studies.instruments.clip_store import ClipSet
from jtfs_repro.studies.instruments.extract_clips import Reading
from jtfs_repro.studies.instruments.predictions import N_CLASSES
from jtfs_repro.studies.instruments.trained import Trained, run_training
from jtfs_repro.training.place import Place
from jtfs_repro.training.settings import TrainingSettings

MODEL = "jtfs_end_to_end"


def train_end_to_end(
    clip_set: ClipSet,
    audio_folder: str | os.PathLike[str],
    statistics: Mapping[str, Statistics],
    *,
    seed: int,
    place: Place,
    feature: Callable[..., ClipTensors],
    network: Callable[..., nn.Module],
    feature_sha256: str = "",
    reading: Reading | None = None,
    augmentation: Augmentation | None = None,
    settings: TrainingSettings | None = None,
) -> Trained:
    """Train a network on audio; the transform is computed at every step.

    ``statistics`` are those of the same features, stored, whose settings have the digest
    ``feature_sha256``; ``feature(sr=, n_samples=)`` returns the transform. Otherwise as
    `train_network`.
    """
    audio = (reading or Reading()).open(clip_set.paths(audio_folder), clip_set.sha256s)
    transform = feature(sr=audio.sr_hz, n_samples=audio.shape[1])
    torch.manual_seed(seed)
    net = network(shapes=transform.shapes, statistics=statistics, n_classes=N_CLASSES)
    model = JtfsEndToEnd(net=net, transform=Tensors(transform), augmentation=augmentation)
    return run_training(
        model,
        partial(read_audio, audio),
        clip_set,
        model=MODEL,
        settings_sha256=feature_sha256,
        settings=settings,
        seed=seed,
        place=place,
    )


def read_audio(audio: ClipAudio, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return {"audio": [shape=(B, N)]} of these clips, as `run_training` reads it."""
    return {AUDIO: audio[rows]}


class Tensors(nn.Module):
    """A representation as a module whose call gives its named parts."""

    def __init__(self, feature: ClipTensors) -> None:
        super().__init__()
        self.feature = feature

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Return {name: [shape=(B, ...)]} of clips [shape=(B, N)]."""
        return self.feature.tensors(x)
