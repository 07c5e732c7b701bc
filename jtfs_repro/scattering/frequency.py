"""The log-frequency axis: wavelets along n1, modulus, averaging by phi_F.

The axis is short (tens to hundreds of rows), so that convolution with all wavelets psi_{n_fr} and
subsampling is one real matrix product per stretch of time. Wavelets of opposite spin are complex
conjugates, psi = A + iB and A - iB: the products with A and B serve both. (Where a wavelet is so
wide that its spectrum is folded over several periods, the fold ends unevenly for xi < 0; that
wavelet has a product of its own.)

Only the rows that matter are computed: columns for the live rows of the input (the rest of the
padded axis is zero), rows that are kept or that phi_F reaches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .filters import Filter, spectrum

NEGLIGIBLE = 1e-11  # relative weight of phi_F below which a row is not computed
CONJUGATE = 1e-10  # largest relative difference between opposite spins taken as rounding


@dataclass(frozen=True, kw_only=True)
class Output:
    """Rows of one path: how many are kept, their stride in n1, the subsampling before phi_F.

    average : 'local' (phi_F), 'sum' (all rows of the axis), 'mean' (live rows), or None
    """

    kept: int
    log2_stride: int
    average: str | None


@dataclass(frozen=True, kw_only=True)
class Block:
    """Rows ``start:stop`` of the modulus that make one path, and their average (or None)."""

    start: int
    stop: int
    average: Any


@dataclass(frozen=True, kw_only=True)
class RowKernels:
    """Matrix of all wavelets along n1 for inputs of a given number of rows.

    kernel : float array [shape=(n_low + 2 * n_pair + 2 * n_own, rows)]
        low-pass, A, B, and the A, B of the first wavelets of spin -1 that are no conjugates
    blocks : one per path, in the order of n_fr
    """

    kernel: Any
    n_low: int
    n_pair: int
    n_own: int
    blocks: tuple[Block, ...]


def row_kernels(
    psi_fr: Sequence[Filter],
    phi_F: Filter,
    outputs: Sequence[Output],
    *,
    N_fr: int,
    rows: int,
    columns: NDArray[np.int64],
) -> RowKernels:
    """Build the kernels of one slice of the scattering network.

    Parameters
    ----------
    psi_fr : sequence of Filter: low-pass, spin +1, and spin -1 unless the input is real
    phi_F : Filter
    outputs : sequence of Output, one per filter
    N_fr : int, length of the padded axis
    rows : int, live rows of the input
    columns : int array, position on the padded axis of each row of the input
    """
    needed = [
        _needed(out, phi_F, psi, N_fr, rows) for psi, out in zip(psi_fr, outputs, strict=True)
    ]
    matrices = [
        _toeplitz(psi, positions, columns, N_fr)
        for psi, (positions, _) in zip(psi_fr, needed, strict=True)
    ]
    n_wavelets = sum(psi.spin > 0 for psi in psi_fr)
    low, upward, downward = matrices[0], matrices[1 : 1 + n_wavelets], matrices[1 + n_wavelets :]
    own = [down for up, down in zip(upward, downward, strict=False) if not _are_conjugate(up, down)]
    pair, own = np.concatenate(upward), np.concatenate([*own, low[:0]])
    ends = np.cumsum([len(positions) for positions, _ in needed])
    blocks = tuple(
        Block(start=int(end) - len(positions), stop=int(end), average=average)
        for end, (positions, average) in zip(ends, needed, strict=True)
    )
    kernel = np.concatenate([low.real, pair.real, pair.imag, own.real, own.imag])
    return RowKernels(
        kernel=kernel, n_low=len(low), n_pair=len(pair), n_own=len(own), blocks=blocks
    )


def _are_conjugate(up: NDArray[np.complex128], down: NDArray[np.complex128]) -> bool:
    return bool(np.abs(up.conj() - down).max() <= CONJUGATE * np.abs(up).max())


def _toeplitz(
    psi: Filter, positions: NDArray[np.int64], columns: NDArray[np.int64], N_fr: int
) -> NDArray[np.complex128]:
    """Matrix of ``(Y * psi)[positions]``: psi[(position - column) mod N_fr]."""
    response = np.fft.ifft(spectrum(psi, N_fr))
    return response[np.mod(positions[:, None] - columns, N_fr)]


def _needed(
    out: Output, phi_F: Filter, psi: Filter, N_fr: int, rows: int
) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
    """Return the positions (in n1) to compute for a path, and the matrix that averages them."""
    if out.average is None:
        return np.arange(out.kept) << out.log2_stride, None
    k = min(psi.j, out.log2_stride) if out.average == "local" else psi.j
    positions = np.arange(N_fr >> k) << k
    if out.average == "local":
        phi = 2.0**k * np.fft.ifft(spectrum(phi_F, N_fr)).real
        frames = np.arange(out.kept) << out.log2_stride
        average = phi[np.mod(frames[:, None] - positions, N_fr)]
    elif out.average == "sum":
        average = np.ones((1, len(positions)))
    else:
        live = positions < rows
        average = live[None] / live.sum()
    weight = np.abs(average).max(axis=0)
    heavy = weight > NEGLIGIBLE * weight.max()
    return positions[heavy], average[:, heavy]


def modulus(Y: Tensor, kernels: RowKernels) -> Tensor:
    """Return ``|Y * psi_{n_fr}|`` for all wavelets along n1.

    Convolution over n1 (axis -2), broadcast over time (axis -1).

    Parameters
    ----------
    Y : Tensor [shape=(..., rows, time)], complex (both spins) or real (spin +1 only)
    kernels : RowKernels

    Returns
    -------
    U : Tensor [shape=(..., n_low + spins * n_pair, time)], real
    """
    sizes = (kernels.n_low, kernels.n_pair, kernels.n_pair, kernels.n_own, kernels.n_own)
    if not Y.is_complex():
        low, a, b, _, _ = (kernels.kernel @ Y).split(sizes, dim=-2)
        return torch.cat([low.abs(), torch.complex(a, b).abs()], dim=-2)
    interleaved = torch.view_as_real(Y).flatten(-2)
    products = (kernels.kernel @ interleaved).unflatten(-1, (-1, 2))
    low, a, b, a_own, b_own = torch.view_as_complex(products).split(sizes, dim=-2)
    downward = torch.add(a[..., kernels.n_own :, :], b[..., kernels.n_own :, :], alpha=-1j)
    parts = [low, torch.add(a, b, alpha=1j), torch.add(a_own, b_own, alpha=1j), downward]
    return torch.cat([part.abs() for part in parts], dim=-2)


def averaged_rows(U: Tensor, kernels: RowKernels) -> list[Tensor]:
    """Average the rows of each path by phi_F: list of Tensors [shape=(..., kept, time)]."""
    parts = [(U[..., b.start : b.stop, :], b.average) for b in kernels.blocks]
    return [part if average is None else average @ part for part, average in parts]
