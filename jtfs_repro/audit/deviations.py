"""Where two contents differ: numbers, trees of them, arrays, lines of text, pixels.

Every function yields one `Deviation` per place that differs (an array: one, its worst element), so
that equal contents yield none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np

from jtfs_repro.audit.tolerances import Tolerance

NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.]\w)")
DEVICE = re.compile(r"\b(?:cpu\+cuda|cpu|cuda)\b")
_LONGEST = 40  # characters of a value in a message
_STEP = 1 << 22  # elements of an array that are in memory at a time


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """One place where two contents differ.

    Parameters
    ----------
    place : str
        E.g. ``"row 3 (jtfs), column f_c"``.
    a, b : str
        What is there in the first and in the second.
    absolute, relative : float
        ``|a - b|``, and the same over the larger magnitude (of an array: over the largest in it);
        infinite for what is no number.
    is_within : bool
        Whether the tolerance covers it.
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
        size = f", relative {self.relative:.2g}" if math.isfinite(self.relative) else ""
        return f"{self.place}: {_short(self.a)} | {_short(self.b)}{size}"


def worst(deviations: Sequence[Deviation]) -> Deviation:
    """Return the deviation that matters most: beyond tolerance first, then the largest."""
    return max(deviations, key=lambda d: (not d.is_within, d.relative, d.absolute))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def values(place: str, a: Any, b: Any, tolerance: Tolerance) -> Iterator[Deviation]:
    """Yield where two trees differ: mappings, sequences, arrays, numbers and anything else.

    Two texts that are numbers are compared as numbers.
    """
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        yield from _mappings(place, a, b, tolerance)
    elif isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        yield from arrays(place, a, b, tolerance)
    elif isinstance(a, list | tuple) and isinstance(b, list | tuple):
        yield from _sequences(place, a, b, tolerance)
    elif (x := _number(a)) is not None and (y := _number(b)) is not None:
        yield from numbers(place, x, y, tolerance)
    elif isinstance(a, str) and isinstance(b, str):
        yield from texts(place, a, b, tolerance)
    elif a != b:
        yield Deviation(place=place, a=str(a), b=str(b))


def _mappings(
    place: str, a: Mapping[str, Any], b: Mapping[str, Any], tolerance: Tolerance
) -> Iterator[Deviation]:
    for key in [*a, *(key for key in b if key not in a)]:
        where = f"{place}.{key}" if place else str(key)
        if tolerance.leaves_out(str(key)):
            continue
        if key in a and key in b:
            yield from values(where, a[key], b[key], tolerance)
        else:
            has = [("there" if key in tree else "absent") for tree in (a, b)]
            yield Deviation(place=where, a=has[0], b=has[1])


def _sequences(
    place: str, a: Sequence[Any], b: Sequence[Any], tolerance: Tolerance
) -> Iterator[Deviation]:
    if len(a) != len(b):
        yield Deviation(place=f"{place} length", a=str(len(a)), b=str(len(b)))
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        yield from values(f"{place}[{i}]", x, y, tolerance)


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
    largest = max(abs(a), abs(b))
    absolute = abs(a - b)
    is_finite = math.isfinite(absolute)
    yield Deviation(
        place=place,
        a=f"{a:.9g}",
        b=f"{b:.9g}",
        absolute=absolute if is_finite else math.inf,
        relative=absolute / largest if is_finite else math.inf,
        is_within=is_finite and tolerance.covers(a, b),
    )


def arrays(place: str, a: np.ndarray, b: np.ndarray, tolerance: Tolerance) -> Iterator[Deviation]:
    """Yield at most one deviation, that of the worst element; its size is that of the array.

    ``relative`` is the largest difference over the largest magnitude in either array, so that
    small coefficients beside large ones do not count for more than they are.
    """
    if a.shape != b.shape or a.dtype != b.dtype:
        yield Deviation(place=f"{place} shape", a=_described(a), b=_described(b))
    elif not np.issubdtype(a.dtype, np.number):
        yield from _first_unequal(place, a, b)
    else:
        yield from _worst_element(place, a, b, tolerance)


def _described(array: np.ndarray) -> str:
    return f"{array.shape} {array.dtype}"


