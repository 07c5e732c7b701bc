r"""Filter banks of joint scattering as curves and pictures.

In frequency, with the Littlewood–Paley sums: of what the transform sees of a real signal,

.. math:: A(\omega) = |\hat\phi(\omega)|^2
          + \tfrac12 \sum_n \bigl(|\hat\psi_n(\omega)|^2 + |\hat\psi_n(-\omega)|^2\bigr),

and along log-frequency, where the input is complex and both spins are wavelets of their own,
:math:`A = |\hat\phi|^2 + \sum |\hat\psi|^2`. Filters have unit l1 norm, not unit energy: A need not
be flat or stay below 1. In time and log-frequency: the real part of
:math:`\psi_{n_2}(t)\, \psi_{n_{fr}}(n_1)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from jtfs_repro import checks
from jtfs_repro.scattering import TimeFrequencyScattering
from jtfs_repro.scattering.filters import Filter, low_pass, spectrum, values
from jtfs_repro.scattering.responses import Cell, cells

POINTS = 1024  # of a curve
SUPPORT = 3.5  # standard deviations of a Gaussian envelope taken as its half support


@dataclass(frozen=True, kw_only=True, eq=False)
class Bank:
    """Moduli of one bank in the Fourier domain.

    axis : ndarray [shape=(points,)], in the unit of the figure
    psi : ndarray [shape=(filters, points)]
    phi : ndarray [shape=(points,)]
    littlewood_paley : ndarray [shape=(points,)]
    live : bool array [shape=(filters,)], which of them the transform uses
    """

    axis: np.ndarray
    psi: np.ndarray
    phi: np.ndarray
    littlewood_paley: np.ndarray
    live: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Wavelets2d:
    """Real parts of 2-D wavelets on one window.

    times_s : ndarray [shape=(samples,)], 0 in the middle
    octaves : ndarray [shape=(rows,)], upwards, 0 in the middle, falling (row n1 = 0 is the highest)
    rates_hz, scales_cpo : lists, 0 for the low-pass, from low to high
    psi : ndarray [shape=(2 scales + 1, 1 + rates, rows, samples)], as drawn: phi_t first; spin +1
        with scales from high to low, phi_f, spin -1 with scales from low to high
    """

    times_s: np.ndarray
    octaves: np.ndarray
    rates_hz: list[float]
    scales_cpo: list[float]
    psi: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Filterbank:
    """The three banks (Hz, Hz, cycles/octave) and some 2-D wavelets."""

    first: Bank
    second: Bank
    log_frequency: Bank
    wavelets: Wavelets2d


def filterbank(
    *,
    transform: Callable[..., TimeFrequencyScattering],
    sr: float,
    n_samples: int,
    rates: int = 3,
    scales: int = 3,
) -> Filterbank:
    """Return the filters of a transform, called with ``shape=n_samples``.

    The 2-D pictures show ``rates`` times ``scales``, an octave apart, from the largest supports
    down.
    """
    checks.number("sr", sr, above=0, mistake="sample rate in Hz")
    S = transform(shape=n_samples)
    is_live = np.isin(np.arange(len(S.psi2)), [cell.n2 for cell in cells(S, sr=sr) if cell.n2])
    return Filterbank(
        first=_real_bank(S.psi1, S, sr, np.ones(len(S.psi1), dtype=bool)),
        second=_real_bank(S.psi2, S, sr, is_live),
        log_frequency=_complex_bank(S),
        wavelets=wavelets_2d(S, sr=sr, chosen=_slowest(S, sr, rates, scales)),
    )


def _real_bank(
    psi: Sequence[Filter], S: TimeFrequencyScattering, sr: float, live: np.ndarray
) -> Bank:
    """Return a bank over positive frequencies, on a logarithmic axis."""
    N = S.pad_left + S.shape[0] + S.pad_right
    bins = np.unique(np.geomspace(1, N // 2, POINTS).round().astype(int))
    moduli = np.abs([values(p, bins, N, analytic=S.analytic) for p in psi])
    negative = np.abs([values(p, N - bins, N, analytic=S.analytic) for p in psi])
    phi = np.abs(values(low_pass(S.T), bins, N))
    total = phi**2 + (moduli**2 + negative**2).sum(axis=0) / 2
    return Bank(axis=bins / N * sr, psi=moduli, phi=phi, littlewood_paley=total, live=live)


def _complex_bank(S: TimeFrequencyScattering) -> Bank:
    """Return the bank along log-frequency over both signs, in cycles/octave."""
    bins = np.arange(POINTS) - POINTS // 2
    phi, *psi = (np.abs(values(p, bins, POINTS)) for p in S.psi_fr)
    total = phi**2 + np.square(psi).sum(axis=0)
    axis = bins / POINTS * S.Q[0]
    live = np.ones(len(psi), dtype=bool)
    return Bank(axis=axis, psi=np.array(psi), phi=phi, littlewood_paley=total, live=live)


def _slowest(S: TimeFrequencyScattering, sr: float, rates: int, scales: int) -> list[Cell]:
    """Return the cells of the `rates` lowest rates and the `scales` lowest scales."""
    checks.integer("rates", rates, low=1)
    checks.integer("scales", scales, low=1)
    table = cells(S, sr=sr)
    kept_rates = sorted({cell.rate_hz for cell in table})[: rates + 1]
    kept_scales = sorted({cell.scale_cpo for cell in table})[: scales + 1]
    return [c for c in table if c.rate_hz in kept_rates and c.scale_cpo in kept_scales]


def wavelets_2d(
    S: TimeFrequencyScattering,
    *,
    sr: float,
    chosen: list[Cell],
    samples: int = 192,
    crop: float = 1.8,
) -> Wavelets2d:
    """Return the real parts of 2-D wavelets, on the largest support among them.

    ``chosen`` holds all pairs of some rates and scales, the low-passes among them, in both spins.
    The window is the largest support, 3.5 standard deviations to each side, divided by ``crop``.
    """
    N = S.pad_left + S.shape[0] + S.pad_right
    slowest = min([low_pass(S.T).sigma, *(S.psi2[c.n2].sigma for c in chosen if c.n2 is not None)])
    coarsest = min(S.psi_fr[c.n_fr].sigma for c in chosen)
    half_t, half_f = (SUPPORT / (2 * np.pi * sigma) / crop for sigma in (slowest, coarsest))
    t = np.unique(np.linspace(-half_t, half_t, samples).round().astype(int))
    n1 = np.arange(-round(half_f), round(half_f) + 1)
    rates = sorted({c.rate_hz for c in chosen})
    scales = sorted({c.scale_cpo for c in chosen})
    in_time = {c.rate_hz: _impulse(_in_time(S, c.n2), N, t) for c in chosen}
    rows = [(s, 1) for s in scales[:0:-1]] + [(0.0, 0)] + [(s, -1) for s in scales[1:]]
    along = {(c.scale_cpo, s): _along(S, c, s, n1) for c in chosen for s in (0, 1, -1)}
    psi = [[np.real(along[row][:, None] * in_time[rate]) for rate in rates] for row in rows]
    return Wavelets2d(
        times_s=t / sr, octaves=-n1 / S.Q[0], rates_hz=rates, scales_cpo=scales, psi=np.array(psi)
    )


def _in_time(S: TimeFrequencyScattering, n2: int | None) -> Filter:
    return low_pass(S.T) if n2 is None else S.psi2[n2]


def _along(S: TimeFrequencyScattering, cell: Cell, spin: int, n1: np.ndarray) -> np.ndarray:
    """Return psi_fr of a cell's scale, of a spin of its own."""
    psi = S.psi_fr[cell.n_fr]
    turned = Filter(xi=abs(psi.xi) * (spin or 1), sigma=psi.sigma, j=psi.j)
    return _impulse(turned, max(S.N_fr, 8 << S.J_fr), n1)


def _impulse(psi: Filter, N: int, positions: np.ndarray) -> np.ndarray:
    """Return the impulse response at some positions, of either sign."""
    return np.fft.ifft(spectrum(psi, N))[np.mod(positions, N)]
