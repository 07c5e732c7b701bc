"""The time axis: wavelet filtering with subsampling, and averaging (or not) by phi_T.

A wavelet occupies few bins of the spectrum, so that filtering and subsampling by ``2**k`` is: take
the ``N / 2**k`` bins around the wavelet (twice as many where its tail is longer), multiply,
fold to ``N / 2**k`` bins, inverse FFT. Filters of one output length go through one batched FFT.

The average by phi_T is a product with a banded matrix: each stretch of samples reaches only the
output frames within the support of phi_T. The samples are asked for stretch by stretch, so that
what produces them (a modulus on a much larger axis) never exists as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .filters import TAIL, Filter, low_pass, spectrum, values
from .padding import TimeAxis


@dataclass(frozen=True, kw_only=True)
class Band:
    """Where a group of filters lives in a spectrum: source bins and gains.

    index : int array [shape=(filters * folds * M,)], source bins
    gain : float array [shape=(filters, folds, M)], filter values times the subsampling factor
    """

    index: Any
    gain: Any


def band(
    filters: Sequence[Filter], N: int, k_in: int, k_out: int, *, analytic: bool = False
) -> Band:
    """Return the bins and gains that take a signal from resolution ``2**-k_in`` to ``2**-k_out``.

    Parameters
    ----------
    filters : sequence of Filter, defined on the `N` bins of full resolution
    N : int, a multiple of ``2**k_out``
    k_in, k_out : int, 0 <= k_in <= k_out
    analytic : bool, see :func:`filters.spectrum`
    """
    M, N_in = N >> k_out, N >> k_in
    folds = max(_folds(psi, N, M, N_in) for psi in filters)
    bins = np.stack([_window(psi, N, M, folds) for psi in filters])
    aliases = range(2**k_in) if k_in <= 1 else (-1, 0, 1)
    gain = np.stack(
        [
            sum(values(psi, row + q * N_in, N, analytic=analytic) for q in aliases)
            for psi, row in zip(filters, bins, strict=True)
        ]
    )
    shape = (len(filters), folds, M)
    return Band(
        index=np.mod(bins, N_in).astype(np.int32).ravel(),
        gain=gain.reshape(shape) * 2.0 ** (k_in - k_out),
    )


def _folds(psi: Filter, N: int, M: int, N_in: int) -> int:
    """Return how many times M bins are needed to hold `psi` and its correction around bin 0."""
    reach = TAIL * psi.sigma + (psi.xi if psi.xi < TAIL * psi.sigma else 0)
    folds = 1
    while folds * M < 2 * reach * N and folds * M < N_in:
        folds *= 2
    return folds


def _window(psi: Filter, N: int, M: int, folds: int) -> NDArray[np.int64]:
    """Return the bins around `psi`, ordered so that column m holds bins congruent to m mod M."""
    low = round(psi.xi * N) - folds * M // 2
    first = low + np.mod(np.arange(M) - low, M)
    return (first + M * np.arange(folds)[:, None]).ravel()


def filtered(U_hat: Tensor, band: Band) -> Tensor:
    """Return the spectra of ``U * psi``, subsampled.

    Parameters
    ----------
    U_hat : Tensor [shape=(..., N_in)], complex

    Returns
    -------
    Y_hat : Tensor [shape=(..., filters, M)], complex
    """
    filters, folds, M = band.gain.shape
    windows = U_hat.index_select(-1, band.index).unflatten(-1, (filters, folds, M)) * band.gain
    return windows.squeeze(-2) if folds == 1 else windows.sum(-2)


# --- averaging -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """`length` samples and the frames that they reach: pairs of first frame and matrix.

    No pairs: the samples reach no frame.
    """

    length: int
    reached: tuple[tuple[int, Any], ...]


@dataclass(frozen=True, kw_only=True)
class Reduction:
    """How samples become frames; the stretches follow one another over the whole axis.

    frames : int, or None where samples are kept as they are (in the stretches that reach frames)
    """

    stretches: tuple[Stretch, ...]
    frames: int | None


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
    parts = (
        (first, U @ matrix) for y, s in pairs for U in [produce(y)] for first, matrix in s.reached
    )
    first, part = next(parts)
    S = part.new_zeros((*part.shape[:-1], reduction.frames))
    S[..., first : first + part.shape[-1]] += part
    for first, part in parts:
        S[..., first : first + part.shape[-1]] += part
    return S


def averaged(U: Tensor, reduction: Reduction) -> Tensor:
    """Apply `reduction` to samples that exist: U [shape=(..., M)] -> [shape=(..., frames)]."""
    return reduce_time(lambda piece: piece, U, reduction)


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
    matrices: dict[tuple[int, int, int], NDArray[np.float64]] = {}
    stretches = []
    for start in range(0, M, length):
        stop = min(start + length, M)
        reached = []
        for f0, f1 in _frames_reached(start, stop, reach, M, hop, first, last):
            key = ((f0 * hop - start) % M, stop - start, f1 - f0)
            if key not in matrices:
                lags = key[0] + hop * np.arange(key[2]) - np.arange(key[1])[:, None]
                matrices[key] = phi[np.mod(lags, M)]
            reached.append((f0 - first, matrices[key]))
        stretches.append(Stretch(length=stop - start, reached=tuple(reached)))
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
    weights = {n: np.full((n, 1), weight) for n in _cuts(first, last, stretch)}
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
        Stretch(length=n, reached=((0, matrices.get(n)),)) for n in _cuts(first, last, stretch)
    )
    return (Stretch(length=first, reached=()), *inner, Stretch(length=M - last, reached=()))


def _cuts(first: int, last: int, stretch: int) -> list[int]:
    return [min(stretch, last - start) for start in range(first, last, stretch)]
