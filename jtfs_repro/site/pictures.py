"""Pictures that the site makes itself: scalograms, sheets of responses, thumbnails. 8-bit PNG."""

from __future__ import annotations

import io as bytes_io
from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from PIL import Image

from jtfs_repro import checks
from jtfs_repro.plots import style

OCTAVES = 7
ROWS_PER_OCTAVE = 24
QUALITY = 12  # centre frequency over bandwidth, as Q = 12 of the textures
TOP = 0.45  # highest centre frequency, cycles/sample
N_COLUMNS = 512
RANGE_DB = 60.0
LEVELS = 64  # of a palette: fewer levels make smaller files


def scalogram_frequencies(sr: float) -> np.ndarray:
    """Return the centre frequencies in Hz, from high to low."""
    steps = np.arange(OCTAVES * ROWS_PER_OCTAVE) / ROWS_PER_OCTAVE
    return TOP * sr * 2.0**-steps


def scalogram(samples: np.ndarray, sr: float) -> np.ndarray:
    """Return the modulus of a constant-Q transform of samples [shape=(channels, N)], for display.

    Row k is ``|x * psi_k|`` with a Gaussian of centre xi_k and standard deviation
    ``xi_k / (2 QUALITY)`` in frequency; channels are joined by their root mean square, time by the
    largest value in each of `N_COLUMNS` columns (N where it is less).
    """
    n = samples.shape[1]
    spectrum = np.fft.rfft(samples.astype(np.float64), axis=1)
    rows = [_row(spectrum, n, xi) for xi in scalogram_frequencies(1.0)]
    return np.stack(rows).astype(np.float32)


def _row(spectrum: np.ndarray, n: int, xi: float) -> np.ndarray:
    """Return one band, computed on the fewest frequencies that hold it."""
    sigma = xi / (2 * QUALITY)
    low = max(int((xi - 4 * sigma) * n), 0)
    high = min(int((xi + 4 * sigma) * n) + 1, spectrum.shape[1])
    frequencies = np.arange(low, high) / n
    band = spectrum[:, low:high] * np.exp(-0.5 * ((frequencies - xi) / sigma) ** 2)
    columns = min(N_COLUMNS, n)
    length = columns * max(1, -(-2 * (high - low) // columns))
    analytic = np.fft.ifft(band, n=length, axis=1) * (2 * length / n)
    modulus = np.sqrt(np.mean(np.abs(analytic) ** 2, axis=0))
    return modulus.reshape(columns, -1).max(axis=1)


def decibel_levels(modulus: np.ndarray, peak: float, *, range_db: float = RANGE_DB) -> np.ndarray:
    """Return `modulus` in steps from 0 (``range_db`` below ``peak``, or less) to LEVELS - 1.

    >>> decibel_levels(np.array([1.0, 0.0, 1e-3, 10.0]), 1.0)
    array([63,  0,  0, 63], dtype=uint8)
    """
    checks.number("range_db", range_db, above=0, mistake="decibels")
    least = 10.0 ** (-range_db / 20)
    relative = np.maximum(np.asarray(modulus) / (peak or 1.0), least)
    share = np.clip(1 + 20 * np.log10(relative) / range_db, 0, 1)
    return np.round(share * (LEVELS - 1)).astype(np.uint8)


def palette_png(levels: np.ndarray, *, colours: str = "magma") -> bytes:
    """Return levels [shape=(rows, columns)] as a PNG with a palette from dark to light."""
    cmap = style.sequential() if colours == "sequential" else colormaps[colours]
    table = (cmap(np.linspace(0, 1, LEVELS))[:, :3] * 255).round().astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(levels))
    image.putpalette(table.tobytes())
    return _png(image)


def sheet(tiles: np.ndarray, *, columns: int) -> np.ndarray:
    """Return tiles [shape=(k, rows, frames)] side by side, ``columns`` in a row, blanks as 0.

    >>> sheet(np.arange(1, 4).reshape(3, 1, 1), columns=2)
    array([[1, 2], [3, 0]])
    """
    k, rows, frames = tiles.shape
    lines = -(-k // columns)
    padded = np.zeros((lines * columns, rows, frames), dtype=tiles.dtype)
    padded[:k] = tiles
    grid = padded.reshape(lines, columns, rows, frames).swapaxes(1, 2)
    return grid.reshape(lines * rows, columns * frames)


def thumbnail(png: bytes, *, width: int) -> tuple[bytes, tuple[int, int]]:
    """Return a smaller PNG on white, and its size in pixels; `ValueError` if it is no picture."""
    image = _opened(png, "PNG", "RGBA")
    white = Image.new("RGBA", image.size, "white")
    flat = Image.alpha_composite(white, image).convert("RGB")
    height = max(1, round(flat.height * width / flat.width))
    small = flat.resize((width, height), Image.Resampling.LANCZOS)
    return _png(small.quantize(128)), (width, height)


def first_frame(gif: bytes) -> tuple[bytes, tuple[int, int]]:
    """Return an animation's first frame as PNG, and its size in pixels; `ValueError` if none."""
    frame = _opened(gif, "GIF", "RGB")
    return _png(frame), frame.size


def _opened(data: bytes, kind: str, mode: str) -> Image.Image:
    try:
        return Image.open(bytes_io.BytesIO(data)).convert(mode)
    except (OSError, SyntaxError) as error:  # Pillow raises both for broken files
        raise ValueError(f"not a {kind} picture or truncated: {error}") from None


def _png(image: Image.Image) -> bytes:
    buffer = bytes_io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def ticks_of_rows(values: np.ndarray, candidates: Sequence[float]) -> list[dict[str, float]]:
    """Return the candidates within ``values`` (one per row, falling), percent from the top edge.

    >>> ticks_of_rows(np.array([8.0, 4.0, 2.0, 1.0]), (1, 4, 16))
    [{'value': 1, 'place': 87.5}, {'value': 4, 'place': 37.5}]
    """
    centres = (np.arange(len(values)) + 0.5) / len(values)
    logs = np.log(values[::-1])
    inside = [tick for tick in candidates if values[-1] <= tick <= values[0]]
    places = np.interp(np.log(inside), logs, centres[::-1])
    return [
        {"value": tick, "place": round(100 * float(place), 2)}
        for tick, place in zip(inside, places, strict=True)
    ]
