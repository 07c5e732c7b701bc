"""The scale–rate explorer: a matrix of cells, and a sheet with the response of each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.colors import to_hex

from jtfs_repro.plots import style
from jtfs_repro.site import pictures
from jtfs_repro.site.contents import Contents, ScaleRateMap
from jtfs_repro.site.folder import Folder, Slugs
from jtfs_repro.site.resyntheses import FREQUENCY_TICKS, time_ticks

SHEET_COLUMNS = 12
RESPONSE_RANGE_DB = 40.0  # below the largest response of the sound
DIGITS = 4


def scale_rate_page(contents: Contents, folder: Folder) -> list[dict[str, Any]]:
    """Write the sheets and ``data/scale_rate.js``; return what the template shows."""
    slugs = Slugs()
    sounds = [_sound(found, folder, slugs.new(found.name)) for found in contents.scale_rates]
    colours = [to_hex(style.sequential()(k / 32)) for k in range(33)]
    folder.write_data("scale_rate", {"sounds": sounds, "colours": colours})
    return sounds


def _sound(found: ScaleRateMap, folder: Folder, place: str) -> dict[str, Any]:
    sheet = pictures.sheet(_levels(found.response), columns=SHEET_COLUMNS)
    scalogram = pictures.palette_png(_levels(found.scalogram))
    _, rows, frames = found.response.shape
    times_s = found.times_s  # each frame is taken as wide as the step between two
    step = float(times_s[1] - times_s[0]) if len(times_s) > 1 else 1.0
    return {
        "id": place,
        "title": found.title,
        "sheet": folder.write(f"responses/{place}.png", pictures.palette_png(sheet)),
        "scalogram": folder.write(f"responses/{place}-scalogram.png", scalogram),
        "sheet_columns": SHEET_COLUMNS,
        "rows": rows,
        "frames": frames,
        "range_db": RESPONSE_RANGE_DB,
        "frequency_ticks": pictures.ticks_of_rows(found.frequencies_hz, FREQUENCY_TICKS),
        "time_ticks": time_ticks(float(times_s[-1] - times_s[0]) + step),
        "rates": sorted(set(map(_short, found.rate_hz))),
        "lines": _lines(found),
        "cells": _cells(found),
    }


def _levels(modulus: np.ndarray) -> np.ndarray:
    peak = float(modulus.max(initial=0))
    return pictures.decibel_levels(modulus, peak, range_db=RESPONSE_RANGE_DB)


def _short(value: float) -> float:
    return float(f"{float(value):.{DIGITS}g}")


def _lines(found: ScaleRateMap) -> list[dict[str, float]]:
    """Return the rows of the matrix: spin up (scales falling), low-pass, spin down (rising)."""
    scales = sorted({scale for scale in map(_short, found.scale_cpo) if scale > 0})
    up = [{"spin": 1, "scale": scale} for scale in reversed(scales)]
    down = [{"spin": -1, "scale": scale} for scale in scales]
    return [*up, {"spin": 0, "scale": 0.0}, *down]


def _cells(found: ScaleRateMap) -> list[dict[str, Any]]:
    strongest = float(found.energy.max(initial=0)) or 1.0
    columns = (found.rate_hz, found.scale_cpo, found.spin, found.energy)
    cells = []
    for rate, scale, spin, energy in zip(*columns, strict=True):
        ratio = float(energy) / strongest
        db = round(10 * math.log10(ratio), 1) + 0.0 if ratio > 0 else None
        cells.append({"rate": _short(rate), "scale": _short(scale), "spin": int(spin), "db": db})
    return cells
