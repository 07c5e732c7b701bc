"""Integrity check of a clip set: every file read, which are whole, what is wrong with others."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from jtfs_repro.datasets.clip_audio import MAX_BYTES
from jtfs_repro.datasets.medley_solos_db import N_SAMPLES, SR_HZ, Clip

AUDIO_FOLDER = "audio"
MAX_THREADS = 4  # beyond this the disk is the limit
_SECONDS_BETWEEN_UPDATES = 1.0


@dataclass(frozen=True, kw_only=True)
class IndexedClip(Clip):
    """A whole clip: its line of the metadata, the size of its file and its SHA-256."""

    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A clip that is missing or broken: ``file`` (its name) and ``what`` is wrong."""

    file: str
    what: str


@dataclass(frozen=True, kw_only=True)
class ClipCheck:
    """Whole clips of a clip set, and problems with the others, in the order of the metadata."""

    rows: tuple[IndexedClip, ...]
    problems: tuple[Problem, ...]


def check_clips(clips: Sequence[Clip], folder: str | Path, *, progress: bool = True) -> ClipCheck:
    """Read every clip of ``folder`` wholly; files are in its ``audio/``.

    A problem is a file that is missing, unreadable, truncated, not WAV, not 44.1 kHz, not mono, not
    float32 or not 131072 samples long; or whose samples are not finite or all zero.
    """
    from tqdm import tqdm

    audio = Path(folder, AUDIO_FOLDER)
    with ThreadPoolExecutor(min(MAX_THREADS, os.cpu_count() or 1)) as pool:
        checked = list(
            tqdm(
                pool.map(lambda clip: _check(clip, audio), clips),
                total=len(clips), desc="checking clips", unit="clip", disable=not progress,
                mininterval=_SECONDS_BETWEEN_UPDATES,
            )
        )  # fmt: skip
    return ClipCheck(
        rows=tuple(result for result in checked if isinstance(result, IndexedClip)),
        problems=tuple(result for result in checked if isinstance(result, Problem)),
    )


def _check(clip: Clip, audio: Path) -> IndexedClip | Problem:
    """Return the clip with size and hash, or what is wrong with it."""
    path = audio / clip.file_name
    try:
        if path.stat().st_size > MAX_BYTES:
            what = f"{path.stat().st_size} bytes, a clip has at most {MAX_BYTES}"
            return Problem(file=clip.file_name, what=what)
        data = path.read_bytes()
    except FileNotFoundError:
        return Problem(file=clip.file_name, what="missing")
    except OSError as error:
        return Problem(file=clip.file_name, what=f"unreadable: {error.strerror}")
    what = problem_of(data)
    if what:
        return Problem(file=clip.file_name, what=what)
    return IndexedClip(**asdict(clip), bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def problem_of(data: bytes) -> str:
    """Return what is wrong with the bytes of a clip's file, empty if nothing is."""
    import soundfile

    truncated = _truncation(data)
    if truncated:
        return truncated
    try:
        with soundfile.SoundFile(_Bytes(data)) as file:
            return _header_problem(file) or _sample_problem(file.read(dtype="float32"))
    except (soundfile.SoundFileError, TypeError, AssertionError) as error:
        text = getattr(error, "error_string", None) or str(error) or "damaged"
        return f"unreadable: {text.splitlines()[0].rstrip('.')}"


class _Bytes(BytesIO):
    """Bytes in which libsndfile may seek; what an exception says there would go to stderr."""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move, or stay where the place does not exist; return where that is."""
        try:
            return super().seek(offset, whence)
        except (ValueError, OverflowError):
            return self.tell()


def _truncation(data: bytes) -> str:
    """Compare the file's size with what its RIFF header announces."""
    if not data:
        return "truncated: empty file"
    if data[:4] != b"RIFF" or len(data) < 8:
        return ""  # not WAV, which reading it will show
    announced = int.from_bytes(data[4:8], "little") + 8
    return f"truncated: {len(data)} of {announced} bytes" if len(data) < announced else ""


def _header_problem(file: Any) -> str:
    if file.format not in ("WAV", "WAVEX"):
        return f"format {file.format}, not WAV"
    if file.samplerate != SR_HZ:
        return f"sample rate {file.samplerate} Hz, not {SR_HZ}"
    if file.channels != 1:
        return f"{file.channels} channels, not 1"
    if file.subtype != "FLOAT":
        return f"samples are {file.subtype}, not FLOAT (32 bits)"
    if file.frames != N_SAMPLES:
        return f"{file.frames} samples, not {N_SAMPLES}"
    return ""


def _sample_problem(samples: np.ndarray) -> str:
    if len(samples) != N_SAMPLES:
        return f"truncated: {len(samples)} of {N_SAMPLES} samples"
    n_bad = int(np.count_nonzero(~np.isfinite(samples)))
    if n_bad:
        return f"{n_bad} samples are NaN or infinite"
    return "" if samples.any() else "silent: all samples are zero"
