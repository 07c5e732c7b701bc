"""Which second-order paths hold little energy, whatever the signal: for the option `prune`.

The envelope |x * psi_n1| of white noise has most of its spectrum below the bandwidth of psi_n1.
Wavelets psi_n2 far above that bandwidth pass next to nothing of it. For a complex Gaussian process
with autocorrelation rho(tau) the envelope's is proportional to the hypergeometric series

    sum_k c_k |rho(tau)|**(2 k),   c_k = (binomial(1/2, k))**2

and with a Gaussian psi_n1 of bandwidth sigma1, |rho|**(2 k) has a Gaussian spectrum of variance
k sigma1**2. psi_n2 is a Gaussian at xi2 minus kappa times one at 0, so that its square is three
Gaussians. The energy that it passes is then, up to a constant and with normal densities of
variance v_k = k sigma1**2 + sigma2**2 / 2,

    E(n1, n2) = sigma1 sigma2 sum_{k >= 1} c_k (normal(xi2; v_k)
        - 2 kappa exp(-xi2**2 / (4 sigma2**2)) normal(xi2 / 2; v_k) + kappa**2 normal(0; v_k))

References
----------
Middleton, "An introduction to statistical communication theory", 1960, on envelopes of noise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .filters import Filter

TERMS = 64  # of the series; c_k falls like k**-3


def envelope_energies(psi1: Sequence[Filter], psi2: Filter) -> NDArray[np.float64]:
    """Return E(n1, n2) of one `psi2` for all `psi1`: array [shape=(len(psi1),)]."""
    k = np.arange(1, TERMS + 1)
    weights = np.cumprod((1.5 - k) / k) ** 2
    sigma1 = np.array([psi.sigma for psi in psi1])
    variance = k * sigma1[:, None] ** 2 + psi2.sigma**2 / 2
    kappa = np.exp(-0.5 * (psi2.xi / psi2.sigma) ** 2)
    cross = 2 * kappa * np.exp(-0.25 * (psi2.xi / psi2.sigma) ** 2)
    terms = ((1, psi2.xi), (-cross, psi2.xi / 2), (kappa**2, 0.0))
    density = sum(c * np.exp(-(x**2) / (2 * variance)) for c, x in terms) / np.sqrt(variance)
    return sigma1 * psi2.sigma * (density @ weights)


def pruned_rows(
    psi1: Sequence[Filter],
    psi2: Sequence[Filter],
    rows: Sequence[int],
    samples: Sequence[int],
    share: float,
) -> list[int]:
    """Return how many of the first `rows[n2]` wavelets n1 remain for each n2.

    The pairs (n1, n2) with the least energy per computed sample go, as long as together they hold
    at most `share` of the energy that white noise has in the second order. Within one n2 those
    with the largest n1 (the narrowest) go first, so that the rows that remain are neighbours.

    Parameters
    ----------
    psi1, psi2 : sequences of Filter
    rows : number of rows of each n2
    samples : number of samples of each row of each n2
    share : float in [0, 1)
    """
    energies = [envelope_energies(psi1[:count], psi) for psi, count in zip(psi2, rows, strict=True)]
    # an n1 in front of a stronger one stays with it
    yields = [
        np.maximum.accumulate(energy[::-1])[::-1] / M
        for energy, M in zip(energies, samples, strict=True)
    ]
    order = np.argsort(np.concatenate(yields), kind="stable")
    lost = np.cumsum(np.concatenate(energies)[order])
    n_lost = int(np.searchsorted(lost, share * lost[-1], side="right"))
    bound = np.concatenate(yields)[order][n_lost] if n_lost < len(order) else np.inf
    return [int((part >= bound).sum()) for part in yields]
