r"""Synchrony: whether the subbands of a sound rise at the same moments.

The paper's claim is that a sound resynthesised from the joint transform keeps the alignment of its
subbands, and one from time scattering does not. Made a number: subband k is the Gabor wavelet
psi_k (a Gaussian in frequency, 1 at its peak) of a constant-Q bank, which is neither of the
representations under test;

.. math::
    U_k(t) &= (|x * \psi_k| * g)(t) \\
    O_k(t) &= \max(0, L_k(t) - L_k(t - h)), \quad L_k = \log(1 + U_k / \overline{U_k}) \\
    r_{jk} &= \mathrm{corr}_t(O_j, O_k), \quad
    \mathrm{synchrony} = \frac{\sum w_{jk} r_{jk}}{\sum w_{jk}}, \quad
    w_{jk} = \sqrt{E_j E_k}

with g a Gaussian of some 10 ms, h the hop, an overline the mean over time and E_k the mean of
U_k**2. The correlation is taken at zero lag and over the pairs of subbands that lie apart by at
least `least_octaves`: neighbours overlap, and rise together in any sound. The weights are those of
the original, for the original and all sounds compared with it.

Sounds are arrays [shape=(channels, N)]. Pairs lie within a channel; neither the level of the sound
nor the order of its channels matters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len

from jtfs_repro import checks
from jtfs_repro.scattering.filters import constant_q_sigma, xi_max

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class OnsetBands:
    """The subbands whose onsets are compared; `ValueError` if a setting is out of range.

    Their highest centre is 0.35 to 0.5 of the sample rate. A wavelet's own response lasts
    ``1 / (2 pi sigma)``: with Q = 4 and 200 Hz, 8 ms.
    """

    Q: int = 4  # wavelets per octave
    lowest_hz: float = 200.0  # no subband has a lower centre
    smoothing_s: float = 0.01  # standard deviation of the Gaussian g
    hop_s: float = 0.005  # h, between two values of the onset strength
    least_octaves: float = 1.0  # between the subbands of a pair

    def __post_init__(self) -> None:
        checks.integer("Q", self.Q, low=1)
        checks.number("lowest_hz", self.lowest_hz, above=0)
        checks.number("smoothing_s", self.smoothing_s, above=0, high=1, mistake="seconds")
        checks.number("hop_s", self.hop_s, above=0, high=1, mistake="seconds")
        checks.number("least_octaves", self.least_octaves, above=0, mistake="octaves")

    @property
    def least_steps(self) -> int:
        """Steps of the bank between the subbands of a pair."""
        return math.ceil(self.least_octaves * self.Q - 1e-9)

    def wavelets(self, sr: float) -> list[tuple[float, float]]:
        """Return (xi, sigma), cycles/sample, from high to low; `ValueError` if there is no pair."""
        xi, bank = xi_max(self.Q), []
        while xi * sr >= self.lowest_hz:
            bank.append((xi, constant_q_sigma(xi, self.Q)))
            xi /= 2 ** (1 / self.Q)
        if len(bank) <= self.least_steps:
            rule = f"leave subbands {self.least_octaves:g} octaves apart below {sr / 2:g} Hz"
            checks.fail("lowest_hz", self.lowest_hz, rule, "lower it, or least_octaves")
        return bank


@dataclass(frozen=True, kw_only=True)
class Onsets:
    """Correlations r of the onsets of every pair of subbands, 0 where a subband has no onset."""

    correlation: Array  # [shape=(channels, pairs)], as is the weight w
    weight: Array


def onset_correlations(x: np.ndarray, *, sr: float, bands: OnsetBands) -> Onsets:
    """Correlate the onsets of all pairs of subbands of x [shape=(channels, N)] (see above).

    `ValueError`: the sound is too short, or the bank has no pair of subbands.
    """
    if x.ndim != 2 or x.shape[0] < 1:
        checks.fail("x.shape", x.shape, "be (channels, N)", "mono: x[None]")
    found = [_envelopes(channel, sr, bands) for channel in x]
    strength = np.stack([_onset_strength(U) for U in found])
    energy = np.stack([np.mean(U**2, axis=-1) for U in found])
    pairs = np.triu_indices(energy.shape[1], bands.least_steps)
    r = np.stack([_correlations(one)[pairs] for one in strength])
    amplitude = np.sqrt(energy)
    return Onsets(correlation=r, weight=amplitude[:, pairs[0]] * amplitude[:, pairs[1]])


def _envelopes(x: np.ndarray, sr: float, bands: OnsetBands) -> Array:
    """U_k, one value per hop [shape=(bands, frames)]; the signal is mirrored at its ends."""
    hop = max(1, round(bands.hop_s * sr))
    margin = round(8 * bands.smoothing_s * sr)
    if len(x) < max(4 * hop, margin + 1):
        checks.fail("N", len(x), f"be >= {max(4 * hop, margin + 1)}", "a longer sound")
    N = cast("int", next_fast_len(len(x) + 2 * margin))
    padded = np.pad(x.astype(np.float64), (margin, N - len(x) - margin), mode="reflect")
    x_hat, omega = np.fft.fft(padded), np.fft.fftfreq(N)
    g_hat = np.exp(-2 * (np.pi * bands.smoothing_s * sr * np.fft.rfftfreq(N)) ** 2)
    inner = slice(margin, margin + len(x), hop)

    def envelope(xi: float, sigma: float) -> Array:
        psi_hat = np.exp(-0.5 * ((omega - xi) / sigma) ** 2)
        modulus = np.abs(np.fft.ifft(x_hat * psi_hat))
        return np.maximum(np.fft.irfft(np.fft.rfft(modulus) * g_hat, N)[inner], 0)

    return np.stack([envelope(xi, sigma) for xi, sigma in bands.wavelets(sr)])


def _onset_strength(U: Array) -> Array:
    """O_k [shape=(bands, frames - 1)]."""
    mean = U.mean(axis=-1, keepdims=True)
    level = np.log1p(U / np.where(mean > 0, mean, 1))
    return np.maximum(np.diff(level, axis=-1), 0)


def _correlations(strength: Array) -> Array:
    """Return the matrix of correlations over time, 0 for a row without variance."""
    centred = strength - strength.mean(axis=-1, keepdims=True)
    norm = np.linalg.norm(centred, axis=-1, keepdims=True)
    unit = centred / np.where(norm > 1e-12, norm, np.inf)
    return unit @ unit.T


def synchrony(onsets: Onsets, *, weight: Array) -> float:
    """Return the weighted mean of the correlations: 1 if all subbands rise together, else about 0.

    The weight is `Onsets.weight` of the original. NaN where none is positive: the original has
    nothing in these subbands.
    """
    if not weight.any():
        return math.nan
    return float(np.average(onsets.correlation, weights=weight))


def share_kept(value: float, *, floor: float, original: float) -> float:
    """Return ``(value - floor) / (original - floor)``: 0 at the initial noise, 1 at the original.

    NaN where the original is no higher than the floor: there is nothing to keep.

    >>> share_kept(0.4, floor=0.1, original=0.7)
    0.5
    """
    span = original - floor
    return round((value - floor) / span, 12) if span > 0 else float("nan")
