"""First order: U_1(n1, t) = |x * psi_n1|(t), its average in time, and its spectrum.

The wavelets of one resolution are a few batched FFTs. U_1 is kept as spectra, which is what the
second order reads; it never exists for all wavelets at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .averaging import Reduction, averaged, averaged_adjoint
from .bands import Band, rfft_adjoint, windows, windows_adjoint
from .stages import Stage


@dataclass(frozen=True, kw_only=True)
class FirstOrder(Stage):
    """First-order wavelets of one resolution ``2**-k``.

    U_0_hat [shape=(B, N / 2 + 1)] -> S_1 [shape=(B, filters, frames)] and, if there is a second
    order, U_1_hat [shape=(B, filters, M / 2 + 1)].

    chunk : int
        Number of samples of U_1 computed at once.
    """

    band: Band
    reduction: Reduction
    has_second: bool
    chunk: int

    def plain(self, U_0_hat: Tensor) -> tuple[Tensor, ...]:
        """See `Stage`."""
        U_1 = self._filtered(U_0_hat, self.band).abs()
        S_1 = averaged(U_1, self.reduction)
        return (S_1, torch.fft.rfft(U_1)) if self.has_second else (S_1,)

    def run(self, U_0_hat: Tensor) -> tuple[Tensor, ...]:
        """See `Stage`."""
        S_1, U_1_hat = [], None
        for first, last, band in self._chunks(U_0_hat.shape[0]):
            U_1 = self._filtered(U_0_hat, band).abs()
            S_1.append(averaged(U_1, self.reduction))
            if self.has_second:
                if U_1_hat is None:
                    shape = (U_1.shape[0], len(self.band.gain), band.M // 2 + 1)
                    U_1_hat = U_0_hat.new_empty(shape)
                U_1_hat[:, first:last] = torch.fft.rfft(U_1)
        S = torch.cat(S_1, dim=1)
        return (S,) if U_1_hat is None else (S, U_1_hat)

    def adjoint(self, inputs: Sequence[Tensor], grads: Sequence[Tensor]) -> Sequence[Tensor]:
        """See `Stage`."""
        (U_0_hat,), (S_1, *U_1_hat) = inputs, grads
        gradient = torch.zeros_like(U_0_hat)
        for first, last, band in self._chunks(U_0_hat.shape[0]):
            Y_1 = self._filtered(U_0_hat, band)
            U_1 = averaged_adjoint(S_1[:, first:last], self.reduction, Y_1.shape[-1])
            for part in U_1_hat:
                U_1 += rfft_adjoint(part[:, first:last], band.M)
            Y_1.sgn_().mul_(U_1)
            Y_hat = torch.fft.fft(Y_1, norm="forward")
            windows_adjoint(Y_hat, band, gradient)
        return (gradient,)

    def _filtered(self, U_0_hat: Tensor, band: Band) -> Tensor:
        return torch.fft.ifft(windows(U_0_hat, band), n=band.M)

    def _chunks(self, batch: int) -> Iterator[tuple[int, int, Band]]:
        """Yield the filters computed at once: first, last + 1, and their band."""
        filters = len(self.band.gain)
        step = max(1, self.chunk // max(1, batch * self.band.M))
        for first in range(0, filters, step):
            last = min(first + step, filters)
            yield first, last, self.band.part(first, last)
