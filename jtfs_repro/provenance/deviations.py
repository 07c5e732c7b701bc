"""Where two contents differ: numbers, trees of them, arrays, lines of text, pixels, files.

Every function yields one `Deviation` per place that differs (an array: one, its worst element), so
that equal contents yield none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from jtfs_repro import io
from jtfs_repro.audio import read_sound
from jtfs_repro.layout import StrPath
from jtfs_repro.provenance.tolerances import Tolerance

NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.]\w)")
DEVICE = re.compile(r"\b(?:cpu\+cuda|cpu|cuda)\b")
_LONGEST = 40  # characters of a value in a message
_STEP = 1 << 22  # elements of an array that are in memory at a time


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """One place where two contents differ, e.g. ``"row 3 (jtfs), column f_c"``.

    ``absolute`` is ``|a - b|``, ``relative`` the same over the larger magnitude (of an array: over
    the largest in it); both are infinite for what is no number.
    """

    place: str
    a: str
    b: str
    absolute: float = math.inf
    relative: float = math.inf
    is_within: bool = False

    @property
    def text(self) -> str:
        """The place, both values and, of numbers, the relative difference."""
        a, b = (v if len(v) <= _LONGEST else f"{v[: _LONGEST - 3]}..." for v in (self.a, self.b))
        size = f", relative {self.relative:.2g}" if math.isfinite(self.relative) else ""
        return f"{self.place}: {a} | {b}{size}"


def _unlike(place: str, a: Any, b: Any) -> Deviation:
    return Deviation(place=place, a=str(a), b=str(b))


def worst(deviations: Sequence[Deviation]) -> Deviation:
    """Return the deviation that matters most: beyond tolerance first, then the largest."""
    return max(deviations, key=lambda d: (not d.is_within, d.relative, d.absolute))


# ---- trees and numbers ----


def values(place: str, a: Any, b: Any, tolerance: Tolerance) -> Iterator[Deviation]:
    """Yield where two trees differ; two texts that are numbers are compared as numbers."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in dict.fromkeys([*a, *b]):
            where = f"{place}.{key}" if place else str(key)
            if tolerance.leaves_out(str(key)):
                continue
            if key in a and key in b:
                yield from values(where, a[key], b[key], tolerance)
            else:
                yield _unlike(where, *("there" if key in tree else "absent" for tree in (a, b)))
    elif isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        yield from arrays(place, a, b, tolerance)
    elif isinstance(a, list | tuple) and isinstance(b, list | tuple):
        if len(a) != len(b):
            yield _unlike(f"{place} length", len(a), len(b))
        for i, (x, y) in enumerate(zip(a, b, strict=False)):
            yield from values(f"{place}[{i}]", x, y, tolerance)
    elif (x := _number(a)) is not None and (y := _number(b)) is not None:
        yield from numbers(place, x, y, tolerance)
    elif isinstance(a, str) and isinstance(b, str):
        yield from texts(place, a, b, tolerance)
    elif a != b:
        yield _unlike(place, a, b)


