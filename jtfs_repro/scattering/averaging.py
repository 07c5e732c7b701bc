"""Averaging in time by phi_T (or over the whole signal, or not at all).

The average is a product with a banded matrix: each stretch of samples reaches only the output
frames within the support of phi_T. The samples may be produced stretch by stretch, so that what
is averaged (a modulus on a much larger axis) never exists as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .filters import TAIL, low_pass, spectrum
from .padding import TimeAxis


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """`length` samples and the frames that they reach: runs of (first frame, number of frames).

    matrix : float array [shape=(frames in all runs, length)], None where samples are kept

    No runs: the samples reach no frame.
    """

    length: int
    reached: tuple[tuple[int, int], ...]
    matrix: Any = None

    def frames(self) -> Iterator[tuple[slice, slice]]:
        """Yield the frames of each run, and the rows of the matrix that make them."""
        row = 0
        for first, count in self.reached:
            yield slice(first, first + count), slice(row, row + count)
            row += count


@dataclass(frozen=True, kw_only=True)
class Reduction:
    """How samples become frames; the stretches follow one another over the whole axis.

    frames : int, or None where samples are kept as they are (in the stretches that reach frames)
    """

    stretches: tuple[Stretch, ...]
    frames: int | None

    @property
    def length(self) -> int:
        """Number of frames, or of samples kept."""
        return sum(s.length for _, _, s in placed(self)) if self.frames is None else self.frames


def reduce_time(produce: Callable[[Tensor], Tensor], Y: Tensor, reduction: Reduction) -> Tensor:
    """Return the averaged (summed, or untouched) time series of what `produce` makes of `Y`.

    Parameters
    ----------
    produce : callable
        Pointwise in time: Y [shape=(..., stretch)] -> U [shape=(..., stretch)], real.
    Y : Tensor [shape=(..., M)]
    reduction : Reduction

    Returns
    -------
    S : Tensor [shape=(..., frames)]
    """
    pieces = Y.split([s.length for s in reduction.stretches], dim=-1)
    pairs = [(y, s) for y, s in zip(pieces, reduction.stretches, strict=True) if s.reached]
    if reduction.frames is None:
        return torch.cat([produce(y) for y, _ in pairs], dim=-1)
    S = None
    for y, stretch in pairs:
        part = produce(y) @ stretch.matrix.mT
        if S is None:
            S = part.new_zeros((*part.shape[:-1], reduction.frames))
        for frames, those in stretch.frames():
            S[..., frames] += part[..., those]
    assert S is not None
    return S


def averaged(U: Tensor, reduction: Reduction) -> Tensor:
    """Apply `reduction` to samples that exist: U [shape=(..., M)] -> [shape=(..., frames)]."""
    return reduce_time(lambda piece: piece, U, reduction)


def averaged_adjoint(S: Tensor, reduction: Reduction, M: int) -> Tensor:
    """Return the gradient of the samples [shape=(..., M)], given that of their averages `S`."""
    U = S.new_zeros((*S.shape[:-1], M))
    for start, kept, stretch in placed(reduction):
        piece = U[..., start : start + stretch.length]
        if stretch.matrix is None:
            piece += S[..., kept : kept + stretch.length]
            continue
        for frames, those in stretch.frames():
            piece += S[..., frames] @ stretch.matrix[those]
    return U


def placed(reduction: Reduction) -> Iterator[tuple[int, int, Stretch]]:
    """Yield the stretches that reach frames: first sample, number of samples kept before."""
    start = kept = 0
    for stretch in reduction.stretches:
        if stretch.reached:
            yield start, kept, stretch
            kept += stretch.length
        start += stretch.length


def local_average(
    axis: TimeAxis, T: float, k: int, log2_stride: int, *, stretch: int, unpad: bool = True
) -> Reduction:
    """Average by phi_T and subsample: resolution ``2**-k`` to ``2**-log2_stride``.

    S[f] = sum_t U[t] phi_T[(2**(log2_stride - k) f - t) mod M], circular on the padded length.

    Parameters
    ----------
    axis : TimeAxis
    T : float
        Width of phi_T, in samples.
    k, log2_stride : int, k <= log2_stride
    stretch : int
        Wanted samples per stretch.
    unpad : bool
        Keep only the frames of the signal, else also those of the padding.
    """
    M, hop = axis.N_padded >> k, 1 << (log2_stride - k)
    phi = 2.0**k * np.fft.ifft(spectrum(low_pass(T), axis.N_padded)).real[:: 1 << k]
    first, last = axis.border(log2_stride) if unpad else (0, axis.N_padded >> log2_stride)
    reach = min(math.ceil(TAIL / (2 * math.pi * low_pass(T).sigma) / 2**k), M // 2)
    length = min(M, stretch, max(512, 64 * hop))
    matrices: dict[tuple, NDArray[np.float64]] = {}
    stretches = []
    for start in range(0, M, length):
        stop = min(start + length, M)
        runs = _frames_reached(start, stop, reach, M, hop, first, last)
        lags = np.concatenate([hop * np.arange(f0, f1) - start for f0, f1 in runs] or [[]])
        key = (*np.mod(lags, M).astype(int), stop - start)
        if key not in matrices:
            matrices[key] = phi[np.mod(lags[:, None] - np.arange(stop - start), M).astype(int)]
        reached = tuple((f0 - first, f1 - f0) for f0, f1 in runs)
        stretches.append(Stretch(length=stop - start, reached=reached, matrix=matrices[key]))
    return Reduction(stretches=tuple(stretches), frames=last - first)


def _frames_reached(
    start: int, stop: int, reach: int, M: int, hop: int, first: int, last: int
) -> list[tuple[int, int]]:
    """Return the ranges of frames within `reach` of samples ``start:stop`` on a circle of M."""
    if stop - start + 2 * reach >= M:
        return [(first, last)]
    ranges = []
    for turn in (-M, 0, M):
        f0 = max(first, math.ceil((start + turn - reach) / hop))
        f1 = min(last, math.floor((stop - 1 + turn + reach) / hop) + 1)
        if f0 < f1:
            ranges.append((f0, f1))
    return ranges


def global_average(axis: TimeAxis, k: int, *, mean: bool, stretch: int) -> Reduction:
    """Sum over the padded axis at resolution ``2**-k``, or mean over the signal's samples."""
    M = axis.N_padded >> k
    first, last = axis.border(k) if mean else (0, M)
    weight = 1 / (last - first) if mean else 1.0
    weights = {n: np.full((1, n), weight) for n in _cuts(first, last, stretch)}
    return Reduction(stretches=_within(first, last, M, stretch, weights), frames=1)


def no_average(axis: TimeAxis, k: int, *, stretch: int) -> Reduction:
    """Keep the signal's samples at resolution ``2**-k``."""
    first, last = axis.border(k)
    return Reduction(stretches=_within(first, last, axis.N_padded >> k, stretch, {}), frames=None)


def _within(
    first: int, last: int, M: int, stretch: int, matrices: dict[int, NDArray[np.float64]]
) -> tuple[Stretch, ...]:
    """Stretches of samples ``first:last``, and what lies before and after them unused."""
    inner = (
        Stretch(length=n, reached=((0, 1),), matrix=matrices.get(n))
        for n in _cuts(first, last, stretch)
    )
    return (Stretch(length=first, reached=()), *inner, Stretch(length=M - last, reached=()))


def _cuts(first: int, last: int, stretch: int) -> list[int]:
    return [min(stretch, last - start) for start in range(first, last, stretch)]
