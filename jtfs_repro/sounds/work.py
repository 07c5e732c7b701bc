"""Sounds computed one by one or several at once, each kept until the table is written."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from .. import gpu_memory
from ..io import FileError, atomic_path
from .decoding import decoded
from .listing import shown
from .representations import Block, Representation

SUMMARIES = ("mean", "mean_std", "none")
ROWS_BYTES = 2**24  # of a table that are read at once
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE)


@dataclass(frozen=True, kw_only=True)
class Work:
    """Computes sounds, and keeps each as two files in `folder`: values (float32), seconds.

    `key` is all that values depend on, the sounds aside.
    """

    made: Representation
    summary: str
    channel: int | None
    sr: float
    device: torch.device
    folder: Path
    key: str
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def names(self) -> list[str]:
        """Return the names of the columns of values."""
        names = self.made.names
        if self.summary != "mean_std":
            return names
        return [f"{name} {what}" for what in ("mean", "std") for name in names]

    def part(self, path: Path) -> Path:
        """Return where the values of a sound, as it is now, are; the name holds their origin."""
        facts = path.stat()
        key = [os.fsencode(path.absolute()).hex(), facts.st_size, facts.st_mtime_ns, self.key]
        return self.folder / f"{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]}.f32"

    def found(self, path: Path) -> Path | None:
        """Return where the values of a sound are, None if they are not there."""
        part = self.part(path) if path.is_file() else None
        return part if part is not None and _times(part).is_file() else None

    def compute(self, path: Path) -> tuple[Path, float]:
        """Compute and keep one sound; return where, and its duration in seconds."""
        if not path.is_file():
            raise FileError(f"{shown(path)}: no such file (check the path)")
        part = self.part(path)  # as it is before it is read
        with decoded(path, sr=self.sr, channel=self.channel, folder=self.folder) as (x, _):
            seconds = len(x) / self.sr
            if len(x) < self.made.shortest:
                x = np.pad(x, (0, self.made.shortest - len(x)))
            times, blocks = [], self._until_stopped(self.made.blocks(x, self.device))
            if self.summary != "none":
                blocks = [(np.array([seconds / 2]), self._summed(blocks))]
            with atomic_path(part, is_output=False) as values, values.open("wb") as file:
                for at, block in blocks:
                    file.write(np.ascontiguousarray(block, dtype="<f4").data)
                    times.append(at)
            with atomic_path(_times(part), is_output=False) as kept:
                kept.write_bytes(np.concatenate(times).astype("<f8").tobytes())
        return part, seconds

    def _until_stopped(self, blocks: Iterator[Block]) -> Iterator[Block]:
        for block in blocks:
            if self.stopped.is_set():
                raise KeyboardInterrupt
            yield block

    def _summed(self, blocks: Iterator[Block]) -> np.ndarray:
        """Return the mean (and deviation) of the frames of all blocks: [shape=(1, features)]."""
        n, total, squares = 0, np.zeros(()), np.zeros(())
        for _, block in blocks:
            block = block.astype(np.float64)
            n, total, squares = n + len(block), total + block.sum(0), squares + (block**2).sum(0)
        mean = total / n
        rows = [mean]
        if self.summary == "mean_std":
            rows.append(np.sqrt(np.maximum(squares / n - mean**2, 0)))
        return np.concatenate(rows)[None]

    def rows(self, part: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield seconds and values of a sound, some rows after the other."""
        times = self.times(part)
        n_features = len(self.names)
        values = np.memmap(part, dtype="<f4", mode="r", shape=(len(times), n_features))
        step = max(1, ROWS_BYTES // (4 * n_features))
        for start in range(0, len(times), step):
            yield times[start : start + step], values[start : start + step]

    def times(self, part: Path) -> np.ndarray:
        """Return the seconds of each row of a sound."""
        return np.frombuffer(_times(part).read_bytes(), dtype="<f8")


def _times(part: Path) -> Path:
    return part.with_suffix(".seconds")


def compute_all(
    work: Work, sounds: Sequence[Path], *, jobs: int, strict: bool, progress: bool
) -> tuple[dict[Path, Path], dict[Path, str]]:
    """Compute what is missing; return where the values of each sound are, and why others failed.

    `FileError`: nothing can be written, or `strict` and a sound cannot be read.
    """
    parts = {path: part for path in sounds if (part := work.found(path)) is not None}
    failed: dict[Path, str] = {}
    missing = [path for path in sounds if path not in parts]
    is_quiet = None if progress else True  # None: where there is no terminal
    bar = tqdm(total=len(sounds), initial=len(parts), unit="sound", disable=is_quiet)
    began, heard = time.monotonic(), 0.0
    pool = ThreadPoolExecutor(jobs)
    try:
        waiting = [(path, pool.submit(work.compute, path)) for path in missing]
        for path, future in waiting:
            try:
                parts[path], seconds = future.result()
                heard += seconds
                rate = heard / (time.monotonic() - began)
                bar.set_postfix_str(f"{rate:.0f} s of sound/s", refresh=False)
            except (FileError, ValueError, OSError, MemoryError, RuntimeError) as error:
                failed[path] = _why(path, error)
                if strict:
                    raise FileError(failed[path]) from None
                tqdm.write(f"not read: {failed[path]}", file=sys.stderr)
            bar.update()
    finally:  # what waits is given up, what runs ends at its next block
        work.stopped.set()
        pool.shutdown(cancel_futures=True)
        bar.close()
    return {path: parts[path] for path in sounds if path in parts}, failed


def _why(path: Path, error: Exception) -> str:
    """Return in one line why a sound failed; what concerns all of them is raised."""
    cause = error if isinstance(error, OSError) else error.__cause__
    if isinstance(cause, OSError) and cause.errno in _NO_ROOM:
        what = str(error) if isinstance(error, FileError) else cause.strerror
        raise FileError(f"{what} (what was computed is kept: run it again)") from None
    if isinstance(error, MemoryError) or gpu_memory.is_exhausted(error):
        return f"{shown(path)}: needs more memory than there is (fewer --jobs, or --device cpu)"
    if isinstance(error, RuntimeError):
        raise error
    line = (str(error).splitlines() or [type(error).__name__])[0]
    return line if shown(path) in line else f"{shown(path)}: {line}"