def _number(value: Any) -> float | None:
    """Return a number or the text of one as float; None of anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def numbers(place: str, a: float, b: float, tolerance: Tolerance) -> Iterator[Deviation]:
    """Yield one deviation if two numbers differ; NaN equals NaN."""
    if a == b or (math.isnan(a) and math.isnan(b)):
        return
    largest, gap = max(abs(a), abs(b)), abs(a - b)
    found = _unlike(place, f"{a:.9g}", f"{b:.9g}")
    yield _measured(found, gap, largest, tolerance.atol + tolerance.rtol * largest)


def _measured(found: Deviation, gap: float, largest: float, allowed: float) -> Deviation:
    """Return a deviation with its size, unless that is not finite."""
    if not math.isfinite(gap):
        return found
    relative = gap / largest if largest else math.inf
    return replace(found, absolute=gap, relative=relative, is_within=gap <= allowed)


# ---- arrays ----


def arrays(place: str, a: np.ndarray, b: np.ndarray, tolerance: Tolerance) -> Iterator[Deviation]:
    """Yield at most one deviation, that of the worst element.

    ``relative`` is the largest difference over the largest magnitude in either array, so that
    small coefficients beside large ones do not count for more than they are.
    """
    if a.shape != b.shape or a.dtype != b.dtype:
        yield _unlike(f"{place} shape", *(f"{array.shape} {array.dtype}" for array in (a, b)))
        return
    is_number = np.issubdtype(a.dtype, np.number)
    largest_gap = _largest_gap if is_number else _first_gap
    gap, at, largest = largest_gap(a.reshape(-1), b.reshape(-1))
    if gap == 0:
        return
    index = tuple(int(i) for i in np.unravel_index(at, a.shape)) if a.ndim else ()
    where = f"{place}[{', '.join(map(str, index))}]" if a.ndim else place
    found = _unlike(where, *(f"{x[index]:.9g}" if is_number else x[index] for x in (a, b)))
    yield _measured(found, gap, largest, tolerance.array_atol + tolerance.array_rtol * largest)


def _first_gap(a: np.ndarray, b: np.ndarray) -> tuple[float, int, float]:
    unlike = np.flatnonzero(a != b)
    return (math.inf, int(unlike[0]), 0.0) if len(unlike) else (0.0, -1, 0.0)


def _largest_gap(a: np.ndarray, b: np.ndarray) -> tuple[float, int, float]:
    """Return the largest difference of two flat arrays, where it is, the largest magnitude.

    In double precision, so that no difference is rounded or wrapped; NaN in one alone is infinitely
    far apart.
    """
    gap, at, largest = 0.0, -1, 0.0
    wide = np.result_type(a.dtype, np.float64)
    for start in range(0, a.size, _STEP):
        x, y = (flat[start : start + _STEP].astype(wide) for flat in (a, b))
        with np.errstate(invalid="ignore"):
            gaps = np.where((x == y) | (np.isnan(x) & np.isnan(y)), 0.0, np.abs(x - y))
        gaps[np.isnan(gaps)] = math.inf
        if gaps.max() > gap:
            gap, at = float(gaps.max()), start + int(gaps.argmax())
        sizes = np.abs(np.concatenate([x, y]))
        largest = max(largest, float(sizes[np.isfinite(sizes)].max(initial=0.0)))
    return gap, at, largest


# ---- text and pictures ----


def texts(place: str, a: str, b: str, tolerance: Tolerance) -> Iterator[Deviation]:
    """Yield every line that differs; numbers within a line are compared as numbers."""
    if tolerance.has_other_device:
        a, b = (DEVICE.sub("device", text) for text in (a, b))
    if a == b:
        return
    lines = list(zip_longest(a.splitlines(), b.splitlines(), fillvalue=None))
    for i, (x, y) in enumerate(lines, start=1):
        where = f"{place} line {i}".strip() if len(lines) > 1 else place
        if x is None or y is None:
            yield _unlike(where, *("absent" if line is None else line for line in (x, y)))
            return
        if x != y:
            yield _line(where, x, y, tolerance)


def _line(place: str, a: str, b: str, tolerance: Tolerance) -> Deviation:
    """Return the worst deviation of two lines that differ."""
    if NUMBER.sub("0", a) == NUMBER.sub("0", b):
        pairs = zip(NUMBER.findall(a), NUMBER.findall(b), strict=True)
        found = [d for x, y in pairs for d in numbers(place, float(x), float(y), tolerance)]
        if found:
            return worst(found)
    return _unlike(place, a, b)


def pixels(place: str, a: np.ndarray, b: np.ndarray, tolerance: Tolerance) -> Iterator[Deviation]:
    """Yield at most one deviation of two pictures [shape=(height, width, 4)], 8 bits.

    ``absolute`` is the largest difference of a channel in levels, ``relative`` the share of pixels
    that differ by more than the tolerance's ``pixel_levels``.
    """
    if a.shape != b.shape:
        yield _unlike(f"{place} size", a.shape[:2], b.shape[:2])
        return
    gap = np.abs(a.astype(np.int16) - b).max(axis=-1)
    if not gap.any():
        return
    share = float((gap > tolerance.pixel_levels).mean())
    y, x = np.unravel_index(int(gap.argmax()), gap.shape)
    where = f"{place} pixel ({x}, {y}), one of {np.count_nonzero(gap)} that differ".strip()
    found = _unlike(where, a[y, x].tolist(), b[y, x].tolist())
    is_within = share <= tolerance.pixel_share
    yield replace(found, absolute=float(gap.max()), relative=share, is_within=is_within)


# ---- files ----


def content_deviations(a: StrPath, b: StrPath, tolerance: Tolerance) -> list[Deviation]:
    """Return where two files of the same suffix differ, in what they hold, or raise `FileError`."""
    suffix = Path(a).suffix.lower()
    if suffix in READERS:
        read = READERS[suffix]
        return list(values("", read(a), read(b), tolerance))
    return list(COMPARISONS.get(suffix, _bytes)(a, b, tolerance))


def _tables(a: StrPath, b: StrPath, tolerance: Tolerance) -> Iterator[Deviation]:
    rows_a, rows_b = io.load_csv(a), io.load_csv(b)
    if len(rows_a) != len(rows_b):
        yield _unlike("rows", len(rows_a), len(rows_b))
    for i, (x, y) in enumerate(zip(rows_a, rows_b, strict=False), start=1):
        label = next(iter(x.values()), "")
        for found in values("", x, y, tolerance):
            yield replace(found, place=f"row {i} ({label}), column {found.place}")


def _pictures(a: StrPath, b: StrPath, tolerance: Tolerance) -> Iterator[Deviation]:
    frames_a, frames_b = _read(a, "a picture", _frames), _read(b, "a picture", _frames)
    if len(frames_a) != len(frames_b):
        yield _unlike("frames", len(frames_a), len(frames_b))
    for i, (x, y) in enumerate(zip(frames_a, frames_b, strict=False), start=1):
        yield from pixels(f"frame {i}" if len(frames_a) > 1 else "", x, y, tolerance)


def _bytes(a: StrPath, b: StrPath, _: Tolerance) -> Iterator[Deviation]:
    x, y = (_read(path, "a file", Path.read_bytes) for path in (a, b))
    if x != y:
        pairs = zip(x, y, strict=False)
        at = next((i for i, (p, q) in enumerate(pairs) if p != q), min(len(x), len(y)))
        yield _unlike(f"byte {at}", f"{len(x)} bytes", f"{len(y)} bytes")


def _read(path: StrPath, kind: str, load: Callable[[Path], Any]) -> Any:
    io.check_content(path)
    try:
        return load(Path(path))
    except Exception as error:  # Pillow, pickle, zipfile and torch each raise their own
        raise io.corrupt(path, kind, error) from None


def _frames(path: Path) -> list[np.ndarray]:
    """Return the frames [shape=(height, width, 4)] of a picture."""
    from PIL import Image, ImageSequence

    with Image.open(path) as picture:
        return [np.asarray(frame.convert("RGBA")) for frame in ImageSequence.Iterator(picture)]


def _weights(path: Path) -> Any:
    """Return a file of tensors as a tree of arrays."""
    import torch

    return _plain(torch.load(path, map_location="cpu", weights_only=True))


def _plain(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {str(key): _plain(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_plain(value) for value in tree]
    return tree.numpy() if hasattr(tree, "numpy") else tree


READERS: dict[str, Callable[[StrPath], Any]] = {
    **dict.fromkeys((".json", ".ipynb"), io.load_json),
    **dict.fromkeys((".md", ".gin", ".html", ".svg", ".txt"), io.load_text),
    ".npy": lambda path: io.load_array(path, mmap=True),
    ".npz": io.load_arrays,
    ".wav": lambda path: vars(read_sound(path)),
    ".pt": lambda path: _read(path, "a file of tensors", _weights),
}
COMPARISONS: dict[str, Callable[[StrPath, StrPath, Tolerance], Iterator[Deviation]]] = {
    ".csv": _tables,
    **dict.fromkeys((".png", ".gif"), _pictures),
}
