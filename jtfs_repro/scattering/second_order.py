"""Second order in time: Y_2(n1, t) = (U_1 * psi_n2)(t), and what is pooled of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .averaging import Reduction, averaged, averaged_adjoint
from .bands import Band, windows, windows_adjoint
from .frequency import RowKernels
from .joint import pooled, pooled_adjoint, pooled_plain
from .stages import Stage


@dataclass(frozen=True, kw_only=True)
class Slice:
    """One second-order wavelet n2.

    bands : of psi_n2, one per resolution of the first order
    rows : number of first-order wavelets with j1 < j2
    reduction : average in time
    kernels : wavelets along n1, or None for the modulus of each row
    mirrored : rows of the padding along n1, conjugated copies of these rows, or None
    """

    n2: int
    bands: list[Band]
    rows: int
    reduction: Reduction
    kernels: RowKernels | None
    mirrored: Any = None


@dataclass(frozen=True, kw_only=True)
class SecondOrder(Stage):
    """All second-order wavelets: spectra of U_1, one Tensor per resolution -> S_2 per n2.

    columns : int
        Number of samples after the wavelets along n1 that are computed at once.
    """

    slices: Sequence[Slice]
    columns: int

    def plain(self, *U_1_hats: Tensor) -> tuple[Tensor, ...]:
        """See `Stage`."""
        return tuple(self._pooled_plain(filtered(U_1_hats, part), part) for part in self.slices)

    def run(self, *U_1_hats: Tensor) -> tuple[Tensor, ...]:
        """See `Stage`."""
        return tuple(self._pooled(filtered(U_1_hats, part), part) for part in self.slices)

    def adjoint(self, inputs: Sequence[Tensor], grads: Sequence[Tensor]) -> Sequence[Tensor]:
        """See `Stage`."""
        gradients = [torch.zeros_like(U_1_hat) for U_1_hat in inputs]
        for part, S in zip(self.slices, grads, strict=True):
            Y_2 = self._pooled_adjoint(filtered(inputs, part), S, part)
            filtered_adjoint(Y_2, part, gradients)
        return gradients

    def _pooled_plain(self, Y: Tensor, part: Slice) -> Tensor:
        if part.kernels is None:
            return averaged(Y.abs(), part.reduction)
        return pooled_plain(Y, part.kernels, part.reduction)

    def _pooled(self, Y: Tensor, part: Slice) -> Tensor:
        if part.kernels is None:
            return averaged(Y.abs(), part.reduction)
        return pooled(Y, part.kernels, part.reduction, self.columns)

    def _pooled_adjoint(self, Y: Tensor, S: Tensor, part: Slice) -> Tensor:
        if part.kernels is None:
            return Y.sgn_().mul_(averaged_adjoint(S, part.reduction, Y.shape[-1]))
        return pooled_adjoint(Y, S, part.kernels, part.reduction, self.columns)


def filtered(U_1_hats: Sequence[Tensor], part: Slice) -> Tensor:
    """Return Y_2: Tensor [shape=(B, rows, M)], with the rows of the padding if there are any."""
    windowed, start = [], 0
    for U_1_hat, band in zip(U_1_hats, part.bands, strict=False):
        rows = U_1_hat[:, : part.rows - start]
        windowed.append(windows(rows, band).squeeze(-2))
        start += rows.shape[1]
    Y = torch.fft.ifft(torch.cat(windowed, dim=1), n=part.bands[0].M)
    if part.mirrored is None:
        return Y
    return torch.cat([Y, Y.index_select(1, part.mirrored).conj()], dim=1)


def filtered_adjoint(Y: Tensor, part: Slice, gradients: Sequence[Tensor]) -> None:
    """Add to `gradients` the adjoint of :func:`filtered` at `Y`."""
    if part.mirrored is not None:
        Y, mirrored = Y[:, : part.rows], Y[:, part.rows :]
        Y = Y.index_add(1, part.mirrored, mirrored.conj().resolve_conj())
    Y_hat = torch.fft.fft(Y, norm="forward")[:, :, None]
    start = 0
    for gradient, band in zip(gradients, part.bands, strict=False):
        rows = gradient[:, : part.rows - start]
        stop = start + rows.shape[1]
        windows_adjoint(Y_hat[:, start:stop], band, rows)
        start = stop
