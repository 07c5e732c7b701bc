"""Samplers: which training clips an epoch shows, in which order, and on which device.

Lightning's own wrapper for several devices would shuffle the drawn clips once more; these samplers
share them out themselves, so that a batch holds the same clips on one device as on several.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

from jtfs_repro import checks


class EpochSampler(Sampler[int]):
    """Indices of one epoch, a function of (seed, epoch) alone; each device gets its `share`.

    First a permutation of all clips; an epoch that is longer goes on with draws with
    replacement, a shorter one takes the permutation's beginning; ``epoch_size`` None is one pass.
    ``epoch`` is the first: loader processes start to fetch before `set_epoch` is called.

    Examples
    --------
    >>> sampler = EpochSampler(3, epoch_size=5, seed=0)
    >>> sorted(list(sampler)[:3]), len(sampler)
    ([0, 1, 2], 5)
    """

    def __init__(
        self,
        n: int,
        *,
        epoch_size: int | None = None,
        seed: int = 0,
        epoch: int = 0,
        rank: int = 0,
        devices: int = 1,
    ) -> None:
        self.n = checks.integer("n", n, low=1, mistake="no training clips?")
        self.size = self.n
        if epoch_size is not None:
            self.size = checks.integer("epoch_size", epoch_size, low=1)
        self.seed = checks.integer("seed", seed, low=0)
        self.devices = checks.integer("devices", devices, low=1)
        self.rank = checks.integer("rank", rank, low=0, high=devices - 1)
        self.set_epoch(epoch)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iteration."""
        self.epoch = checks.integer("epoch", epoch, low=0)

    def __len__(self) -> int:
        return math.ceil(self.size / self.devices)

    def __iter__(self) -> Iterator[int]:
        generator = np.random.default_rng((self.seed, self.epoch))
        # ASSUME: the paper's epoch of 8192 of 5841 clips: one pass, the rest with replacement
        once = generator.permutation(self.n)[: self.size]
        again = generator.integers(self.n, size=self.size - len(once))
        drawn = np.concatenate([once, again]).tolist()
        return iter(share(drawn, rank=self.rank, devices=self.devices))


def share(indices: Sequence[int], *, rank: int, devices: int) -> list[int]:
    """Return every ``devices``-th index from ``rank`` on, equally many for all devices.

    The last devices get indices from the beginning again if the number does not come out.

    Examples
    --------
    >>> [share([5, 6, 7], rank=rank, devices=2) for rank in range(2)]
    [[5, 7], [6, 5]]
    """
    size = math.ceil(len(indices) / devices)
    return [indices[i % len(indices)] for i in range(rank, size * devices, devices)]
