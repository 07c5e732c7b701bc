"""The time axis of a transform: its padding, its wavelets, and how they are averaged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .averaging import Reduction, global_average, local_average, no_average
from .bands import Band, band
from .filters import Filter
from .first_order import FirstOrder
from .padding import TimeAxis
from .paths import Path
from .second_order import SecondOrder


@dataclass(frozen=True, kw_only=True)
class TimeBank:
    """Wavelets in time, and the axis on which they live.

    axis : the signal's samples and their padding
    T, average : width of phi_T in samples; 'local' (phi_T), 'global' or False (none)
    mean : a global average is the mean over the signal, else the sum over the padded axis
    log2_stride : log2 of the samples between two frames
    psi1, psi2 : wavelets of the first and of the second order, from high to low frequency
    rows : per n2, how many first-order wavelets have j1 < j2 (and are not pruned)
    """

    axis: TimeAxis
    T: float
    average: str | bool
    mean: bool
    log2_stride: int
    psi1: Sequence[Filter]
    psi2: Sequence[Filter]
    rows: tuple[int, ...]
    analytic: bool

    @property
    def live_n2(self) -> list[int]:
        """Second-order wavelets that have rows."""
        return [n2 for n2, rows in enumerate(self.rows) if rows > 0]

    @property
    def frames(self) -> int:
        """Number of output frames of averaged paths."""
        first, last = self.axis.border(self.log2_stride)
        return last - first if self.average == "local" else 1

    def resolution(self, j: int) -> int:
        """log2 of the subsampling of a band-passed signal."""
        return min(j, self.log2_stride) if self.average == "local" else j

    def stride_of(self, path: Path, *, first_averaged: bool) -> int:
        """Return the samples between two frames of a path."""
        if self.average == "global":
            return self.axis.N
        if self.average == "local" or (path.order == 1 and first_averaged):
            return 1 << self.log2_stride
        bank, n = (self.psi2, path.n2) if path.order == 2 else (self.psi1, path.n1)
        return 1 << bank[n].j if isinstance(n, int) else 1

    def reduction(self, k: int, chunk: int) -> Reduction:
        """Average in time from resolution ``2**-k``, as `T` says, `chunk` samples at once."""
        if self.average == "local":
            return local_average(self.axis, self.T, k, self.log2_stride, chunk=chunk)
        if self.average == "global":
            return global_average(self.axis, k, mean=self.mean, chunk=chunk)
        return no_average(self.axis, k, chunk=chunk)

    def first_orders(
        self, reduction: Callable[[int], Reduction], second: SecondOrder | None, chunk: int
    ) -> list[FirstOrder]:
        """One stage per resolution of the first order; n1 runs through them in order."""
        groups: dict[int, list[Filter]] = {}
        for psi in self.psi1:
            groups.setdefault(self.resolution(psi.j), []).append(psi)
        reach = [[b.reach for b in branch.bands] for branch in (second.branches if second else ())]
        return [
            FirstOrder(
                band=band(filters, self.axis.N_padded, 0, k, analytic=self.analytic),
                reduction=reduction(k),
                bins=max([bins[i] for bins in reach if i < len(bins)], default=1) if second else 0,
                chunk=chunk,
            )
            for i, (k, filters) in enumerate(groups.items())
        ]

    def reduced(self, stages: Sequence[Any], reduction: Callable[[int], Reduction]) -> list[Any]:
        """Return first-order stages, or branches, with other averages in time."""
        N = self.axis.N_padded
        lengths = [getattr(stage, "band", stage).M for stage in stages]
        averages = [reduction((N // M).bit_length() - 1) for M in lengths]
        return [replace(s, reduction=r) for s, r in zip(stages, averages, strict=True)]

    def reduced_second(
        self, second: SecondOrder | None, reduction: Callable[[int], Reduction]
    ) -> SecondOrder | None:
        """Return the second order with other averages in time."""
        return second and replace(second, branches=self.reduced(second.branches, reduction))

    def second_bands(self, n2: int, *, aligned: bool = False) -> list[Band]:
        """Bands of psi2[n2], one per resolution of the first order that has rows for it."""
        psi, N = self.psi2[n2], self.axis.N_padded
        k2 = self.resolution(psi.j)
        resolutions = sorted({self.resolution(p.j) for p in self.psi1[: self.rows[n2]]})
        options: Any = {"analytic": self.analytic, "aligned": aligned}
        return [band([psi], N, k1, k2, **options) for k1 in resolutions]
