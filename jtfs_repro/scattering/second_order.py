"""Second order in time: Y_2(n1, t) = (U_1 * psi_n2)(t), and what is pooled of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .averaging import Reduction, averaged, averaged_adjoint
from .bands import Band, gain_adjoint, windows, windows_adjoint, windows_into
from .frequency import RowKernels
from .joint import pooled, pooled_adjoint, pooled_plain
from .parallel import in_parallel
from .scaling import power_of_two
from .scratch import Scratch
from .stages import Stage


@dataclass(frozen=True, kw_only=True)
class Branch:
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

    @property
    def M(self) -> int:
        """Number of samples of Y_2."""
        return self.bands[0].M

    @property
    def columns(self) -> int:
        """Number of rows of Y_2, mirrored ones included."""
        return self.rows + (0 if self.mirrored is None else len(self.mirrored))

    @property
    def outputs(self) -> int:
        """Number of rows of the modulus."""
        return self.rows if self.kernels is None else self.kernels.outputs


@dataclass(frozen=True, kw_only=True)
class SecondOrder(Stage):
    """All second-order wavelets: spectra of U_1, one Tensor per resolution -> S_2 per n2.

    columns : number of samples after the wavelets along n1 that are computed at once
    """

    branches: Sequence[Branch]
    columns: int

    def plain(self, *U_1_hats: Tensor) -> tuple[Tensor, ...]:
        """See `Stage`."""
        return tuple(
            self._pooled_plain(filtered(U_1_hats, branch), branch) for branch in self.branches
        )

    def run(self, *U_1_hats: Tensor) -> tuple[Tensor, ...]:
        """See `Stage`."""
        scratch = Scratch(U_1_hats[0])
        return tuple(
            self._pooled(filtered_fast(U_1_hats, branch, scratch), branch)
            for branch in self.branches
        )

    def adjoint(
        self,
        inputs: Sequence[Tensor],
        grads: Sequence[Tensor],
        sink: dict[int, Tensor] | None = None,
    ) -> Sequence[Tensor]:
        """See `Stage`; adds the gradients of the tables that `sink` has, by identity."""
        gradients = [torch.zeros_like(U_1_hat) for U_1_hat in inputs]
        scratch = Scratch(inputs[0])
        scale = _common_scale(grads)  # quotients of huge gradients and zeros stay in range
        if sink is not None:
            scale = scale.amax(0, keepdim=True)  # the tables' gradients are sums over signals
        for branch, S in zip(self.branches, grads, strict=True):
            Y_2 = filtered_fast(inputs, branch, scratch)
            Y_grad = scratch("Y_grad", *Y_2.shape)
            self._pooled_adjoint(Y_2, S / scale, Y_grad, branch, sink)
            filtered_adjoint(Y_grad, branch, gradients)
            if sink is not None:
                gains_adjoint(Y_grad, branch, inputs, sink)
        for table in sink.values() if sink is not None else ():
            table.mul_(scale.squeeze())
        return [gradient.mul_(scale) for gradient in gradients]

    def _pooled_plain(self, Y: Tensor, branch: Branch) -> Tensor:
        if branch.kernels is None:
            return averaged(Y.abs(), branch.reduction)
        return pooled_plain(Y, branch.kernels, branch.reduction)

    def _pooled(self, Y: Tensor, branch: Branch) -> Tensor:
        if branch.kernels is None:
            return averaged(Y.abs(), branch.reduction)
        return pooled(Y, branch.kernels, branch.reduction, self.columns)

    def _pooled_adjoint(
        self, Y: Tensor, S: Tensor, Y_grad: Tensor, branch: Branch, sink: dict[int, Tensor] | None
    ) -> None:
        if branch.kernels is None:
            torch.sgn(Y, out=Y_grad).mul_(averaged_adjoint(S, branch.reduction, Y.shape[-1]))
        else:
            pooled_adjoint(Y, S, Y_grad, branch.kernels, branch.reduction, self.columns, sink)


def _common_scale(grads: Sequence[Tensor]) -> Tensor:
    """Return the power of two below the largest gradient of each signal [shape=(B, 1, 1)]."""
    peak = torch.stack([S.abs().amax((1, 2)) for S in grads]).amax(0)
    return power_of_two(peak)[:, None, None]


def filtered(U_1_hats: Sequence[Tensor], branch: Branch) -> Tensor:
    """Return Y_2: Tensor [shape=(B, rows, M)], with the rows of the padding if there are any."""
    spectra = [
        windows(rows, band).squeeze(-2)
        for rows, band, _ in _rows(U_1_hats, branch, range(branch.rows))
    ]
    return _mirrored(torch.fft.ifft(torch.cat(spectra, dim=1), n=branch.M), branch)


def filtered_fast(U_1_hats: Sequence[Tensor], branch: Branch, scratch: Scratch) -> Tensor:
    """Return :func:`filtered` in a buffer that holds until the next call."""
    Y = scratch("Y", U_1_hats[0].shape[0], branch.rows, branch.M)

    def fill(share: Sequence[int]) -> None:
        Y_hat = Y.new_empty(Y.shape[0], len(share), branch.M)
        for rows, band, here in _rows(U_1_hats, branch, share):
            windows_into(rows, band, Y_hat[:, here])
        Y[:, share[0] : share[-1] + 1] = torch.fft.ifft(Y_hat)

    in_parallel(fill, range(branch.rows), Y.device)
    return _mirrored(Y, branch)


def filtered_adjoint(Y: Tensor, branch: Branch, gradients: Sequence[Tensor]) -> None:
    """Add to `gradients` the adjoint of :func:`filtered` at `Y`."""
    Y = _unmirrored(Y, branch)

    def add(share: Sequence[int]) -> None:
        Y_hat = torch.fft.fft(Y[:, share[0] : share[-1] + 1], norm="forward")
        for gradient, band, here in _rows(gradients, branch, share):
            windows_adjoint(Y_hat[:, here, None], band, gradient)

    in_parallel(add, range(branch.rows), Y.device)


def gains_adjoint(
    Y: Tensor, branch: Branch, U_1_hats: Sequence[Tensor], sink: dict[int, Tensor]
) -> None:
    """Add to `sink` the gradients of the branch's gains, given that of :func:`filtered`."""
    if not any(id(band.gain) in sink for band in branch.bands):
        return
    Y = _unmirrored(Y, branch)

    def gradients_of(share: Sequence[int]) -> list[tuple[Band, Tensor]]:
        Y_hat = torch.fft.fft(Y[:, share[0] : share[-1] + 1], norm="forward")
        return [
            (band, gain_adjoint(Y_hat[:, here, None], band, rows))
            for rows, band, here in _rows(U_1_hats, branch, share)
        ]

    for found in in_parallel(gradients_of, range(branch.rows), Y.device):
        for band, gradient in found:
            sink[id(band.gain)] += gradient


def _unmirrored(Y: Tensor, branch: Branch) -> Tensor:
    """Return the gradient of the rows, given that with the rows of the padding."""
    if branch.mirrored is None:
        return Y
    Y, mirrored = Y[:, : branch.rows], Y[:, branch.rows :]
    return Y.index_add(1, branch.mirrored, mirrored.conj().resolve_conj())


def _rows(
    U_1_hats: Sequence[Tensor], branch: Branch, share: Sequence[int]
) -> Iterator[tuple[Tensor, Band, slice]]:
    """Yield, per resolution, the rows of the branch in `share`, its band, and where they go."""
    start = 0
    for U_1_hat, band in zip(U_1_hats, branch.bands, strict=False):
        first, last = max(start, share[0]), min(start + U_1_hat.shape[1], share[-1] + 1)
        if first < last:
            here = slice(first - share[0], last - share[0])
            yield U_1_hat[:, first - start : last - start], band, here
        start += U_1_hat.shape[1]


def _mirrored(Y: Tensor, branch: Branch) -> Tensor:
    if branch.mirrored is None:
        return Y
    return torch.cat([Y, Y.index_select(1, branch.mirrored).conj()], dim=1)
