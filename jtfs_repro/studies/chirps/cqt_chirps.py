"""Constant-Q transform of two chirps of different chirp rate (Fig. 2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch

from jtfs_repro import checks
from jtfs_repro.datasets.chirps import ChirpSynthesis, chirps
from jtfs_repro.features.cqt import Cqt


@dataclass(frozen=True, kw_only=True)
class CqtChirps:
    """Magnitudes [shape=(n, n_bins, n_frames)], float32, low frequencies first, with their axes.

    ``times_s`` are the centres of the frames (0: the centre of the chirp); the columns of ``theta``
    are f_c (Hz), f_m (Hz), gamma (octaves/s).
    """

    magnitude: np.ndarray
    frequencies_hz: np.ndarray
    times_s: np.ndarray
    theta: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the fields, to be stored under their names."""
        return asdict(self)


def cqt_chirps(
    *,
    f_c_hz: float,
    f_m_hz: float,
    gamma_oct_per_s: Sequence[float],
    synthesis: ChirpSynthesis,
    cqt: Callable[..., Cqt],
) -> CqtChirps:
    """Transform one chirp per chirp rate.

    ``cqt`` is called with ``sr`` and ``n_samples``. ValueError: its output is in decibels, or a
    parameter is out of its range.
    """
    theta = np.array([[f_c_hz, f_m_hz, gamma] for gamma in gamma_oct_per_s], dtype=np.float64)
    transform = cqt(sr=synthesis.sr, n_samples=synthesis.n_samples)
    if transform.decibels != "none":
        checks.fail("decibels", transform.decibels, "be 'none'", "the figure takes the logarithm")
    with torch.inference_mode():
        magnitude = transform.image(torch.from_numpy(chirps(theta, synthesis=synthesis)))
    hop_s = transform.hop_length / synthesis.sr
    return CqtChirps(
        magnitude=magnitude.numpy().astype(np.float32),
        frequencies_hz=np.array(transform.frequencies_hz),
        times_s=np.arange(magnitude.shape[-1]) * hop_s - synthesis.duration / 2,
        theta=theta,
    )
