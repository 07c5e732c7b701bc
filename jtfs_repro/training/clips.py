"""Labelled clips as the training reads them: whole batches by index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from jtfs_repro import checks

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


class ArrayClips:
    """Clips from arrays, which may be memory maps: a batch reads its own rows only.

    ValueError: there is no feature, or one has another number of clips than there are labels.

    Examples
    --------
    >>> clips = ArrayClips({"S": np.zeros((3, 5), "float32")}, np.array([0, 1, 0]))
    >>> features, labels = clips.batch([2, 1])
    >>> features["S"].shape, labels
    (torch.Size([2, 5]), tensor([0, 1]))
    """

    def __init__(self, features: Mapping[str, np.ndarray], labels: np.ndarray) -> None:
        if not features:
            checks.fail("features", {}, "name at least one array")
        for name, array in features.items():
            if len(array) != len(labels):
                rule = f"be {len(labels)}, the number of labels"
                checks.fail(f"len({name})", len(array), rule, "features of another subset?")
        self.features = dict(features)
        self.labels = np.asarray(labels, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, indices: Sequence[int]) -> Batch:
        """Return features and labels of these clips."""
        rows = np.asarray(indices)
        parts = {name: torch.from_numpy(array[rows]) for name, array in self.features.items()}
        return parts, torch.from_numpy(self.labels[rows])


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
