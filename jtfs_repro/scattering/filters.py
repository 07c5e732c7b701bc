"""Morlet and Gaussian filters: geometry (xi, sigma, j) and Fourier-domain values.

Frequencies `xi` and bandwidths `sigma` are in cycles per sample, so 0.5 is Nyquist. The same
formulae serve the time axis (samples) and the log-frequency axis (rows). A filter is defined by its
Fourier transform, which is real: a Gaussian around `xi`, folded to the ``N`` bins of a discrete
spectrum, minus the multiple of the Gaussian around 0 that makes its mean vanish (Morlet), divided
by the l1 norm of its impulse response.

References
----------
Anden, Lostanlen, Mallat, "Joint time-frequency scattering", IEEE TSP 2019, section II.
Lostanlen, "Convolutional operators in the time-frequency domain", PhD thesis 2017, section 2.2.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

R_PSI = math.sqrt(0.5)  # gain at which neighbouring wavelets of one octave meet
SIGMA0 = 0.1  # bandwidth of a low-pass filter of width 1 sample
ALPHA = 5.0  # a filter is taken to end ALPHA bandwidths from its centre
FOLD_EPS = 1e-7  # relative height at which folding stops: fixes the number of periods
MAX_PERIODS = 5
TAIL = 7.0  # bandwidths beyond which a Gaussian is < 3e-11 of its peak, taken as zero


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Centre frequency, bandwidth (cycles/sample) and log2 of the largest subsampling."""

    xi: float
    sigma: float
    j: int

    @property
    def spin(self) -> int:
        """Sign of the centre frequency; 0 for a low-pass filter."""
        return (self.xi > 0) - (self.xi < 0)

    def described(self, N: int, *, analytic: bool = False) -> dict[str, Any]:
        """Return xi, sigma, j and, as ``levels[0]``, the spectrum on `N` bins."""
        levels = [spectrum(self, N, analytic=analytic)]
        return {"xi": self.xi, "sigma": self.sigma, "j": self.j, "levels": levels}


def xi_max(Q: int) -> float:
    """Return the highest centre frequency of a bank of `Q` wavelets per octave."""
    return max(0.35, 1 / (1 + 2 ** (3 / Q)))


def constant_q_sigma(xi: float, Q: int) -> float:
    """Return the bandwidth at which neighbours, `2**(1/Q)` apart, meet at gain `R_PSI`."""
    ratio = 1 / 2 ** (1 / Q)
    # This order of operations keeps the rounding, hence the size, of the field's filter banks.
    return xi * ((1 - ratio) / (1 + ratio)) * (1 / math.sqrt(2 * math.log(1 / R_PSI)))


def dyadic_subsampling(xi: float, sigma: float) -> int:
    """Return the largest j such that subsampling by ``2**j`` keeps the filter below Nyquist."""
    return math.floor(-math.log2(min(abs(xi) + ALPHA * sigma, 0.5))) - 1


def band_pass(xi: float, sigma: float) -> Filter:
    """Return the Morlet filter (xi, sigma) with its largest subsampling."""
    return Filter(xi=xi, sigma=sigma, j=dyadic_subsampling(xi, sigma))


def low_pass(width: float) -> Filter:
    """Return the Gaussian averaging over `width` samples (or rows): sigma = 0.1 / width."""
    return Filter(xi=0.0, sigma=SIGMA0 / width, j=math.floor(math.log2(width)))


def wavelets(J: int, Q: int) -> list[Filter]:
    """Return a bank of wavelets, from high to low frequency.

    Above an elbow the bank is constant-Q: `xi` and `sigma` fall by ``2**(1/Q)`` until `sigma`
    reaches ``0.1 / 2**J``. Below it are ``Q - 1`` wavelets of that least bandwidth, equally spaced.

    Parameters
    ----------
    J : int >= 0
        log2 of the largest scale, in samples.
    Q : int >= 1
        Wavelets per octave.
    """
    return [band_pass(xi, sigma) for xi, sigma in _geometry(J, Q)]