def _first_unequal(place: str, a: np.ndarray, b: np.ndarray) -> Iterator[Deviation]:
    unequal = np.argwhere(np.atleast_1d(a != b))
    if len(unequal):
        index = tuple(unequal[0])
        x, y = np.atleast_1d(a)[index], np.atleast_1d(b)[index]
        yield Deviation(place=f"{place}{_index(index, a)}", a=str(x), b=str(y))


def _worst_element(
    place: str, a: np.ndarray, b: np.ndarray, tolerance: Tolerance
) -> Iterator[Deviation]:
    flat_a, flat_b = a.reshape(-1), b.reshape(-1)
    absolute, at, largest = 0.0, -1, 0.0
    for start in range(0, a.size, _STEP):
        x, y = (_wide(flat[start : start + _STEP]) for flat in (flat_a, flat_b))
        gap = _gaps(x, y)
        if gap.max() > absolute:
            absolute, at = float(gap.max()), start + int(gap.argmax())
        largest = max(
            largest, *(float(np.abs(part[np.isfinite(part)]).max(initial=0.0)) for part in (x, y))
        )
    if at < 0:
        return
    index = np.unravel_index(at, a.shape) if a.ndim else ()
    is_finite = math.isfinite(absolute)
    yield Deviation(
        place=f"{place}{_index(index, a)}",
        a=f"{flat_a[at]:.9g}",
        b=f"{flat_b[at]:.9g}",
        absolute=absolute,
        relative=absolute / largest if is_finite and largest else math.inf,
        is_within=absolute <= tolerance.array_atol + tolerance.array_rtol * largest,
    )


def _wide(part: np.ndarray) -> np.ndarray:
    """Return a copy in double precision, so that a difference is not rounded or wrapped."""
    return part.astype(np.complex128 if np.iscomplexobj(part) else np.float64)


def _gaps(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return ``|x - y|``, 0 where both are NaN or the same infinity, infinite where one is."""
    with np.errstate(invalid="ignore"):
        gap = np.where((x == y) | (np.isnan(x) & np.isnan(y)), 0.0, np.abs(x - y))
    return np.where(np.isnan(gap), math.inf, gap)


def _index(index: Sequence[Any], array: np.ndarray) -> str:
    return f"[{', '.join(str(int(i)) for i in index)}]" if array.ndim else ""


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
            yield Deviation(place=where, a=_or_absent(x), b=_or_absent(y))
            return
        if x != y:
            yield _line(where, x, y, tolerance)


def _or_absent(line: str | None) -> str:
    return "absent" if line is None else line


def _line(place: str, a: str, b: str, tolerance: Tolerance) -> Deviation:
    """Return the worst deviation of two lines that differ."""
    if NUMBER.sub("0", a) == NUMBER.sub("0", b):
        pairs = zip(NUMBER.findall(a), NUMBER.findall(b), strict=True)
        found = [d for x, y in pairs for d in numbers(place, float(x), float(y), tolerance)]
        if found:
            return worst(found)
    return Deviation(place=place, a=a, b=b)


def pixels(place: str, a: np.ndarray, b: np.ndarray, tolerance: Tolerance) -> Iterator[Deviation]:
    """Yield at most one deviation of two pictures [shape=(height, width, 4)], 8 bits.

    ``absolute`` is the largest difference of a channel in levels, ``relative`` the share of pixels
    that differ by more than the tolerance's ``pixel_levels``.
    """
    if a.shape != b.shape:
        yield Deviation(place=f"{place} size", a=str(a.shape[:2]), b=str(b.shape[:2]))
        return
    gap = np.abs(a.astype(np.int16) - b).max(axis=-1)
    if not gap.any():
        return
    n_pixels, share = int((gap > 0).sum()), float((gap > tolerance.pixel_levels).mean())
    y, x = np.unravel_index(int(gap.argmax()), gap.shape)
    yield Deviation(
        place=f"{place} pixel ({x}, {y}), one of {n_pixels} that differ".strip(),
        a=str(a[y, x].tolist()),
        b=str(b[y, x].tolist()),
        absolute=float(gap.max()),
        relative=share,
        is_within=share <= tolerance.pixel_share,
    )
