"""Wavelets in time as the few bins of a spectrum that they occupy.

Filtering and subsampling by ``2**k`` is: take the bins around the wavelet, multiply, fold to
``N / 2**k`` bins where there are more, inverse FFT. The bins are placed from bin 0 on, which
multiplies the result by a phase that depends on time only, the same for all rows: every later
modulus cancels it. (`aligned` keeps the bins in place instead.) Spectra of real signals are stored
as their first half; bins of the other half are read as conjugates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .filters import TAIL, Filter, values


@dataclass(frozen=True, kw_only=True)
class Band:
    """Where a group of filters of one width lives in half a spectrum.

    index : int array [shape=(filters * width,)], source bins in ``0 .. N_in / 2``
    runs : the same as slices, (first, last + 1, is_reversed), for a single filter
    gain : float array [shape=(filters, width, 2)], filter values times the subsampling factor, for
        real and imaginary part (negative where the bin is the conjugate of its source)
    M : int, bins of the result; `width` is below M, or a multiple of M that is folded
    """

    index: Any
    runs: tuple[tuple[int, int, bool], ...]
    gain: Any
    M: int

    @property
    def reach(self) -> int:
        """Number of bins of the source that are needed."""
        return int(self.index.max()) + 1

    @property
    def width(self) -> int:
        """Number of bins read per filter."""
        return self.gain.shape[1]

    def part(self, filters: slice) -> Band:
        """Return the band of some filters."""
        index = self.index[filters.start * self.width : filters.stop * self.width]
        return Band(index=index, runs=(), gain=self.gain[filters], M=self.M)


def band(
    filters: Sequence[Filter],
    N: int,
    k_in: int,
    k_out: int,
    *,
    analytic: bool = False,
    aligned: bool = False,
) -> Band:
    """Return the bins and gains that take a signal from resolution ``2**-k_in`` to ``2**-k_out``.

    The `filters` are defined on the `N` bins of full resolution. `aligned` keeps the phase of the
    result, at the price of reading more bins.
    """
    M, N_in = N >> k_out, N >> k_in
    bins = band_bins(filters, N, k_in, k_out, aligned=aligned)
    aliases = alias_periods(k_in)
    gain = np.stack(
        [
            sum(values(psi, row + q * N_in, N, analytic=analytic) for q in aliases)
            for psi, row in zip(filters, bins, strict=True)
        ]
    )
    source = np.mod(bins, N_in)
    is_mirrored = source > N_in // 2
    sign = np.where(is_mirrored, -1.0, 1.0)
    index = np.where(is_mirrored, N_in - source, source).ravel()
    return Band(
        index=index,
        runs=_runs(index) if len(filters) == 1 else (),
        gain=np.stack([gain, sign * gain], axis=-1) * 2.0 ** (k_in - k_out),
        M=M,
    )


def band_bins(
    filters: Sequence[Filter], N: int, k_in: int, k_out: int, *, aligned: bool
) -> NDArray[np.int64]:
    """Return the bins that are read for each filter [shape=(filters, width)], of `N` in all."""
    M, N_in = N >> k_out, N >> k_in
    ends = [_ends(psi, N) for psi in filters]
    widest = max(high - low for low, high in ends)
    width = min(widest, N_in)
    if aligned or width > M:
        width = min(-(-width // M) * M, N_in)
    bins = np.stack([low + np.arange(width) for low, _ in ends])
    return np.stack([_in_place(row, M) for row in bins]) if aligned else bins


def alias_periods(k_in: int) -> Sequence[int]:
    """Return the periods of the subsampled spectrum over which a filter reaches."""
    return range(2**k_in) if k_in <= 1 else (-1, 0, 1)


def _ends(psi: Filter, N: int) -> tuple[int, int]:
    """Return the first bin of `psi` (with its correction around bin 0) and the one after its last.

    One bin at least.
    """
    reach = TAIL * psi.sigma
    low, high = psi.xi - reach, psi.xi + reach
    if low < reach:
        low = -reach
    first = math.floor(low * N)
    return first, max(first + 1, math.ceil(high * N) + 1)


def _in_place(bins: NDArray[np.int64], M: int) -> NDArray[np.int64]:
    """Reorder the bins within each fold such that column m holds bins congruent to m mod M."""
    rows = bins.reshape(-1, M)
    return np.take_along_axis(rows, np.argsort(np.mod(rows, M), axis=1), axis=1).ravel()


def _runs(index: NDArray[np.int64]) -> tuple[tuple[int, int, bool], ...]:
    """Return `index` as slices of rising or (reversed) falling bins."""
    runs: list[tuple[int, int, bool]] = []
    start = 0
    while start < len(index):
        stop = start + 1
        step = int(index[stop] - index[start]) if stop < len(index) else 0
        while abs(step) == 1 and stop < len(index) and index[stop] - index[stop - 1] == step:
            stop += 1
        low, high = sorted((int(index[start]), int(index[stop - 1])))
        runs.append((low, high + 1, step == -1))
        start = stop
    return tuple(runs)


def windows(U_hat: Tensor, band: Band) -> Tensor:
    """Return the spectra of ``U * psi``, subsampled, their phase as said above.

    Half the spectrum of a real signal [shape=(..., N_in / 2 + 1)] -> [shape=(..., filters, bins)],
    bins <= M.
    """
    bins = torch.view_as_complex(_bins_read(U_hat, band) * band.gain)
    return bins if band.width <= band.M else bins.unflatten(-1, (-1, band.M)).sum(-2)


def _bins_read(U_hat: Tensor, band: Band) -> Tensor:
    """Return the bins that the band reads: Tensor [shape=(..., filters, width, 2)]."""
    if band.runs:
        bins = torch.cat([_run(U_hat, run) for run in band.runs], dim=-1)
    else:
        bins = U_hat.index_select(-1, band.index)
    return torch.view_as_real(bins).unflatten(-2, band.gain.shape[:2])


def windows_into(U_hat: Tensor, band: Band, Y_hat: Tensor) -> None:
    """Write the :func:`windows` of a single filter to Y_hat [shape=(..., M)], zeros behind."""
    if band.width > band.M:
        Y_hat.copy_(windows(U_hat, band).squeeze(-2))
        return
    into, start = torch.view_as_real(Y_hat), 0
    for run in band.runs:
        bins = torch.view_as_real(_run(U_hat, run))
        stop = start + bins.shape[-2]
        torch.mul(bins, band.gain[0, start:stop], out=into[..., start:stop, :])
        start = stop
    into[..., start:, :] = 0


def rfft_adjoint(U_hat: Tensor, M: int) -> Tensor:
    """Return the gradient of M real samples, given that of the first bins of their spectrum."""
    halved = U_hat * 0.5
    halved[..., 0] = U_hat[..., 0]
    if 2 * (halved.shape[-1] - 1) == M:
        halved[..., -1] = U_hat[..., -1]
    return torch.fft.irfft(halved, n=M, norm="forward")


def windows_adjoint(Y_hat: Tensor, band: Band, U_hat: Tensor) -> None:
    """Add to `U_hat` [shape=(..., N_in / 2 + 1)] the adjoint of :func:`windows` at `Y_hat`."""
    bins = torch.view_as_complex(_unfolded(Y_hat, band) * band.gain).flatten(-2)
    if band.runs:
        parts = bins.split([high - low for low, high, _ in band.runs], dim=-1)
        for (low, high, is_reversed), part in zip(band.runs, parts, strict=True):
            U_hat[..., low:high] += part.flip(-1) if is_reversed else part
    else:
        U_hat.scatter_add_(-1, band.index.expand(bins.shape), bins)


def gain_adjoint(Y_hat: Tensor, band: Band, U_hat: Tensor) -> Tensor:
    """Return the gradient of the gains, given that of the :func:`windows` of `U_hat`."""
    products = _bins_read(U_hat, band) * _unfolded(Y_hat, band)
    return products.flatten(0, -4).sum(0)


def _unfolded(Y_hat: Tensor, band: Band) -> Tensor:
    """Return `Y_hat` at each bin that the band reads, real and imaginary part."""
    width, M = band.width, band.M
    if width > M:
        Y_hat = Y_hat[..., None, :].expand(*Y_hat.shape[:-1], width // M, M).flatten(-2)
    return torch.view_as_real(Y_hat[..., :width])


def _run(U_hat: Tensor, run: tuple[int, int, bool]) -> Tensor:
    low, high, is_reversed = run
    return U_hat[..., low:high].flip(-1) if is_reversed else U_hat[..., low:high]
