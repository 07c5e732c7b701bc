"""Averaging in time by phi_T (or over the whole signal, or not at all).

The average is a product with a banded matrix: each chunk of samples reaches only the output
frames within the support of phi_T. The samples may be produced chunk by chunk, so that what
is averaged (a modulus on a much larger axis) never exists as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .filters import TAIL, low_pass, spectrum
from .padding import TimeAxis


@dataclass(frozen=True, kw_only=True)
class TimeChunk:
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
    """How samples become frames; the chunks follow one another over the whole axis.

    frames : int, or None where samples are kept as they are (in the chunks that reach frames)
    """

    chunks: tuple[TimeChunk, ...]
    frames: int | None

    @property
    def length(self) -> int:
        """Number of frames, or of samples kept."""
        return sum(s.length for _, _, s in placed(self)) if self.frames is None else self.frames


def reduce_time(produce: Callable[[Tensor], Tensor], Y: Tensor, reduction: Reduction) -> Tensor:
    """Return the average [shape=(..., frames)] of what `produce` makes of `Y` [shape=(..., M)].

    `produce` is pointwise in time: Y [shape=(..., chunk)] -> U [shape=(..., chunk)], real.
    """
    parts = Y.split([chunk.length for chunk in reduction.chunks], dim=-1)
    pairs = [(y, chunk) for y, chunk in zip(parts, reduction.chunks, strict=True) if chunk.reached]
    if reduction.frames is None:
        return torch.cat([produce(y) for y, _ in pairs], dim=-1)
    S = None
    for y, chunk in pairs:
        part = produce(y) @ chunk.matrix.mT
        if S is None:
            S = part.new_zeros((*part.shape[:-1], reduction.frames))
        for frames, those in chunk.frames():
            S[..., frames] += part[..., those]
    assert S is not None
    return S


def averaged(U: Tensor, reduction: Reduction) -> Tensor:
    """Apply `reduction` to samples that exist: U [shape=(..., M)] -> [shape=(..., frames)]."""
    return reduce_time(lambda samples: samples, U, reduction)


def averaged_adjoint(S: Tensor, reduction: Reduction, M: int) -> Tensor:
    """Return the gradient of the samples [shape=(..., M)], given that of their averages `S`."""
    U = S.new_zeros((*S.shape[:-1], M))
    for start, kept, chunk in placed(reduction):
        samples = U[..., start : start + chunk.length]
        if chunk.matrix is None:
            samples += S[..., kept : kept + chunk.length]
            continue
        for frames, those in chunk.frames():
            samples += S[..., frames] @ chunk.matrix[those]
    return U


def placed(reduction: Reduction) -> Iterator[tuple[int, int, TimeChunk]]:
    """Yield the chunks that reach frames: first sample, number of samples kept before."""
    start = kept = 0
    for chunk in reduction.chunks:
        if chunk.reached:
            yield start, kept, chunk
            kept += chunk.length
        start += chunk.length


def local_average(
    axis: TimeAxis, T: float, k: int, log2_stride: int, *, chunk: int, unpad: bool = True
) -> Reduction:
    """Average by phi_T and subsample: resolution ``2**-k`` to ``2**-log2_stride``.

    S[f] = sum_t U[t] phi_T[(2**(log2_stride - k) f - t) mod M], circular on the padded length, in
    chunks of about `chunk` samples; `unpad` keeps the frames of the signal alone.
    """
    M, hop = axis.N_padded >> k, 1 << (log2_stride - k)
    phi = 2.0**k * impulse_response(T, axis.N_padded)[:: 1 << k]
    first, last = axis.border(log2_stride) if unpad else (0, axis.N_padded >> log2_stride)
    reach = min(math.ceil(TAIL / (2 * math.pi * low_pass(T).sigma) / 2**k), M // 2)
    length = min(M, chunk, max(512, 64 * hop))
    matrices: dict[tuple, NDArray[np.float64]] = {}
    chunks = []
    for start in range(0, M, length):
        stop = min(start + length, M)
        runs = _frames_reached(start, stop, reach, M, hop, first, last)
        lags = np.concatenate([hop * np.arange(f0, f1) - start for f0, f1 in runs] or [[]])
        key = (*np.mod(lags, M).astype(int), stop - start)
        if key not in matrices:
            matrices[key] = phi[np.mod(lags[:, None] - np.arange(stop - start), M).astype(int)]
        reached = tuple((f0 - first, f1 - f0) for f0, f1 in runs)
        chunks.append(TimeChunk(length=stop - start, reached=reached, matrix=matrices[key]))
    return Reduction(chunks=tuple(chunks), frames=last - first)


@lru_cache(2)
def impulse_response(T: float, N: int) -> NDArray[np.float64]:
    """Return phi_T [shape=(N,)] in time; lengths with as much padding share it."""
    phi = np.fft.ifft(spectrum(low_pass(T), N)).real.copy()  # without its imaginary part
    phi.flags.writeable = False
    return phi


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


def global_average(axis: TimeAxis, k: int, *, mean: bool, chunk: int) -> Reduction:
    """Sum over the padded axis at resolution ``2**-k``, or mean over the signal's samples."""
    M = axis.N_padded >> k
    first, last = axis.border(k) if mean else (0, M)
    weight = 1 / (last - first) if mean else 1.0
    weights = {n: np.full((1, n), weight) for n in _cuts(first, last, chunk)}
    return Reduction(chunks=_within(first, last, M, chunk, weights), frames=1)


def no_average(axis: TimeAxis, k: int, *, chunk: int) -> Reduction:
    """Keep the signal's samples at resolution ``2**-k``."""
    first, last = axis.border(k)
    return Reduction(chunks=_within(first, last, axis.N_padded >> k, chunk, {}), frames=None)


def _within(
    first: int, last: int, M: int, chunk: int, matrices: dict[int, NDArray[np.float64]]
) -> tuple[TimeChunk, ...]:
    """Stretches of samples ``first:last``, and what lies before and after them unused."""
    inner = (
        TimeChunk(length=n, reached=((0, 1),), matrix=matrices.get(n))
        for n in _cuts(first, last, chunk)
    )
    return (TimeChunk(length=first, reached=()), *inner, TimeChunk(length=M - last, reached=()))


def _cuts(first: int, last: int, chunk: int) -> list[int]:
    return [min(chunk, last - start) for start in range(first, last, chunk)]
