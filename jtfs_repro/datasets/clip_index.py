"""The index of a clip set: its whole clips with their hashes, and a report about the others."""

from __future__ import annotations

import csv
import hashlib
import io as streams
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from jtfs_repro import checks, io
from jtfs_repro.datasets.clip_check import AUDIO_FOLDER, IndexedClip, Problem, check_clips
from jtfs_repro.datasets.medley_solos_db import (
    CLASSES,
    SUBSETS,
    clip_of,
    clip_set_name,
    find_metadata,
    integer_cell,
    load_metadata,
)

COLUMNS = ("file", *(field.name for field in fields(IndexedClip)))
PARTIAL = "--allow-partial or allow_partial_clips=true"  # of the script, of the workflow
N_NAMED = 3  # problems spelt out in an error message


def index_clips(
    folder: str | Path,
    *,
    allow_partial: bool = False,
    clip_set: str = "",
    problems_file: str | Path | None = None,
    progress: bool = True,
    classes_required: bool = True,
) -> tuple[list[IndexedClip], dict[str, Any]]:
    """Check a clip set and list its whole clips in the order of the metadata, with a report.

    ``allow_partial`` goes on where clips are missing or broken; ``clip_set`` is the name that the
    metadata must give (default any); ``problems_file`` (``.csv``) lists missing and broken clips
    and is removed if all are whole; ``classes_required``: every class must be in every subset.
    Result: dict; ``status`` ('run'), ``clip_set``, ``n_clips``, ``n_expected`` (lines of the
    metadata), ``n_extra`` (files in ``audio/`` that the metadata does not list), ``n_problems``,
    ``problems`` (each with file and what), ``supports`` (subset -> class -> number of clips),
    ``index_sha256`` (of what `save_index` writes). The same files give the same report. FileError:
    the metadata is missing, wrong or of another clip set; clips are missing or broken and
    ``allow_partial`` is false; a class has no whole clip in a subset.
    """
    metadata = find_metadata(folder)
    name = clip_set_name(metadata)
    if clip_set and clip_set != name:
        raise io.FileError(f"{metadata}: of clip set {name}, not {clip_set} (another folder?)")
    clips = load_metadata(metadata)
    check = check_clips(clips, folder, progress=progress)
    if problems_file is not None:
        _save_problems(Path(problems_file), check.problems)
    if check.problems and not allow_partial:
        raise io.FileError(_refusal(folder, check.problems, len(clips), problems_file))
    rows = list(check.rows)
    if classes_required:
        _require_classes(folder, rows)
    report = {
        "status": io.RUN,
        "clip_set": name,
        "n_clips": len(rows),
        "n_expected": len(clips),
        "n_extra": _n_extra(Path(folder, AUDIO_FOLDER), {clip.file_name for clip in clips}),
        "n_problems": len(check.problems),
        "problems": [asdict(problem) for problem in check.problems],
        "supports": supports(rows),
        "index_sha256": hashlib.sha256(index_text(rows).encode()).hexdigest(),
    }
    return rows, report


def _save_problems(path: Path, problems: Sequence[Problem]) -> None:
    if problems:
        io.save_csv(path, [asdict(problem) for problem in problems])
    else:
        path.unlink(missing_ok=True)


def _refusal(
    folder: str | Path, problems: Sequence[Problem], n_clips: int, problems_file: str | Path | None
) -> str:
    named = [f"{problem.file}: {problem.what}" for problem in problems[:N_NAMED]]
    more = ["..."] * (len(problems) > N_NAMED)
    full_list = f"all are listed in {problems_file}; " if problems_file else ""
    return (
        f"{folder}: {len(problems)} of {n_clips} clips are missing or broken: "
        f"{'; '.join(named + more)} "
        f"({full_list}fetch these files again, or go on with the whole ones by {PARTIAL})"
    )


def _require_classes(folder: str | Path, rows: Sequence[IndexedClip]) -> None:
    found = supports(rows)
    absent = [
        f"{name!r} in {subset}" for subset in SUBSETS for name in CLASSES if not found[subset][name]
    ]
    if absent:
        named = ", ".join(absent[:N_NAMED] + ["..."] * (len(absent) > N_NAMED))
        hint = "every subset must have all classes: fetch the missing clips"
        raise io.FileError(f"{folder}: no whole clip of {named} ({len(absent)} in all; {hint})")


def supports(rows: Sequence[IndexedClip]) -> dict[str, dict[str, int]]:
    """Return the number of clips by subset and class, zeros included."""
    counts = Counter((row.subset, row.instrument) for row in rows)
    return {subset: {name: counts[subset, name] for name in CLASSES} for subset in SUBSETS}


def _n_extra(audio: Path, listed: set[str]) -> int:
    if not audio.is_dir():
        return 0
    with os.scandir(audio) as entries:
        return sum(entry.name not in listed for entry in entries)


def index_text(rows: Sequence[IndexedClip]) -> str:
    """Return the index as CSV; of no rows, the header alone."""
    text = streams.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([row.file_name, *asdict(row).values()] for row in rows)
    return text.getvalue()


def save_index(path: str | Path, rows: Sequence[IndexedClip]) -> None:
    """Write the index; it may be empty."""
    io.save_text(path, index_text(rows))


def load_index(path: str | Path) -> list[IndexedClip]:
    """Read an index; of a clip set that is not at hand, the list is empty.

    FileError: the file is missing, is not an index, or a line is wrong.
    """
    header = next(csv.reader(streams.StringIO(io.load_text(path))), [])
    if tuple(header) != COLUMNS:
        rule = f"columns {header}, expected {list(COLUMNS)}"
        raise io.FileError(f"{path}: line 1: {rule} (delete it and run again)")
    return [_indexed(path, line, row) for line, row in enumerate(io.load_csv(path), start=2)]


def _indexed(path: str | Path, line: int, row: dict[str, str]) -> IndexedClip:
    try:
        size, sha256 = integer_cell("bytes", row["bytes"]), row["sha256"]
        if not re.fullmatch("[0-9a-f]{64}", sha256):
            checks.fail("sha256", sha256, "be 64 hexadecimal digits")
        indexed = IndexedClip(**asdict(clip_of(row)), bytes=size, sha256=sha256)
        if row["file"] != indexed.file_name:
            checks.fail("file", row["file"], f"be {indexed.file_name!r}")
    except (ValueError, TypeError) as error:
        raise io.FileError(f"{path}: line {line}: {error} (delete it and run again)") from None
    return indexed
