"""The log-frequency axis: wavelets along n1, modulus, averaging by phi_F.

The axis is short (tens to hundreds of rows), so that convolution with all wavelets psi_{n_fr} and
subsampling is a real matrix product per chunk of time. Wavelets of opposite spin are complex
conjugates, psi = A + iB and A - iB: the products with A and B serve both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Tile:
    """Rows ``start:stop`` of a chunk: A and B (or None) on the columns from `first` on.

    source : None, or where A and B come from, among the impulse responses one after the other
    """

    start: int
    stop: int
    first: int
    A: Any
    B: Any
    source: Any = None

    @property
    def columns(self) -> slice:
        """Columns that are read."""
        return slice(self.first, self.first + self.A.shape[1])


@dataclass(frozen=True, kw_only=True)
class RowChunk:
    """Tiles whose modulus is taken at once.

    spins : 0 (low-pass: |A Y|), 1 (|(A + iB) Y|), or 2 (all of |(A - iB) Y|, then |(A + iB) Y|)
    """

    tiles: tuple[Tile, ...]
    spins: int

    @property
    def kernel_rows(self) -> int:
        """Number of rows of A."""
        return self.tiles[-1].stop

    @property
    def outputs(self) -> int:
        """Number of rows of the modulus."""
        return self.kernel_rows * max(self.spins, 1)


@dataclass(frozen=True, kw_only=True)
class PathRows:
    """Rows ``start:stop`` of the modulus that make one path, and their average (or None)."""

    start: int
    stop: int
    average: Any


@dataclass(frozen=True, kw_only=True)
class RowKernels:
    """All wavelets along n1, for inputs of a given number of rows.

    chunks : their outputs follow one another
    order : int array, puts the outputs in the order of the paths
    paths : one per n_fr, in their order
    """

    chunks: tuple[RowChunk, ...]
    order: Any
    paths: tuple[PathRows, ...]

    @property
    def outputs(self) -> int:
        """Number of rows of the modulus."""
        return len(self.order)


def modulus(Y: Tensor, kernels: RowKernels) -> Tensor:
    """Return ``|Y * psi_{n_fr}|`` for all wavelets along n1, differentiably.

    Convolution over n1 (axis -2), broadcast over time (axis -1): Y [shape=(..., rows, time)],
    complex or real (spin +1 only) -> U [shape=(..., outputs, time)], in the order of the paths.
    """
    made = []
    for chunk in kernels.chunks:
        spins = zip(*(_of_tile(Y, tile, chunk.spins) for tile in chunk.tiles), strict=True)
        made += [U for spin in spins for U in spin]
    return torch.cat(made, dim=-2).index_select(-2, kernels.order)


def _of_tile(Y: Tensor, tile: Tile, spins: int) -> tuple[Tensor, ...]:
    """Return the modulus of a tile, per spin."""
    Y = Y[..., tile.columns, :]
    if not Y.is_complex():
        a = tile.A @ Y
        return (a.abs() if spins == 0 else torch.complex(a, tile.B @ Y).abs(),)
    real, imag = tile.A @ Y.real, tile.A @ Y.imag
    if spins == 0:
        return (torch.complex(real, imag).abs(),)
    b_real, b_imag = tile.B @ Y.real, tile.B @ Y.imag
    up = torch.complex(real - b_imag, imag + b_real).abs()
    if spins == 1:
        return (up,)
    return torch.complex(real + b_imag, imag - b_real).abs(), up


def averaged_rows(U: Tensor, kernels: RowKernels) -> list[Tensor]:
    """Average the rows of each path by phi_F: list of Tensors [shape=(..., kept, time)]."""
    rows = [(U[..., path.start : path.stop, :], path.average) for path in kernels.paths]
    return [part if average is None else average @ part for part, average in rows]
