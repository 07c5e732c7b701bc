"""Files: atomic writes, arrays, JSON, tables and figures; reading with one-line errors.

Every write goes to ``NAME.<host>.<pid>.<random>.part`` in the destination's folder and is renamed
at the end, so that a killed process leaves either the finished file or none. Nothing written here
holds a date: equal contents give equal bytes.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from jtfs_repro import journal, npy_files, tables
from jtfs_repro.tables import NOT_RUN, RUN  # noqa: F401

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURE_DPI = 200


class FileError(ValueError):
    """A file is missing, truncated or not what it should be: ``path: what (next step)``."""


class Unavailable(RuntimeError):
    """Something cannot run here, for a reason ("weights missing") that a remedy can remove.

    >>> str(Unavailable("weights missing", "put w.h5 at data/"))
    'weights missing; put w.h5 at data/'
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}; {remedy}")
        self.reason = reason
        self.remedy = remedy


def why_not_run(facts: Mapping[str, Any]) -> str:
    """Return "reason; remedy" of facts whose status is 'not run', else an empty string."""
    return "" if facts["status"] == RUN else f"{facts['reason']}; {facts['remedy']}"


@contextmanager
def atomic_path(path: str | os.PathLike[str], *, is_output: bool = True) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``path``; rename it to ``path`` on success.

    On any error the temporary file is removed and ``path`` is left as it was. Parts that killed
    processes of this machine left for the same ``path`` are removed first. An old sidecar goes
    before the old content does. Of an ``is_output`` the script owes one, see `provenance.record`.
    `FileError`: the disk is full, or the folder cannot be written.
    """
    path = Path(path)
    own = (
        f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}"  # pids repeat in containers
    )
    part = path.with_name(f"{path.name}.{own}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in leftovers(path.parent, f"{path.name}.{socket.gethostname()}."):
            old.unlink(missing_ok=True)
        yield part
        _flush(part)
        journal.sidecar_of(path).unlink(missing_ok=True)
        os.replace(part, path)
        if is_output:
            journal.JOURNAL.note_output(path)
    except OSError as error:
        if error.errno in _WRITE_RULES:
            raise FileError(f"{path}: {_WRITE_RULES[error.errno]}") from error
        raise
    finally:
        part.unlink(missing_ok=True)


_WRITE_RULES = {
    errno.ENOSPC: "no space left on the disk (free some, then run the same command again)",
    errno.EDQUOT: "disk quota exceeded (free some, then run the same command again)",
    errno.EFBIG: "larger than a file may be here (see ulimit -f)",
    errno.EACCES: "permission denied (make the folder writable)",
    errno.EROFS: "the file system is read-only (choose another folder)",
}


def leftovers(folder: Path, prefix: str) -> Iterator[Path]:
    """Yield what killed processes left in a folder: ``<prefix><pid>....part``."""
    for part in folder.glob("*.part"):
        pid = part.name.removeprefix(prefix).partition(".")[0]
        if part.name.startswith(prefix) and pid.isdigit() and not _is_running(int(pid)):
            yield part


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is of another user
    return True


def _flush(part: Path) -> None:
    with part.open("rb") as file:
        os.fsync(file.fileno())


def save_array(path: str | os.PathLike[str], array: np.ndarray) -> None:
    """Write ``array`` as ``.npy``."""
    with atomic_path(path) as part, part.open("wb") as file:
        np.save(_Stream(file), np.ascontiguousarray(array), allow_pickle=False)


@contextmanager
def array_writer(
    path: str | os.PathLike[str], shape: tuple[int, ...]
) -> Iterator[Callable[[np.ndarray], None]]:
    """Yield a function that appends rows to a float32 ``.npy`` of ``shape``, larger than memory.

    The file appears when all rows are written. `ValueError`: more or fewer than ``shape[0]`` were.
    """
    written = 0
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    with atomic_path(path) as part, part.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)

        def append(rows: np.ndarray) -> None:
            nonlocal written
            written += len(rows)
            file.write(np.ascontiguousarray(rows, dtype="<f4").data)

        yield append
        if written != shape[0]:
            raise ValueError(f"{path}: {written} rows written, {shape[0]} announced")


class _Stream:
    """A file of which numpy sees only `write`: its own route hides that a disk is full."""

    def __init__(self, file: BinaryIO) -> None:
        self.write = file.write


def load_array(path: str | os.PathLike[str], *, mmap: bool = False) -> np.ndarray:
    """Read a ``.npy`` file, as a read-only memory map if ``mmap``; `FileError` if it is none."""
    check_content(path)
    try:
        npy_files.check_array(path)
        return np.load(path, mmap_mode="r" if mmap else None, allow_pickle=False)
    except FileNotFoundError:
        raise missing(path) from None
    except Exception as error:  # a header is parsed as Python: many kinds
        raise corrupt(path, "a .npy array", error) from None


def save_arrays(path: str | os.PathLike[str], **arrays: np.ndarray) -> None:
    """Write named arrays as ``.npz`` (stored, fixed time stamps: equal arrays, equal bytes)."""
    with atomic_path(path) as part, part.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_arrays(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read all arrays of a ``.npz`` file; `FileError` if it is missing, truncated or no archive."""
    check_content(path)
    try:
        npy_files.check_archive(path)
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise missing(path) from None
    except Exception as error:  # zipfile, zlib and numpy each raise their own
        raise corrupt(path, "an .npz archive of arrays", error) from None


