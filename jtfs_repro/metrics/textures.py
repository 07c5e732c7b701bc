"""Metrics of a resynthesised sound against its original: spins and spectra.

Sounds are arrays [shape=(channels, N)]; every score takes all channels together and none changes
when the channels change order. Their synchrony is scored by `synchrony`.

*Spin contrast* asks whether frequency rises or falls, from second-order coefficients of the joint
transform: ``c = (E_plus - E_minus) / (E_plus + E_minus)`` for every (rate, scale). A descent of
those coefficients keeps it by construction; what it shows is how much others lose.

All other scores are distances between magnitudes of short-time Fourier transforms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jtfs_repro import checks

Array = NDArray[np.float64]
FLOOR_DB = 60.0  # long-term spectra: what lies further below the peak of the original is equal


def similarity(a: Array, b: Array, *, weight: Array) -> float:
    """Return the weighted Pearson correlation of two arrays of equal shape.

    NaN if one of them is constant where there is weight.

    >>> similarity(np.array([0.0, 1.0, 5.0]), np.array([2.0, 4.0, 0.0]), weight=np.array([1, 1, 0]))
    1.0
    """
    if not np.any(weight):
        return float("nan")
    a, b = (v - np.average(v, weights=weight) for v in (a, b))
    product, *squares = (np.average(v, weights=weight) for v in (a * b, a * a, b * b))
    scale = np.sqrt(squares[0] * squares[1])
    return float(product / scale) if scale > 1e-12 else float("nan")


# ------------------------------------------------------------------------------------------- spin


def spin_energies(S: np.ndarray, meta: Mapping[str, Any]) -> Array:
    r"""Return second-order energies of spin +1 (rising) and -1 [shape=(2, cells)].

    A cell is one (n2, \|xi_fr\|): sums of squares over channels, rows n1 and frames. A path keeps
    one row in ``2**j_fr``, so its squares are multiplied by as much. ``S`` [shape=(channels, C,
    frames)] are coefficients of `TimeFrequencyScattering` with ``format='time'`` and ``F=0``,
    ``meta`` is its `meta()`. `ValueError`: no coefficient has a spin.
    """
    n2, xi_fr, spin = (np.asarray(meta[name], float) for name in ("n", "xi_fr", "spin"))
    chosen = np.flatnonzero((np.asarray(meta["order"]) == 2) & (np.abs(spin) == 1))
    if not len(chosen):
        checks.fail("meta", "no second-order path", "have spins", "a joint transform is needed")
    keys = np.stack([n2[chosen, -1], np.abs(xi_fr[chosen])], axis=1)
    _, cell = np.unique(keys, axis=0, return_inverse=True)
    rows_left_out = np.exp2(np.asarray(meta["j_fr"], float)[chosen])
    square = np.sum(np.asarray(S, float)[:, chosen] ** 2, axis=(0, 2)) * rows_left_out
    sums = [np.bincount(cell.ravel(), square * (spin[chosen] == s)) for s in (1, -1)]
    return np.array(sums, dtype=np.float64)


def spin_contrast(energy: Array) -> Array:
    """Return ``(E_plus - E_minus) / (E_plus + E_minus)`` along the first axis; 0 without energy.

    >>> spin_contrast(np.array([[3.0, 0.0], [1.0, 2.0]]))
    array([ 0.5, -1. ])
    """
    total = energy.sum(axis=0)
    return (energy[0] - energy[1]) / np.where(total > 0, total, 1)


def contrast_kept(energy: Array, original: Array) -> float:
    """Return ``sum w c_x c_y / sum w c_x**2``, w the energy of the original in each cell.

    The slope of y's contrasts on x's, of `spin_energies`: 1 if they are kept, 0 if up and down are
    alike in y or unrelated to x, -1 if they are exchanged. NaN if the original x has none.
    """
    c_y, c_x, weight = spin_contrast(energy), spin_contrast(original), original.sum(axis=0)
    norm = float(np.sum(weight * c_x**2))
    return float(np.sum(weight * c_x * c_y)) / norm if norm > 0 else float("nan")


# ---------------------------------------------------------------------------------------- spectra


def stft_magnitudes(x: np.ndarray, *, n_fft: int, hop: int) -> Array:
    """Return ``|STFT|`` with a Hann window [shape=(channels, n_fft // 2 + 1, frames)].

    Frames lie inside the sound; one shorter than the window is padded with zeros.
    """
    checks.integer("n_fft", n_fft, low=2)
    checks.integer("hop", hop, low=1)
    if x.ndim != 2 or x.shape[0] < 1:
        checks.fail("x.shape", x.shape, "be (channels, N)", "mono: x[None]")
    x = np.pad(x.astype(np.float64), ((0, 0), (0, max(0, n_fft - x.shape[1]))))
    frames = np.lib.stride_tricks.sliding_window_view(x, n_fft, axis=-1)[:, ::hop]
    window = np.hanning(n_fft + 1)[:-1]
    return np.abs(np.fft.rfft(frames * window)).swapaxes(-1, -2)


def time_averages(magnitudes: Array, n_frames: int) -> Array:
    """Return means over blocks of ``n_frames`` frames: positions inside a block do not count."""
    starts = np.arange(0, magnitudes.shape[-1], checks.integer("n_frames", n_frames, low=1))
    lengths = np.diff(np.append(starts, magnitudes.shape[-1]))
    return np.add.reduceat(magnitudes, starts, axis=-1) / lengths


def relative_error(estimate: np.ndarray, original: np.ndarray) -> float:
    """Return ``||estimate - original|| / ||original||``; of STFT magnitudes: spectral convergence.

    ValueError: the shapes differ, or the original is zero.
    """
    a, b = np.asarray(estimate, np.float64), np.asarray(original, np.float64)
    if a.shape != b.shape:
        checks.fail("estimate.shape", a.shape, f"be {b.shape}", "sounds of different lengths?")
    norm = np.linalg.norm(b)
    if not norm > 0:
        checks.fail("original", "all zero", "have a norm > 0", "a silent sound?")
    return float(np.linalg.norm(a - b) / norm)


def log_spectral_distance_db(estimate: Array, original: Array) -> float:
    """Return the root mean square over frequency of the difference of long-term spectra in dB.

    Magnitudes [shape=(channels, bins, frames)]: powers are averaged over time; what lies more than
    60 dB below the peak of the original is raised to there.
    """
    powers = [np.mean(magnitudes**2, axis=-1) for magnitudes in (estimate, original)]
    floor = powers[1].max() * 10 ** (-FLOOR_DB / 10)
    a, b = (10 * np.log10(np.maximum(power, floor)) for power in powers)
    return float(np.sqrt(np.mean((a - b) ** 2)))
