"""Outputs that a command was told to write: refused before any work, not after it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from . import checks
from .io import FileError


def check_output(path: Path, suffixes: Iterable[str], *, name: str = "output") -> Path:
    """Return `path` if it can be written: one of the `suffixes`, in a folder that takes files.

    The folder is made. `ValueError`: another suffix; `FileError`: the path is a folder (those of
    suffix .zarr are replaced), or cannot be written.
    """
    known = list(suffixes)
    if path.suffix.lower() not in known:
        rule = f"end in {' or '.join(known)}"
        checks.fail(name, str(path), rule, "the suffix decides the format")
    if path.is_dir() and path.suffix.lower() != ".zarr":
        raise FileError(f"{path}: is a folder (give a file name)")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        trial = path.with_name(f".{path.name[:200]}.trial")
        trial.write_bytes(b"")
        trial.unlink()
    except OSError as error:
        what = (error.strerror or "not possible").lower()
        raise FileError(f"{path}: cannot be written: {what} (choose another folder)") from None
    return path
