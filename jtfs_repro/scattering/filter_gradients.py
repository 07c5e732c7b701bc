"""The formulae of `filters` in differentiable operations: spectra as functions of (xi, sigma).

The values of a learnt transform come from `filters`; these serve their derivatives. Filters go
together: `xi` and `sigma` are float64 tensors [shape=(filters,)], bins are [shape=(filters, bins)].
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from .filters import FOLD_EPS, MAX_PERIODS

LENGTH = 3.0  # times 1 / sigma: samples after which a response is < 1e-15 of its peak


def values(
    xi: Tensor, sigma: Tensor, norms: Tensor, bins: Tensor, N: int, *, analytic: bool
) -> Tensor:
    """Return the l1-normalised spectra at `bins` of `N` [shape=(filters, bins)].

    Norms are those of :func:`l1_norms`. Filters with ``xi = 0`` are low-pass.
    """
    return _unnormalised(xi, sigma, bins, N, analytic=analytic) / norms[:, None]


def l1_norms(xi: Tensor, sigma: Tensor, j: Sequence[int], N: int, *, analytic: bool) -> Tensor:
    """Return the sums of the moduli of the impulse responses [shape=(filters,)].

    As in `filters`, one sample in ``2**(j - 3)`` is enough; and where a response is shorter than
    the signal, so are as many bins as its own length needs.
    """
    norms = [None] * len(j)
    for level in sorted(set(j)):
        those = [i for i, other in enumerate(j) if other == level]
        x, s = xi[those], sigma[those]
        enough = 2 ** math.ceil(math.log2(LENGTH / float(s.detach().min())))
        whole = N if analytic else min(N, enough)  # what is cut at frequency 0 decays slowly
        most = max(whole // 2048, 1) if whole == N else max(whole // 64, 1)
        step = min(2 ** max(level - 3, 0), most)
        step = step if whole % step == 0 else 1
        short = whole // step
        bins = torch.arange(-(short // 2), short - short // 2, device=x.device)
        bins = bins + torch.round(x.detach() * whole).long()[:, None]
        band = _unnormalised(x, s, bins, whole, analytic=analytic)
        sums = torch.fft.ifft(band).abs().sum(-1) * step * short / whole
        for i, norm in zip(those, sums.unbind(), strict=True):
            norms[i] = norm
    return torch.stack(norms)  # pyright: ignore[reportArgumentType]


def responses(xi: Tensor, sigma: Tensor, j: Sequence[int], N: int) -> Tensor:
    """Return the impulse responses of all filters [shape=(filters, N)], complex."""
    bins = torch.arange(N, device=xi.device).expand(len(xi), N)
    norms = l1_norms(xi, sigma, j, N, analytic=False)
    return torch.fft.ifft(values(xi, sigma, norms, bins, N, analytic=False))


def _unnormalised(xi: Tensor, sigma: Tensor, bins: Tensor, N: int, *, analytic: bool) -> Tensor:
    zero = torch.zeros_like(bins[:, :1])
    rest = torch.zeros_like(xi)
    low = _folded_gaussian(rest, sigma, bins, N)
    kappa = _folded_gaussian(xi, sigma, zero, N) / _folded_gaussian(rest, sigma, zero, N)
    psi_hat = _folded_gaussian(xi, sigma, bins, N) - kappa * low
    psi_hat = torch.where((xi == 0)[:, None], low, psi_hat)
    if analytic:
        doubled = 2 * torch.remainder(bins, N)
        psi_hat = psi_hat * ((doubled < N) + 0.5 * (doubled == N))
    return psi_hat


def _folded_gaussian(xi: Tensor, sigma: Tensor, bins: Tensor, N: int) -> Tensor:
    """Average the Gaussians over ``2P - 1`` periods of the spectrum, P by the bandwidth."""
    reach = math.sqrt(-2 * math.log(FOLD_EPS))
    periods = torch.ceil(1 + sigma.detach() * reach).clamp(max=MAX_PERIODS)
    omega = torch.remainder(bins, N).double() / N
    folded = torch.zeros_like(omega)
    P = int(periods.max())
    for period in range(1 - P, P):
        distance = (omega + period - xi[:, None]) / sigma[:, None]
        folded = folded + torch.exp(-0.5 * distance**2) * (abs(period) < periods)[:, None]
    return folded / (2 * periods - 1)[:, None]
