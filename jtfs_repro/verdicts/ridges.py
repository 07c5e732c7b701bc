"""Rate and bandwidth of the chirps of Figure 2, read off their CQT."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

WINDOW_SDS = 10.0  # the chirp's window spans its +-5 standard deviations


def ridges(arrays: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Return rate and bandwidth of each chirp, from the strongest bin of each frame.

    The bandwidth is ten standard deviations of a Gaussian over log-frequency, fitted to the ridge's
    amplitude without the amplitude modulation, where that is more than half.
    """
    octaves, t = np.log2(arrays["frequencies_hz"]), arrays["times_s"]
    rows = []
    for k, (whole, theta) in enumerate(zip(arrays["magnitude"], arrays["theta"], strict=True)):
        magnitude = whole.astype(np.float64)
        octave, height = octaves[magnitude.argmax(axis=0)], magnitude.max(axis=0)
        loud = height > 1e-3 * height.max()
        rate = np.polyfit(t[loud], octave[loud], 1, w=height[loud])[0]
        modulation = np.abs(np.sin(2 * np.pi * theta[1] * t))
        kept = (modulation > 0.5) & (height > 1e-2 * height.max())
        sd = _gaussian_sd(octave[kept], np.log(height[kept] / modulation[kept]))
        rows.append({"chirp": k + 1, "rate": float(rate), "bandwidth": WINDOW_SDS * sd})
    return rows


def _gaussian_sd(x: np.ndarray, log_height: np.ndarray) -> float:
    """Return the standard deviation of a Gaussian through points; 0 where they have no peak."""
    if len(np.unique(x)) < 3:  # a parabola needs three
        return 0.0
    curvature = np.polyfit(x - x.mean(), log_height, 2)[0]
    return float(np.sqrt(-1 / (2 * curvature))) if curvature < 0 else 0.0
