"""Train a network of Table 2 with one seed: on stored features, or on audio.

On audio the transform is inside the model, with augmentation before it. The paper could not afford
this and stores the features instead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from jtfs_repro.datasets.clips import Reading
from jtfs_repro.features.clip_tensors import ClipTensors
from jtfs_repro.models.augmentation import Augmentation
from jtfs_repro.models.end_to_end import AUDIO, JtfsEndToEnd
from jtfs_repro.studies.instruments.clip_store import ClipStore
from jtfs_repro.training.fit import Fitted, fit
from jtfs_repro.training.place import Place
from jtfs_repro.training.settings import TrainingSettings


def train_network(
    store: ClipStore,
    *,
    model: str,
    seed: int,
    place: Place,
    network: Callable[..., nn.Module],
    settings: TrainingSettings | None = None,
) -> Fitted:
    """Train ``network(shapes=, statistics=, n_classes=)`` on stored features.

    ``seed`` is that of the initial weights, sampling and dropout. ValueError, TypeError, FileError:
    see `jtfs_repro.training.fit.fit`; features or statistics do not fit the network.
    """
    torch.manual_seed(seed)
    n_classes = len(store.clips.classes)
    made = network(shapes=store.shapes, statistics=store.statistics, n_classes=n_classes)
    return _fit(made, store, model=model, seed=seed, place=place, settings=settings)


def train_end_to_end(
    store: ClipStore,
    *,
    model: str,
    seed: int,
    place: Place,
    feature: Callable[..., ClipTensors],
    network: Callable[..., nn.Module],
    reading: Reading | None = None,
    augmentation: Augmentation | None = None,
    settings: TrainingSettings | None = None,
) -> Fitted:
    """Train a network on audio; the transform is computed at every step.

    Of the store its clips and the statistics of the same features, stored, are used;
    ``feature(sr=, n_samples=)`` returns the transform. Otherwise as `train_network`.
    """
    clips = replace(store.clips, reading=reading or Reading())
    transform = feature(sr=clips.reading.sr_hz, n_samples=clips.shape[1])
    audio = replace(store, clips=clips, arrays=[clips], shapes={AUDIO: clips.shape[1:]})
    torch.manual_seed(seed)
    n_classes = len(clips.classes)
    net = network(shapes=transform.shapes, statistics=store.statistics, n_classes=n_classes)
    made = JtfsEndToEnd(net=net, transform=Tensors(transform), augmentation=augmentation)
    return _fit(made, audio, model=model, seed=seed, place=place, settings=settings)


class Tensors(nn.Module):
    """A representation as a module whose call gives its named parts."""

    def __init__(self, feature: ClipTensors) -> None:
        super().__init__()
        self.feature = feature

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Return {name: [shape=(B, ...)]} of clips [shape=(B, N)]."""
        return self.feature.tensors(x)


def _fit(
    network: nn.Module,
    store: ClipStore,
    *,
    model: str,
    seed: int,
    place: Place,
    settings: TrainingSettings | None,
) -> Fitted:
    """Train; ``place`` holds a folder per network, features, clips and settings."""
    settings = settings or TrainingSettings()
    identity = fingerprint(model, network, store)
    own = hashlib.sha256(f"{identity} {settings}".encode()).hexdigest()[:16]
    return fit(
        network,
        *map(store.subset, ("training", "validation", "test")),
        n_classes=len(store.clips.classes),
        settings=settings,
        seed=seed,
        place=place.below(own),
        fingerprint=identity,
    )


def fingerprint(model: str, network: nn.Module, store: ClipStore) -> str:
    """Return what a checkpoint must agree with, besides the settings of the training."""
    digest = hashlib.sha256(repr(network).encode())
    for name, value in network.named_buffers():
        digest.update(name.encode() + value.detach().cpu().numpy().tobytes())
    parts = {
        "model": model,
        "network": digest.hexdigest()[:16],
        "features": store.settings_sha256[:16],
        "clips": store.clips.sha256[:16],
    }
    return " ".join(f"{name}={value}" for name, value in parts.items())
