"""Labelled clips as the training reads them, whole batches by index; and their logits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Sampler

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


class _Batches(Dataset):
    """The first ``n`` clips as a data set that PyTorch asks for whole batches."""

    def __init__(self, clips: Clips, n: int) -> None:
        self.clips = clips
        self.n = n

    def __len__(self) -> int:
        return self.n

    def __getitems__(self, indices: list[int]) -> Batch:
        return self.clips.batch(indices)


def loader(
    clips: Clips,
    *,
    batch_size: int,
    sampler: Sampler[int] | Sequence[int] | None = None,
    n: int | None = None,
    drop_last: bool = False,
    num_workers: int = 0,
    pin_memory: bool = False,
) -> DataLoader[Batch]:
    """Return a loader of batches: in order, or as the sampler says; of the first ``n`` clips."""
    return DataLoader(
        _Batches(clips, len(clips) if n is None else n),
        batch_size=batch_size,
        sampler=sampler,
        drop_last=drop_last,
        collate_fn=_as_it_is,  # pyright: ignore[reportArgumentType]  (it is given a batch)
        num_workers=num_workers,
        pin_memory=pin_memory,
        persistent_workers=num_workers > 0,
        generator=torch.Generator(),  # so that the global one is left alone
    )


def _as_it_is(batch: Batch) -> Batch:
    return batch


def predict(
    network: nn.Module, clips: Clips, *, n: int | None = None, batch_size: int, device: str = "cpu"
) -> np.ndarray:
    """Return the logits of the first ``n`` clips (all if None), batch by batch, in eval mode.

    Result: ndarray [shape=(n, n_classes)], float32.
    """
    network = network.to(device).eval()
    batches = []
    with torch.inference_mode():
        for features, _ in loader(clips, n=n, batch_size=batch_size):
            inputs = {name: value.to(device) for name, value in features.items()}
            batches.append(network(inputs).float().cpu())
    network.cpu()
    return torch.cat(batches).numpy()
