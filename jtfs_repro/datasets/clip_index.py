"""The index of a clip set: every file read; the whole ones with their hashes, and a report."""

from __future__ import annotations

import hashlib
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from jtfs_repro import audio, io
from jtfs_repro.datasets import clip_folder, medley_solos_db
from jtfs_repro.datasets.clips import (
    COLUMNS,
    MEDLEY_COLUMNS,
    SUBSETS,
    Clip,
    ClipSet,
    index_text,
    opened,
)

PARTIAL = "--allow-partial or allow_partial_clips=true"  # of the script, of the workflow
N_NAMED = 3  # problems spelt out in an error message
MAX_THREADS = 4  # beyond this the disk is the limit
SECONDS_BETWEEN_UPDATES = 1.0


def index_clips(
    folder: str | os.PathLike[str],
    *,
    allow_partial: bool = False,
    clip_set: str = "",
    problems_file: str | os.PathLike[str] | None = None,
    progress: bool = True,
    classes_required: bool = True,
) -> tuple[str, dict[str, Any]]:
    """Check a clip set; return the index of its whole clips as CSV, and a report.

    ``allow_partial`` goes on where clips are missing or broken; ``clip_set`` is the name that the
    set must have (default any); ``problems_file`` (``.csv``) lists missing and broken clips and is
    removed if all are whole; ``classes_required``: every class must be in every subset. Result:
    dict; ``status`` ('run'), ``clip_set``, ``n_clips``, ``n_expected`` (that the set lists),
    ``n_extra`` (files that it does not list), ``n_problems``, ``problems`` (each with file and
    what), ``supports`` (subset -> class, by id -> number of clips), ``index_sha256``. The same
    files give the same report. FileError: the list is missing, wrong or of another set; clips are
    missing or broken and ``allow_partial`` is false; a class has no whole clip in a subset; in a
    user's own folder, one sound is in two subsets.
    """
    is_own = clip_folder.is_labelled(folder)
    listed = (clip_folder if is_own else medley_solos_db).list_clips(folder)
    if clip_set not in ("", listed.name):
        raise io.FileError(f"{folder}: of clip set {listed.name}, not {clip_set} (another folder?)")
    whole, problems = check_clips(listed, is_own=is_own, progress=progress)
    if problems_file is not None:
        _save_problems(Path(problems_file), problems)
    if problems and not allow_partial:
        raise io.FileError(_refusal(folder, problems, len(listed), problems_file))
    found = supports(whole, listed.classes)
    if classes_required:
        _require_classes(folder, found)
    if is_own:
        _refuse_leaks(folder, whole)
    text = index_text(whole, COLUMNS if is_own else MEDLEY_COLUMNS)
    report = {
        "status": io.RUN,
        "clip_set": listed.name,
        "n_clips": len(whole),
        "n_expected": len(listed),
        "n_extra": _n_extra(listed),
        "n_problems": len(problems),
        "problems": problems,
        "supports": found,
        "index_sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    return text, report


Problem = dict[str, str]  # file, and what is wrong


def check_clips(
    clips: ClipSet, *, is_own: bool = False, progress: bool = True
) -> tuple[list[Clip], list[Problem]]:
    """Read every file wholly; return the whole clips with size and hash, and what others are.

    A problem is a file that is missing, unreadable or truncated; whose samples are not finite or
    all zero; or of a form that the set does not have: for Medley-solos-DB and its like WAV, 44.1
    kHz, mono, float32, 131072 samples.
    """
    from tqdm import tqdm

    form_problem = own_form_problem if is_own else medley_solos_db.form_problem
    max_bytes = 4 * (audio.MAX_VALUES if is_own else 4 * medley_solos_db.N_SAMPLES)
    check = partial(_check, folder=clips.folder, max_bytes=max_bytes, form_problem=form_problem)
    with ThreadPoolExecutor(min(MAX_THREADS, os.cpu_count() or 1)) as pool:
        bar = tqdm(
            pool.map(check, clips.clips),
            total=len(clips),
            desc="checking clips",
            unit="clip",
            disable=not progress,
            mininterval=SECONDS_BETWEEN_UPDATES,
        )
        checked = list(bar)
    whole = [result for result in checked if isinstance(result, Clip)]
    return whole, [result for result in checked if not isinstance(result, Clip)]


def _check(
    clip: Clip,
    *,
    folder: str | os.PathLike[str],
    max_bytes: int,
    form_problem: Callable[[Any], str],
) -> Clip | Problem:
    path = Path(folder, clip.file)
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= max_bytes else b""
    except FileNotFoundError:
        return {"file": clip.file, "what": "missing"}
    except OSError as error:
        return {"file": clip.file, "what": f"unreadable: {error.strerror}"}
    if size > max_bytes:
        return {"file": clip.file, "what": f"{size} bytes, a clip has at most {max_bytes}"}
    if what := problem_of(data, form_problem):
        return {"file": clip.file, "what": what}
    return replace(clip, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def problem_of(data: bytes, form_problem: Callable[[Any], str]) -> str:
    """Return what is wrong with the bytes of a clip's file, empty if nothing is."""
    import soundfile

    if truncated := _truncation(data):
        return truncated
    try:
        with opened(data) as file:
            return form_problem(file) or _sample_problem(file)
    except (soundfile.SoundFileError, TypeError, AssertionError) as error:
        text = getattr(error, "error_string", None) or str(error) or "damaged"
        return f"unreadable: {text.splitlines()[0].rstrip('.')}"


def _truncation(data: bytes) -> str:
    """Compare the file's size with what its RIFF header announces."""
    if not data:
        return "truncated: empty file"
    if data[:4] != b"RIFF" or len(data) < 8:
        return ""  # not WAV, which reading it will show
    announced = int.from_bytes(data[4:8], "little") + 8
    return f"truncated: {len(data)} of {announced} bytes" if len(data) < announced else ""


def own_form_problem(file: Any) -> str:
    """Return why an open sound file is too odd for a clip, empty if it is not."""
    low, high = audio.LOWEST_SR_HZ, audio.HIGHEST_SR_HZ
    if not low <= file.samplerate <= high:
        return f"sample rate {file.samplerate} Hz, not in [{low}, {high}]"
    if file.channels > audio.MAX_CHANNELS:
        return f"{file.channels} channels, at most {audio.MAX_CHANNELS}"
    if file.frames * file.channels > audio.MAX_VALUES:
        return f"too long: {file.frames} samples in {file.channels} channels"
    return "" if file.frames else "no samples"


def _sample_problem(file: Any) -> str:
    samples = file.read(dtype="float32", always_2d=True)
    if len(samples) != file.frames:
        return f"truncated: {len(samples)} of {file.frames} samples"
    n_bad = int(np.count_nonzero(~np.isfinite(samples)))
    if n_bad:
        return f"{n_bad} samples are NaN or infinite"
    if not samples.any():
        return "silent: all samples are zero"
    return "" if samples.mean(axis=1).any() else "silent in one channel: its channels cancel"


def _save_problems(path: Path, problems: Sequence[Problem]) -> None:
    if problems:
        io.save_csv(path, problems)
    else:
        path.unlink(missing_ok=True)


def _refusal(
    folder: str | os.PathLike[str],
    problems: Sequence[Problem],
    n_clips: int,
    problems_file: str | os.PathLike[str] | None,
) -> str:
    named = [f"{problem['file']}: {problem['what']}" for problem in problems[:N_NAMED]]
    more = ["..."] * (len(problems) > N_NAMED)
    full_list = f"all are listed in {problems_file}; " if problems_file else ""
    return (
        f"{folder}: {len(problems)} of {n_clips} clips are missing or broken: "
        f"{'; '.join(named + more)} "
        f"({full_list}fetch these files again, or go on with the whole ones by {PARTIAL})"
    )


def supports(clips: Sequence[Clip], classes: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return the number of clips by subset and class, zeros included."""
    counts = Counter((clip.subset, clip.label) for clip in clips)
    return {subset: {name: counts[subset, name] for name in classes} for subset in SUBSETS}


def _require_classes(folder: str | os.PathLike[str], found: dict[str, dict[str, int]]) -> None:
    absent = [f"{c!r} in {subset}" for subset in found for c, n in found[subset].items() if not n]
    if absent:
        named = ", ".join(absent[:N_NAMED] + ["..."] * (len(absent) > N_NAMED))
        hint = "every subset must have all classes: fetch the missing clips"
        raise io.FileError(f"{folder}: no whole clip of {named} ({len(absent)} in all; {hint})")


def _refuse_leaks(folder: str | os.PathLike[str], clips: Sequence[Clip]) -> None:
    """Refuse a file that is in two subsets; one that is twice in a subset is said."""
    alike = defaultdict(list)
    for clip in clips:
        alike[clip.sha256].append(clip)
    for copies in (found for found in alike.values() if len(found) > 1):
        files = " and ".join(clip.file for clip in copies)
        if len({clip.subset for clip in copies}) > 1:
            raise io.FileError(f"{folder}: {files} are the same sound in two subsets (keep one)")
        print(f"warning: {folder}: {files} are the same sound", file=sys.stderr)


def _n_extra(listed: ClipSet) -> int:
    """Return how many files there are that the set does not list."""
    known = {clip.file for clip in listed.clips} | {clip_folder.TABLE}
    files = (p for p in Path(listed.folder).rglob("*") if p.is_file())
    return sum(p.relative_to(listed.folder).as_posix() not in known for p in files)
