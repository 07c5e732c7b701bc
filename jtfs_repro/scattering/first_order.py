"""First order: U_1(n1, t) = |x * psi_n1|(t), its average in time, and its spectrum.

The wavelets of one resolution are a few batched FFTs. U_1 is kept as spectra, which is what the
second order reads; it never exists for all wavelets at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .averaging import Reduction, averaged, averaged_adjoint
from .bands import Band, gain_adjoint, rfft_adjoint, windows, windows_adjoint
from .parallel import in_parallel
from .stages import Stage


@dataclass(frozen=True, kw_only=True)
class FirstOrder(Stage):
    """First-order wavelets of one resolution ``2**-k``.

    U_0_hat [shape=(B, N / 2 + 1)] -> S_1 [shape=(B, filters, frames)] and, if there is a second
    order, U_1_hat [shape=(B, filters, bins)].

    bins : int
        Number of bins of U_1_hat that the second order reads, 0 without one.
    chunk : int
        Number of samples of U_1 computed at once.
    """

    band: Band
    reduction: Reduction
    bins: int
    chunk: int

    def plain(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """See `Stage`."""
        (U_0_hat,) = inputs
        U_1 = self._filtered(U_0_hat, self.band).abs()
        S_1 = averaged(U_1, self.reduction)
        return (S_1, torch.fft.rfft(U_1)[..., : self.bins]) if self.bins else (S_1,)

    def run(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """See `Stage`."""
        (U_0_hat,) = inputs
        B, filters = U_0_hat.shape[0], len(self.band.gain)
        S_1 = U_0_hat.real.new_empty(B, filters, self.reduction.length)
        U_1_hat = U_0_hat.new_empty(B, filters, self.bins) if self.bins else None

        def fill(chunks: Sequence[slice]) -> None:
            for chunk in chunks:
                U_1 = self._filtered(U_0_hat, self.band.part(chunk)).abs()
                S_1[:, chunk] = averaged(U_1, self.reduction)
                if U_1_hat is not None:
                    U_1_hat[:, chunk] = torch.fft.rfft(U_1)[..., : self.bins]

        in_parallel(fill, self._chunks(B), U_0_hat.device)
        return (S_1,) if U_1_hat is None else (S_1, U_1_hat)

    def adjoint(
        self,
        inputs: Sequence[Tensor],
        grads: Sequence[Tensor],
        sink: dict[int, Tensor] | None = None,
    ) -> Sequence[Tensor]:
        """See `Stage`; adds the gradients of the tables that `sink` has, by identity."""
        gain_grad = None if sink is None else sink.get(id(self.band.gain))
        (U_0_hat,), (S_1, *U_1_hat) = inputs, grads

        def gradient_of(chunks: Sequence[slice]) -> Tensor:
            gradient = torch.zeros_like(U_0_hat)
            for chunk in chunks:
                band = self.band.part(chunk)
                Y_1 = self._filtered(U_0_hat, band)
                U_1 = averaged_adjoint(S_1[:, chunk], self.reduction, band.M)
                for part in U_1_hat:
                    U_1 += rfft_adjoint(part[:, chunk], band.M)
                Y_hat = torch.fft.fft(Y_1.sgn_().mul_(U_1), norm="forward")
                windows_adjoint(Y_hat, band, gradient)
                if gain_grad is not None:
                    gain_grad[chunk] += gain_adjoint(Y_hat, band, U_0_hat)
            return gradient

        chunks = self._chunks(len(U_0_hat))
        first, *others = in_parallel(gradient_of, chunks, U_0_hat.device)
        for other in others:
            first += other
        return (first,)

    def _chunks(self, batch: int) -> list[slice]:
        """Return the filters computed at once."""
        filters = len(self.band.gain)
        step = max(1, self.chunk // max(1, batch * self.band.M))
        return [slice(i, min(i + step, filters)) for i in range(0, filters, step)]

    def _filtered(self, U_0_hat: Tensor, band: Band) -> Tensor:
        return torch.fft.ifft(windows(U_0_hat, band), n=band.M)
