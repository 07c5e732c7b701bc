"""Labelled clips as a training reads them: which an epoch draws, whole batches, their logits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

Batch = tuple[dict[str, Tensor], Tensor]


class Clips(Protocol):
    """Features and labels of one subset."""

    @property
    def labels(self) -> np.ndarray:
        """Class ids [shape=(n,)], int64, in the order of the clips."""
        ...

    def __len__(self) -> int: ...

    def batch(self, indices: Sequence[int]) -> Batch:
        """Return (name -> Tensor [shape=(B, ...)], labels Tensor [shape=(B,)], int64)."""
        ...


def draw(n: int, *, epoch_size: int | None = None, seed: int, epoch: int) -> list[int]:
    """Return the clips of one epoch in order, a function of (seed, epoch) alone.

    First a permutation of all ``n`` clips; an epoch that is longer goes on with draws with
    replacement, a shorter one takes the permutation's beginning; ``epoch_size`` None is one pass.

    Examples
    --------
    >>> drawn = draw(3, epoch_size=5, seed=0, epoch=0)
    >>> sorted(drawn[:3]), len(drawn)
    ([0, 1, 2], 5)
    """
    size = n if epoch_size is None else epoch_size
    generator = np.random.default_rng((seed, epoch))
    # ASSUME: the paper's epoch of 8192 of 5841 clips: one pass, the rest with replacement
    once = generator.permutation(n)[:size]
    again = generator.integers(n, size=size - len(once))
    return np.concatenate([once, again]).tolist()


def share(indices: Sequence[int], *, rank: int, devices: int) -> list[int]:
    """Return every ``devices``-th index from ``rank`` on, equally many for all devices.

    So a batch holds the same clips on one device as on several together. The last devices get
    indices from the beginning again if the number does not come out.

    Examples
    --------
    >>> [share([5, 6, 7], rank=rank, devices=2) for rank in range(2)]
    [[5, 7], [6, 5]]
    """
    size = math.ceil(len(indices) / devices)
    return [indices[i % len(indices)] for i in range(rank, size * devices, devices)]


class _Batches(Dataset):
    """Clips as a data set that PyTorch asks for whole batches."""

    def __init__(self, clips: Clips) -> None:
        self.clips = clips

    def __getitems__(self, indices: list[int]) -> Batch:
        return self.clips.batch(indices)


def loader(
    clips: Clips,
    order: Sequence[int],
    *,
    batch_size: int,
    drop_last: bool = False,
    num_workers: int = 0,
    pin_memory: bool = False,
) -> DataLoader[Batch]:
    """Return a loader of batches in this order, which is read again at every pass."""
    return DataLoader(
        _Batches(clips),
        batch_size=batch_size,
        sampler=order,
        drop_last=drop_last,
        collate_fn=tuple,  # the batch as it is
        num_workers=num_workers,
        pin_memory=pin_memory,
        persistent_workers=num_workers > 0,
        generator=torch.Generator(),  # so that the global one is left alone
    )


def predict(network: nn.Module, batches: Iterable[Batch], device: str | torch.device) -> Tensor:
    """Return the logits [shape=(n, n_classes)], float32, of a loader's clips, in eval mode."""
    network.eval()
    with torch.inference_mode():
        return torch.cat([network(to_device(batch, device)[0]).float() for batch in batches])


def to_device(batch: Batch, device: str | torch.device) -> Batch:
    """Return a batch on a device."""
    features, labels = batch
    moved = {name: value.to(device, non_blocking=True) for name, value in features.items()}
    return moved, labels.to(device, non_blocking=True)
