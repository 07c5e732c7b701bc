r"""Joint time-frequency scattering as in the textbook: one function a stage, no speed.

What to read first. Signals and filters live on a circle of samples (time t) or of rows
(log-frequency, n1 = 0 is the highest); filters are given by their Fourier transforms.

.. math::
    U_1(n_1, t) &= |x * \psi_{n_1}|(t) \\
    S_1(n_{fr}, n_1, t) &= |(U_1 *_t \phi_T) *_{n_1} \psi_{n_{fr}}| *_{n_1} \phi_F \\
    S_2(n_2, n_{fr}, n_1, t) &=
        |U_1 *_t \psi_{n_2} *_{n_1} \psi_{n_{fr}}| *_t \phi_T *_{n_1} \phi_F

:func:`jtfs` returns what ``TimeFrequencyScattering(..., out_type="dict", keep_lost=True)`` returns,
for all J, J_fr, Q, Q_fr; T and F (None, a number, 'global', 0) and their strides; both formats;
'reflect' and 'zero' padding; both global averages; analytic wavelets. Left out: mirrored rows
('conj-reflect'), pruning, labels, checks.

References
----------
Anden, Lostanlen, Mallat, "Joint time-frequency scattering", IEEE TSP 2019.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .filters import Filter, low_pass, spectrum, spinned_wavelets, wavelets
from .padding import TimeAxis, padded_rows, time_axis


@dataclass(frozen=True, kw_only=True)
class Average:
    """How an axis is averaged: by a filter of `width` ('local'), 'global', or not (None)."""

    kind: str | None
    width: float
    log2_stride: int
    is_mean: bool

    def step(self, j: int) -> int:
        """log2 of the stride at which U * psi is kept: ``2**j``, or finer than the output's."""
        return min(j, self.log2_stride) if self.kind == "local" else j


def average(width: float | str | None, default: int, stride: int | None, how: str) -> Average:
    """Read T or F; 0 and 'global' keep the default width for what is averaged even so."""
    kind = "global" if width == "global" else None if width == 0 else "local"
    width = float(width) if kind == "local" and width is not None else default
    log2_stride = int(math.log2(stride or width))
    return Average(kind=kind, width=width, log2_stride=log2_stride, is_mean=how == "mean")


def convolve(U: Tensor, psi: Filter, N: int, k: int, k_out: int, analytic: bool = False) -> Tensor:
    """Return (U * psi)(2**k_out t) on a circle of `N` samples, given U(2**k t), t the last axis."""
    psi_hat = torch.from_numpy(spectrum(psi, N, analytic=analytic and psi.xi != 0)).to(U)
    psi_hat = psi_hat.view(2**k, -1).sum(0)  # at resolution 2**-k the spectrum is folded
    return torch.fft.ifft(torch.fft.fft(U) * psi_hat)[..., :: 2 ** (k_out - k)]


def scalogram(U_0: Tensor, psi1: list[Filter], time: Average, analytic: bool) -> list[Tensor]:
    """U_1(n1, t) = |x * psi_n1|(2**k1 t), one Tensor per n1."""
    N = U_0.shape[-1]
    return [convolve(U_0, psi, N, 0, time.step(psi.j), analytic).abs() for psi in psi1]


def average_time(U: Tensor, time: Average, axis: TimeAxis, k: int, *, crop: bool = True) -> Tensor:
    """U *_t phi_T at the output's stride, the padding cut off."""
    S = convolve(U, low_pass(time.width), axis.N_padded, k, time.log2_stride).real
    return S[..., slice(*axis.border(time.log2_stride))] if crop else S


def pool_time(U: Tensor, time: Average, axis: TimeAxis, k: int) -> Tensor:
    """U *_t phi_T; or the sum (padding included) or the mean over time; or U without padding."""
    if time.kind == "local":
        return average_time(U, time, axis, k)
    if time.kind == "global" and not time.is_mean:
        return U.sum(-1, keepdim=True)
    U = U[..., slice(*axis.border(k))]
    return U.mean(-1, keepdim=True) if time.kind == "global" else U


def along_rows(Y: Tensor, psi: Filter, N_fr: int, k: int, k_out: int) -> Tensor:
    """(Y *_{n1} psi)(2**k_out n1, t), Y [shape=(..., rows, t)] padded with rows of zeros."""
    rows = torch.nn.functional.pad(Y.mT, (0, (N_fr >> k) - Y.shape[-2]))
    return convolve(rows, psi, N_fr, k, k_out).mT


