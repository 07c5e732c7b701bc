"""Two files of one kind: read both, and say where they differ."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from jtfs_repro import io
from jtfs_repro.audio import read_sound
from jtfs_repro.audit import deviations
from jtfs_repro.audit.deviations import Deviation
from jtfs_repro.audit.tolerances import Tolerance

StrPath = str | os.PathLike[str]
Comparison = Callable[[StrPath, StrPath, Tolerance], Iterator[Deviation]]


def content_deviations(a: StrPath, b: StrPath, tolerance: Tolerance) -> list[Deviation]:
    """Return where two files of the same suffix differ, in what they hold.

    Raises
    ------
    FileError
        One of them cannot be read.
    """
    compare = COMPARISONS.get(Path(a).suffix.lower(), _bytes)
    return list(compare(a, b, tolerance))


def _tables(a: StrPath, b: StrPath, tolerance: Tolerance) -> Iterator[Deviation]:
    rows_a, rows_b = io.load_csv(a), io.load_csv(b)
    if len(rows_a) != len(rows_b):
        yield Deviation(place="rows", a=str(len(rows_a)), b=str(len(rows_b)))
    for i, (x, y) in enumerate(zip(rows_a, rows_b, strict=False), start=1):
        label = next(iter(x.values()), "")
        for found in deviations.values("", x, y, tolerance):
            yield _placed(found, f"row {i} ({label}), column {found.place}")


def _placed(found: Deviation, place: str) -> Deviation:
    return Deviation(**{**vars(found), "place": place})


def _json(a: StrPath, b: StrPath, tolerance: Tolerance) -> Iterator[Deviation]:
    return deviations.values("", io.load_json(a), io.load_json(b), tolerance)


def _text(a: StrPath, b: StrPath, tolerance: Tolerance) -> Iterator[Deviation]:
    return deviations.texts("", io.load_text(a), io.load_text(b), tolerance)


def _array(a: StrPath, b: StrPath, tolerance: Tolerance) -> Iterator[Deviation]:
    first, second = (io.load_array(path, mmap=True) for path in (a, b))
    return deviations.arrays("", first, second, tolerance)


def _archive(a: StrPath, b: StrPath, tolerance: Tolerance) -> Iterator[Deviation]:
    return deviations.values("", io.load_arrays(a), io.load_arrays(b), tolerance)


def _sound(a: StrPath, b: StrPath, tolerance: Tolerance) -> Iterator[Deviation]:
    first, second = (vars(read_sound(path)) for path in (a, b))
    return deviations.values("", first, second, tolerance)


def _weights(a: StrPath, b: StrPath, tolerance: Tolerance) -> Iterator[Deviation]:
    return deviations.values("", _load_weights(a), _load_weights(b), tolerance)


def _load_weights(path: StrPath) -> Any:
    import torch

    io.check_content(path)
    try:
        return _plain(torch.load(path, map_location="cpu", weights_only=True))
    except FileNotFoundError:
        raise io.missing(path) from None
    except Exception as error:  # pickle, zipfile and torch each raise their own
        raise io.corrupt(path, "a file of tensors", error) from None


def _plain(tree: Any) -> Any:
    """Return a tree of tensors as one of arrays."""
    if isinstance(tree, dict):
        return {str(key): _plain(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_plain(value) for value in tree]
    return tree.numpy() if hasattr(tree, "numpy") else tree


def _pictures(a: StrPath, b: StrPath, tolerance: Tolerance) -> Iterator[Deviation]:
    frames_a, frames_b = _frames(a), _frames(b)
    if len(frames_a) != len(frames_b):
        yield Deviation(place="frames", a=str(len(frames_a)), b=str(len(frames_b)))
    for i, (x, y) in enumerate(zip(frames_a, frames_b, strict=False), start=1):
        place = f"frame {i}" if len(frames_a) > 1 else ""
        yield from deviations.pixels(place, x, y, tolerance)


def _frames(path: StrPath) -> list[np.ndarray]:
    """Return the frames [shape=(height, width, 4)] of a picture."""
    from PIL import Image, ImageSequence

    io.check_content(path)
    try:
        with Image.open(path) as picture:
            frames = ImageSequence.Iterator(picture)
            return [np.asarray(frame.convert("RGBA")) for frame in frames]
    except FileNotFoundError:
        raise io.missing(path) from None
    except Exception as error:  # Pillow raises SyntaxError, OSError, ValueError and its own
        raise io.corrupt(path, "a picture", error) from None


def _bytes(a: StrPath, b: StrPath, _: Tolerance) -> Iterator[Deviation]:
    for path in (a, b):
        io.check_content(path)
    x, y = (np.fromfile(path, dtype=np.uint8) for path in (a, b))
    n = min(len(x), len(y))
    at = np.flatnonzero(x[:n] != y[:n])
    if len(at) or len(x) != len(y):
        place = f"byte {int(at[0]) if len(at) else n}"
        yield Deviation(place=place, a=f"{len(x)} bytes", b=f"{len(y)} bytes")


COMPARISONS: dict[str, Comparison] = {
    ".csv": _tables,
    ".json": _json,
    ".ipynb": _json,
    ".md": _text,
    ".gin": _text,
    ".html": _text,
    ".svg": _text,
    ".txt": _text,
    ".npy": _array,
    ".npz": _archive,
    ".wav": _sound,
    ".pt": _weights,
    ".png": _pictures,
    ".gif": _pictures,
}