def check_content(path: str | os.PathLike[str]) -> None:
    """Note ``path`` as read by this process; `FileError` if it is not what its sidecar records."""
    if wrong := journal.note_and_check(path):
        raise FileError(f"{path}: {wrong}; delete it and its sidecar, and run again")


def missing(path: str | os.PathLike[str]) -> FileError:
    """Return the error for a file that is not there."""
    return FileError(f"{path}: no such file (run snakemake to make it, or check the path)")


def corrupt(path: str | os.PathLike[str], kind: str, error: Exception) -> FileError:
    """Return the error for a file that cannot be read as ``kind``."""
    detail = (str(error).splitlines() or [type(error).__name__])[0]
    return FileError(f"{path}: not {kind} or truncated: {detail} (delete it and run again)")


def remove_folder(path: str | os.PathLike[str]) -> None:
    """Remove a folder of intermediate files, if it is there."""
    shutil.rmtree(path, ignore_errors=True)


def save_text(path: str | os.PathLike[str], text: str) -> None:
    """Write ``text`` in UTF-8 with one closing newline."""
    with atomic_path(path) as part:
        part.write_text(text.rstrip("\n") + "\n", encoding="utf-8", newline="\n")


def load_text(path: str | os.PathLike[str]) -> str:
    """Read a UTF-8 text file; ``FileError`` if it is missing or not text."""
    check_content(path)
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise missing(path) from None
    except UnicodeDecodeError as error:
        raise corrupt(path, "UTF-8 text", error) from None


def save_json(path: str | os.PathLike[str], obj: Any) -> None:
    """Write ``obj`` as JSON, indented, keys in the order given; NaN is refused."""
    save_text(path, json.dumps(obj, indent=2, allow_nan=False, default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"{value!r} of type {type(value).__name__} must be JSON serialisable")


def load_json(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file; ``FileError`` if it is missing, truncated or not JSON."""
    text = load_text(path)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # a number too long, a list too deep
        raise corrupt(path, "JSON", error) from None


def save_csv(path: str | os.PathLike[str], rows: tables.Rows) -> None:
    """Write ``rows`` as CSV; floats get 6 digits.

    `ValueError`: there is no row, or a row has other columns than the first.
    """
    save_text(path, tables.to_csv(rows))


def save_table(path: str | os.PathLike[str], rows: tables.Rows, *, caption: str) -> None:
    """Write ``rows`` as CSV, and beside it as Markdown below ``caption``."""
    save_csv(path, rows)
    save_text(Path(path).with_suffix(".md"), tables.to_markdown(rows, caption=caption))


def load_csv(path: str | os.PathLike[str]) -> list[dict[str, str]]:
    """Read a CSV file into one dictionary of strings per row, see `tables.from_csv`.

    `FileError`: it is missing or empty, not text, or no table; the line is named.
    """
    check_content(path)
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise missing(path) from None
    try:
        return tables.from_csv(content)
    except ValueError as error:
        raise corrupt(path, "a CSV table", error) from None


def save_figure(path: str | os.PathLike[str], figure: Figure) -> None:
    """Write a matplotlib figure as PNG, PDF or SVG by its suffix; equal figures, equal bytes."""
    from matplotlib import rc_context

    kind = Path(path).suffix.lstrip(".").lower()
    metadata = {"png": {"Software": None}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}
    if kind not in metadata:
        raise ValueError(f"path={str(path)!r} must end in .png, .pdf or .svg")
    options: dict[str, Any] = {"format": kind, "dpi": FIGURE_DPI, "metadata": metadata[kind]}
    with atomic_path(path) as part, rc_context({"svg.hashsalt": "jtfs_repro"}):
        figure.savefig(part, **options)


def save_figures(paths: Sequence[str | os.PathLike[str]], figure: Figure) -> None:
    """Write a figure to every path, see `save_figure`."""
    for path in paths:
        save_figure(path, figure)
