"""Features of many sounds: one after the other, each kept until the table is written."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from .. import __version__, checks, config
from ..devices import choose_device
from ..io import FileError, atomic_path, remove_folder
from ..outputs import check_output
from .decoding import decoded
from .listing import _text, listed
from .output import WRITERS, Table, write
from .representations import REPRESENTATIONS, Representation

SUMMARIES = ("mean", "mean_std", "none")


@dataclass(frozen=True, kw_only=True)
class Extracted:
    """What was written, and what could not be."""

    output: Path
    n_sounds: int
    n_rows: int
    names: list[str]
    failed: dict[str, str]  # path -> why
    not_taken: list[str]


def extract(
    sources: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    representation: str = "jtfs",
    sr: float = 22050,
    summary: str = "mean",
    channel: int | None = None,
    jobs: int = 1,
    device: str = "auto",
    strict: bool = False,
    progress: bool = True,
    **settings: Any,
) -> Extracted:
    """Write the features of sounds to a table.

    What was computed is kept beside the output until the table is written: after a kill, the same
    call goes on where it stopped, and computes only what is missing or has changed.

    Parameters
    ----------
    sources : sound files, folders (with sub-folders), CSV files of paths
    output : .npz, .h5, .zarr or .parquet; its path, time_s (seconds), values and feature names
    representation : 'jtfs', 'scattering1d', 'mfcc', 'cqt' or 'strf'
    sr : Hz; sounds are resampled to it once
    summary : 'mean' or 'mean_std' over the frames (one row a sound), or 'none' (one row a frame)
    channel : None (the mean of all) or the index of one
    jobs : sounds at once; device : 'auto', 'cpu' or 'cuda'
    strict : end with the first sound that cannot be read, instead of naming it at the end
    settings : arguments of the representation, see `jtfs_repro.sounds.representations`

    Raises
    ------
    FileError, ValueError, TypeError
        One line; what concerns arguments and the output comes before any work.
    """
    several = not isinstance(sources, (str, os.PathLike))
    listing = listed(list(sources) if several else [sources])  # pyright: ignore
    output = check_output(Path(output), WRITERS)
    checks.choice("representation", representation, tuple(REPRESENTATIONS))
    checks.choice("summary", summary, SUMMARIES)
    sr = checks.number("sr", sr, low=1000, high=768_000, mistake="Hz; is it in kHz?")
    jobs = checks.integer("jobs", jobs, low=1, mistake="sounds at once")
    chosen = torch.device(choose_device(device))
    made: Representation = config.bound(REPRESENTATIONS[representation])(sr=sr, **settings)
    what = {"representation": representation, "sr": sr, "summary": summary, "channel": channel}
    what |= {"settings": config.operative_config(), "arguments": repr(settings)}
    work = _Work(
        made, summary, channel, sr, chosen, output.with_name(f".{output.name}.parts"), what
    )
    failed = _all(work, listing.sounds, jobs=jobs, strict=strict, progress=progress)
    names = work.names
    done = [path for path in listing.sounds if path not in failed]
    if not done:
        raise FileError(f"{output}: no sound could be read: {next(iter(failed.values()))}")
    parts = {path: work.part(path) for path in done}
    n_rows = sum(len(times) for times, _ in map(_read, parts.values(), [len(names)] * len(parts)))

    def blocks() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        for path, part in parts.items():
            times, values = _read(part, len(names))
            yield _text(path), times, values

    facts = {**what, "version": __version__, "torch": torch.__version__, "failed": _named(failed)}
    write(output, Table(names=names, n_rows=n_rows, blocks=blocks, facts=facts))
    remove_folder(work.folder)
    return Extracted(
        output=output,
        n_sounds=len(done),
        n_rows=n_rows,
        names=names,
        failed=_named(failed),
        not_taken=[_text(path) for path in listing.not_taken],
    )


def _named(failed: dict[Path, str]) -> dict[str, str]:
    return {_text(path): why for path, why in failed.items()}


def _all(
    work: _Work, sounds: Sequence[Path], *, jobs: int, strict: bool, progress: bool
) -> dict[Path, str]:
    """Compute what is missing; return why sounds failed."""
    failed: dict[Path, str] = {}
    work.folder.mkdir(parents=True, exist_ok=True)
    missing = [path for path in sounds if not work.is_done(path)]
    done = len(sounds) - len(missing)
    is_quiet = None if progress else True  # None: where there is no terminal
    bar = tqdm(total=len(sounds), initial=done, unit="sound", disable=is_quiet)
    with bar, ThreadPoolExecutor(jobs) as pool:
        waiting = [(path, pool.submit(work.compute, path)) for path in missing]
        for path, future in waiting:
            try:
                future.result()
            except (FileError, ValueError, OSError) as error:
                failed[path] = str(error).splitlines()[0]
                if strict:
                    pool.shutdown(cancel_futures=True)
                    raise FileError(failed[path]) from None
                tqdm.write(f"not read: {failed[path]}", file=sys.stderr)
            bar.update()
    return failed


class _Work:
    """Computes sounds, and keeps each as two files in `folder`: values (float32), seconds."""

    def __init__(
        self,
        made: Representation,
        summary: str,
        channel: int | None,
        sr: float,
        device: torch.device,
        folder: Path,
        what: dict[str, Any],
    ) -> None:
        self.made, self.summary, self.channel, self.sr = made, summary, channel, sr
        self.device, self.folder = device, folder
        self._what = json.dumps([what, __version__], sort_keys=True, default=str)

    @property
    def names(self) -> list[str]:
        """Return the names of the columns of values."""
        names = self.made.names
        if self.summary != "mean_std":
            return names
        return [f"{name} {what}" for what in ("mean", "std") for name in names]

    def part(self, path: Path) -> Path:
        """Return where a sound's values are; the name holds what they depend on."""
        facts = path.stat()
        key = [os.fsencode(path.absolute()).hex(), facts.st_size, facts.st_mtime_ns, self._what]
        return self.folder / f"{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]}.f32"

    def is_done(self, path: Path) -> bool:
        """Return whether a sound's values are there, as it is now."""
        return path.is_file() and _times(self.part(path)).is_file()

    def compute(self, path: Path) -> None:
        """Compute and keep one sound."""
        with decoded(path, sr=self.sr, channel=self.channel, folder=self.folder) as (x, _):
            if len(x) < self.made.shortest:
                x = np.pad(x, (0, self.made.shortest - len(x)))
            blocks = self.made.blocks(x, self.device)
            times, part = [], self.part(path)
            with atomic_path(part, is_output=False) as values, values.open("wb") as file:
                for seconds, block in (
                    blocks if self.summary == "none" else [self._summed(blocks, x)]
                ):
                    file.write(np.ascontiguousarray(block, dtype="<f4").tobytes())
                    times.append(seconds)
            with atomic_path(_times(part), is_output=False) as kept:
                kept.write_bytes(np.concatenate(times).astype("<f8").tobytes())

    def _summed(self, blocks: Any, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean (and deviation) of the frames of all blocks, at the middle."""
        n, total, squares = 0, 0.0, 0.0
        for _, block in blocks:
            block = block.astype(np.float64)
            n, total, squares = n + len(block), total + block.sum(0), squares + (block**2).sum(0)
        mean = np.atleast_1d(total) / n
        rows = [mean]
        if self.summary == "mean_std":
            rows.append(np.sqrt(np.maximum(np.atleast_1d(squares) / n - mean**2, 0)))
        return np.array([len(x) / 2 / self.sr]), np.concatenate(rows)[None]


def _times(part: Path) -> Path:
    return part.with_suffix(".seconds")


def _read(part: Path, n_features: int) -> tuple[np.ndarray, np.ndarray]:
    times = np.frombuffer(_times(part).read_bytes(), dtype="<f8")
    values = np.memmap(part, dtype="<f4", mode="r", shape=(len(times), n_features))
    return times, values