def _geometry(J: int, Q: int) -> Iterator[tuple[float, float]]:
    """Yield (xi, sigma) by repeated division, which fixes where the constant-Q part ends."""
    step = 2 ** (1 / Q)
    xi, sigma_min = xi_max(Q), SIGMA0 / 2**J
    sigma = constant_q_sigma(xi, Q)
    if sigma <= sigma_min:
        xi = sigma
    else:
        yield xi, sigma
        while sigma > sigma_min * step:
            xi, sigma = xi / step, sigma / step
            yield xi, sigma
    elbow = xi
    for _ in range(Q - 1):
        xi -= 1 / Q * elbow
        yield xi, sigma_min


def spinned_wavelets(J_fr: int, Q_fr: int) -> list[Filter]:
    """Return the log-frequency bank: low-pass of width ``2**J_fr``, then xi > 0, then xi < 0."""
    upward = wavelets(J_fr, Q_fr)
    downward = [Filter(xi=-psi.xi, sigma=psi.sigma, j=psi.j) for psi in upward]
    return [low_pass(2**J_fr), *upward, *downward]


def spectrum(filter: Filter, N: int, *, analytic: bool = False) -> Array:
    """Return the Fourier transform of `filter` on all `N` bins, l1-normalised.

    Parameters
    ----------
    filter : Filter
    N : int >= 1
        Number of bins; bin k is the frequency ``k/N`` modulo 1.
    analytic : bool
        Set the bins of negative frequency to zero and halve Nyquist (band-pass, `xi` > 0 only).

    Returns
    -------
    psi_hat : ndarray [shape=(N,)]
    """
    return values(filter, np.arange(N), N, analytic=analytic)


def values(filter: Filter, bins: NDArray, N: int, *, analytic: bool = False) -> Array:
    """Return the l1-normalised Fourier transform of `filter` at some `bins` of `N`."""
    norm = _l1_norm(filter, N, analytic=analytic)
    return _unnormalised(filter, bins, N, analytic=analytic) / norm


def _unnormalised(filter: Filter, bins: NDArray, N: int, *, analytic: bool) -> Array:
    """Gaussian at `xi` minus kappa times the Gaussian at 0, kappa such that bin 0 vanishes."""
    if filter.xi == 0:
        return _folded_gaussian(0.0, filter.sigma, bins, N)
    zero = np.zeros(1, dtype=int)
    at_zero = _folded_gaussian(filter.xi, filter.sigma, zero, N)
    kappa = at_zero / _folded_gaussian(0.0, filter.sigma, zero, N)
    psi_hat = _folded_gaussian(filter.xi, filter.sigma, bins, N)
    psi_hat -= kappa * _folded_gaussian(0.0, filter.sigma, bins, N)
    return psi_hat * _analytic_mask(bins, N) if analytic else psi_hat


def _folded_gaussian(xi: float, sigma: float, bins: NDArray, N: int) -> Array:
    """Average the Gaussian over ``2P - 1`` periods of the spectrum, at the given bins."""
    P = min(math.ceil(1 + sigma * math.sqrt(-2 * math.log(FOLD_EPS))), MAX_PERIODS)
    omega = np.mod(bins, N) / N
    folded = np.zeros(len(bins))
    for period in range(1 - P, P):
        distance = (omega + period - xi) / sigma
        near = np.abs(distance) < 12  # exp(-72) is below the rounding of the sum
        folded[near] += np.exp(-0.5 * distance[near] ** 2)
    return folded / (2 * P - 1)


def _analytic_mask(bins: NDArray, N: int) -> Array:
    """1 on positive frequencies, 0 on negative ones, 1/2 at Nyquist."""
    doubled = 2 * np.mod(bins, N)
    return np.where(doubled < N, 1.0, np.where(doubled == N, 0.5, 0.0))


def _l1_norm(filter: Filter, N: int, *, analytic: bool) -> float:
    """Sum of the modulus of the impulse response.

    The modulus is as smooth as the filter is narrow, so that one sample in ``2**(j - 3)`` gives
    the same sum (the error is that of aliasing at eight times the critical rate, < 1e-11); on at
    least 2048 samples, since a response longer than the signal is folded and no longer smooth.
    """
    step = min(2 ** max(filter.j - 3, 0), max(N // 2048, 1))
    step = step if N % step == 0 else 1
    short = N // step
    bins = np.arange(-(short // 2), short - short // 2) + round(filter.xi * N)
    band = _unnormalised(filter, bins, N, analytic=analytic)
    return step * float(np.abs(np.fft.ifft(band)).sum()) * short / N
