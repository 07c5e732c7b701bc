"""Two folders of results, file by file and number by number."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from jtfs_repro import io
from jtfs_repro.journal import known_sha256
from jtfs_repro.layout import MANIFEST, SUFFIX, StrPath
from jtfs_repro.provenance.deviations import (
    COMPARISONS,
    READERS,
    Deviation,
    content_deviations,
    worst,
)
from jtfs_repro.provenance.tolerances import Tolerance

# the same bytes; within tolerance; beyond it
IDENTICAL, EQUAL, DIFFERS = "identical", "equal", "differs"
SKIPPED, UNREADABLE = "not compared", "unreadable"
WRONG = (DIFFERS, UNREADABLE)
# pattern of a file's name or of a folder's with a slash -> why it cannot be the same twice
NOT_COMPARED = {
    "site/": "made from the other files, costs included",
    "partial/": "checkpoints of unfinished jobs",
    "benchmarks/": "wall times and memory",
    "*cost*": "wall times and memory",
    f"*{SUFFIX}": "wall times, dates and machine",
    MANIFEST: "wall times, dates and machine",
    "*.part": "half-written",
    ".*": "hidden",
}


@dataclass(frozen=True, kw_only=True)
class FileResult:
    """What comparing one pair of files found.

    An array or a picture counts as one of ``n_deviations``; ``note`` says why a file was not
    compared or not read.
    """

    name: str
    status: str  # IDENTICAL, EQUAL, DIFFERS, SKIPPED or UNREADABLE
    n_deviations: int = 0
    worst: Deviation | None = None
    note: str = ""

    @property
    def line(self) -> str:
        """One line: name, status, worst place."""
        if self.note:
            return f"{self.name}: {self.status} ({self.note})"
        if self.worst is None:
            same = "" if self.status == IDENTICAL else " (all but bytes or costs is the same)"
            return f"{self.name}: {self.status}{same}"
        places = f"{self.n_deviations} place{'s' if self.n_deviations > 1 else ''}"
        how = "within tolerance" if self.status == EQUAL else "beyond tolerance"
        return f"{self.name}: {self.status}, {how}; {places}, worst {self.worst.text}"

    def as_dict(self) -> dict[str, Any]:
        """Return the result for JSON; what is no number has no difference."""
        found = asdict(self)
        if self.worst is not None:
            found["worst"] = {k: None if v == math.inf else v for k, v in found["worst"].items()}
        return found


@dataclass(frozen=True, kw_only=True)
class FolderResult:
    """What comparing two folders found: the pairs, and what only one of them holds."""

    files: tuple[FileResult, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]

    def named(self, *statuses: str) -> list[FileResult]:
        """Return the pairs with one of these statuses."""
        return [file for file in self.files if file.status in statuses]

    @property
    def is_wrong(self) -> bool:
        """Whether some pair is beyond tolerance or cannot be read."""
        return bool(self.named(*WRONG))

    @property
    def summary(self) -> str:
        """Counts in one line."""
        statuses = (IDENTICAL, EQUAL, DIFFERS, UNREADABLE, SKIPPED)
        counts = {status: len(self.named(status)) for status in statuses}
        counts |= {"only in the first": len(self.only_a), "only in the second": len(self.only_b)}
        return f"files: {', '.join(f'{n} {status}' for status, n in counts.items() if n)}"

    def lines(self, *, is_quiet: bool = False) -> Iterator[str]:
        """Yield one line per pair, what only one folder holds, the summary.

        A folder of which nothing is compared is one line. With ``is_quiet`` only what is wrong,
        and the summary.
        """
        shown = self.named(*WRONG) if is_quiet else self.files
        yield from dict.fromkeys(_skipped_folder(file.name) or file.line for file in shown)
        if not is_quiet:
            yield from (f"{name}: only in the first" for name in self.only_a)
            yield from (f"{name}: only in the second" for name in self.only_b)
        yield self.summary

    def as_dict(self) -> dict[str, Any]:
        """Return the result for JSON."""
        files = [file.as_dict() for file in self.files]
        only = {"only_a": list(self.only_a), "only_b": list(self.only_b)}
        return {"is_wrong": self.is_wrong, "files": files, **only}


def compare_folders(a: StrPath, b: StrPath, *, tolerance: Tolerance) -> FolderResult:
    """Return how the files of two folders, paired by their relative paths, differ.

    The folders are two roots (``results``, ``img``, ``data``) or two runs. `FileError`: one is not
    there, or they have no file in common that can be compared.
    """
    names_a, names_b = _names(a), _names(b)
    common = sorted(names_a & names_b)
    files = tuple(_compare_files(name, Path(a), Path(b), tolerance) for name in common)
    if all(file.status == SKIPPED for file in files):
        raise io.FileError(f"{a}, {b}: no file in common to compare (are both folders of results?)")
    only_a, only_b = (
        tuple(sorted(name for name in names if not why_skipped(name)))
        for names in (names_a - names_b, names_b - names_a)
    )
    return FolderResult(files=files, only_a=only_a, only_b=only_b)


def _names(folder: StrPath) -> set[str]:
    root = Path(folder)
    if not root.is_dir():
        raise io.FileError(f"{folder}: no such folder (give two folders of results)")
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def _compare_files(name: str, a: Path, b: Path, tolerance: Tolerance) -> FileResult:
    """Return how the file ``name`` in folder ``a`` differs from that in ``b``."""
    if note := why_skipped(name) or _why_redundant(a / name, tolerance):
        return FileResult(name=name, status=SKIPPED, note=note)
    try:
        found = content_deviations(a / name, b / name, tolerance)
        is_same = known_sha256(a / name) == known_sha256(b / name)
    except (io.FileError, OSError) as error:
        return FileResult(name=name, status=UNREADABLE, note=str(error))
    if not found:
        return FileResult(name=name, status=IDENTICAL if is_same else EQUAL)
    status = EQUAL if all(deviation.is_within for deviation in found) else DIFFERS
    return FileResult(name=name, status=status, n_deviations=len(found), worst=worst(found))


def why_skipped(name: str) -> str:
    """Return why a file cannot be the same in two runs, or an empty string."""
    *folders, last = PurePosixPath(name).parts
    for pattern, reason in NOT_COMPARED.items():
        parts = [f"{folder}/" for folder in folders] if pattern.endswith("/") else [last]
        if any(fnmatch.fnmatchcase(part, pattern) for part in parts):
            return reason
    return ""


def _why_redundant(path: Path, tolerance: Tolerance) -> str:
    """Return why a file that can only be compared by its bytes need not be."""
    if tolerance.is_exact or path.suffix in (*READERS, *COMPARISONS):
        return ""
    twin = path.with_suffix(".png")
    return f"drawn with {twin.name}, which is" if twin.is_file() else ""


def _skipped_folder(name: str) -> str:
    """Return the line of the folder because of which a file was not compared, if any."""
    for folder in reversed(PurePosixPath(name).parents):
        if reason := NOT_COMPARED.get(f"{folder.name}/", ""):
            return f"{folder}/: {SKIPPED} ({reason})"
    return ""
