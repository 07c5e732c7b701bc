"""What the page of all embeddings draws: points, parameters and colours, as JSON can hold them.

No sound is among it: the browser synthesises a chirp by Eq. (5) when it is pointed at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import to_hex

from jtfs_repro import checks
from jtfs_repro.plots import style
from jtfs_repro.plots.series import Cloud, upright

COLOUR_STOPS = 33
DECIMALS = 4  # of coordinates in [-1, 1]
DIGITS = 6  # of parameters
PLAIN = {
    "f_c": ("f_c", "carrier frequency f_c", "Hz"),
    "f_m": ("f_m", "rate of amplitude modulation f_m", "Hz"),
    "gamma": ("\u03b3", "chirp rate gamma", "octaves/s"),
}


def manifold_data(
    clouds: Sequence[Cloud],
    theta: np.ndarray,
    *,
    stamp_line: str,
    bandwidth: float = 2.0,
    marker_size: float = 2.0,
) -> dict[str, Any]:
    """Return what the page draws: one panel per cloud; one that was not run says why.

    ``bandwidth`` is that of the chirps in octaves, for the sound; ``marker_size`` in pixels.
    ValueError: a cloud has another number of points than ``theta``.
    """
    checks.number("bandwidth", bandwidth, above=0, mistake="octaves")
    checks.number("marker_size", marker_size, above=0, mistake="pixels")
    for cloud in clouds:
        if len(cloud.embedding) != len(theta):
            checks.fail(cloud.name, len(cloud.embedding), f"hold {len(theta)} points")
    return {
        "stamp": stamp_line,
        "bandwidth": bandwidth,
        "marker_size": marker_size,
        "colours": _colour_stops(),
        "parameters": _parameters(theta),
        "panels": [_panel(cloud, theta) for cloud in clouds],
    }


def _colour_stops() -> list[list[Any]]:
    places = np.linspace(0, 1, COLOUR_STOPS)
    return [[round(float(p), DECIMALS), to_hex(style.sequential()(float(p)))] for p in places]


def _parameters(theta: np.ndarray) -> list[dict[str, Any]]:
    return [_parameter(*PLAIN[name], theta[:, column]) for column, name in enumerate(PLAIN)]


def _parameter(symbol: str, label: str, unit: str, column: np.ndarray) -> dict[str, Any]:
    values = [float(f"{value:.{DIGITS}g}") for value in column]
    levels = sorted(set(values))
    return {"symbol": symbol, "label": label, "unit": unit, "values": values, "levels": levels}


def _panel(cloud: Cloud, theta: np.ndarray) -> dict[str, Any]:
    panel = {"label": style.label(cloud.name).replace("\n", " "), "not_run": cloud.not_run}
    if cloud.not_run:
        return panel
    points = np.round(upright(cloud.embedding, theta), DECIMALS) + 0.0  # no negative zeros
    return panel | {"points": points.T.tolist()}