def pool_rows(U: Tensor, row: Average, N_fr: int, live: int, k: int) -> Tensor:
    """U *_{n1} phi_F; or the sum (padding included) or the mean over the live rows; or U."""
    if row.kind == "local":
        return along_rows(U, low_pass(row.width), N_fr, k, row.log2_stride).real
    if row.kind == "global":
        return U[..., : -(-live >> k), :].mean(-2, True) if row.is_mean else U.sum(-2, True)
    return U


def jtfs(
    x: Tensor,
    *,
    J: int,
    J_fr: int,
    Q: tuple[int, int],
    T: float | str | None = None,
    stride: int | None = None,
    Q_fr: int = 1,
    F: float | str | None = None,
    stride_fr: int | None = None,
    format: str = "time",
    global_average: str = "sum",
    pad_mode: str = "reflect",
    analytic: bool = False,
) -> dict[tuple[int, ...], Tensor]:
    """Return {(): S_0, (n1, n_fr) and (n1, n2, n_fr): rows}, or per (n_fr) and (n2, n_fr) if joint.

    x [shape=(..., N)] -> S [shape=(..., frames)], for joint paths [shape=(..., rows, frames)].
    """
    time = average(T, 2**J, stride, global_average)
    row = average(F, 2**J_fr, stride_fr, global_average)
    psi1, psi2 = (wavelets(J, q) for q in Q)
    psi_fr = spinned_wavelets(J_fr, Q_fr)  # low-pass, xi > 0 (spin +1), xi < 0 (spin -1)

    # The signal is reflected at its ends, the scalogram padded with rows of zeros.
    axis = time_axis(x.shape[-1], time.width)
    mode = "reflect" if pad_mode == "reflect" else "constant"
    U_0 = torch.nn.functional.pad(x.reshape(-1, axis.N), (axis.left, axis.right), mode=mode)
    U_0 = U_0.view(*x.shape[:-1], axis.N_padded)
    N_fr = padded_rows((J + 1) * Q[0], J_fr, row.width, row.log2_stride, least=len(psi1))

    S: dict[tuple[int, ...], Tensor] = {(): pool_time(U_0, time, axis, 0)}
    U_1 = scalogram(U_0, psi1, time, analytic)
    k1 = [time.step(psi.j) for psi in psi1]

    def put(U: Tensor, n_fr: int, live: int, *n2: int) -> None:
        """Average the rows of a path by phi_F, and keep those that `live` wavelets n1 reach."""
        psi, k = psi_fr[n_fr], row.step(psi_fr[n_fr].j)
        averaged = row.kind if psi.spin else None  # the low-pass n_fr = 0 is an average already
        U = pool_rows(U, row, N_fr, live, k) if averaged else U
        step = 2 ** (row.log2_stride if averaged == "local" else k)
        kept = 1 + live // step if format == "joint" else math.ceil(live / step)
        U = U[..., :kept, :]
        if format == "joint":
            S[*n2, n_fr] = U
        else:
            S.update({(i * step, *n2, n_fr): U_n1 for i, U_n1 in enumerate(U.unbind(-2))})

    # First order: averaged in time before the wavelets along n1; both spins have one modulus.
    is_sum = time.kind == "global" and not time.is_mean
    frames = [average_time(U, time, axis, k, crop=not is_sum) for U, k in zip(U_1, k1, strict=True)]
    Y_1 = torch.stack(frames, -2)
    for n_fr, psi in enumerate(psi_fr):
        if psi.spin >= 0:
            U = along_rows(Y_1, psi, N_fr, 0, row.step(psi.j)).abs()
            if time.kind == "global":
                U = U.sum(-1, True) if is_sum else U.mean(-1, True)
            put(U, n_fr, len(psi1))

    # Second order: wavelets in time for the rows with j1 < j2, then along n1, then both averages.
    for n2, psi_2 in enumerate(psi2):
        k2, live = time.step(psi_2.j), sum(psi.j < psi_2.j for psi in psi1)
        if live:
            pairs = zip(U_1[:live], k1, strict=False)
            Y_2 = [convolve(U, psi_2, axis.N_padded, k, k2, analytic) for U, k in pairs]
            for n_fr, psi in enumerate(psi_fr):
                U_2 = along_rows(torch.stack(Y_2, -2), psi, N_fr, 0, row.step(psi.j)).abs()
                put(pool_time(U_2, time, axis, k2), n_fr, live, n2)
    return S
