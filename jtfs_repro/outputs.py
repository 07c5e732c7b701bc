"""Outputs that a command was told to write: refused before any work, not after it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from . import checks
from .io import FileError


def check_output(path: Path, suffixes: Iterable[str], *, name: str = "output") -> Path:
    """Return `path` if it can be written: one of the `suffixes`, in a folder that takes files.

    The folder is made. `ValueError`: another suffix; `FileError`: the path is a folder (Zarr stores
    are replaced), or cannot be written.
    """
    known = list(suffixes)
    if path.suffix.lower() not in known:
        rule = f"end in {' or '.join(known)}"
        checks.fail(name, str(path), rule, "the suffix decides the format")
    if path.is_dir() and path.suffix.lower() != ".zarr":
        raise FileError(f"{path}: is a folder (give a file name)")
    if path.suffix.lower() == ".zarr" and path.exists() and not _is_store(path):
        raise FileError(f"{path}: is there and no Zarr store (choose another name)")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        trial = path.with_name(f".{path.name[:200]}.trial")
        trial.write_bytes(b"")
        trial.unlink()
    except OSError as error:
        what = (error.strerror or "not possible").lower()
        raise FileError(f"{path}: cannot be written: {what} (choose another folder)") from None
    return path


def _is_store(path: Path) -> bool:
    """Return whether a folder is a Zarr store, or empty."""
    names = {"zarr.json", ".zgroup", ".zarray"}
    return path.is_dir() and (any((path / n).is_file() for n in names) or not any(path.iterdir()))
