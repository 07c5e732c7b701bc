"""A clip set as the stages of Section 4 read it: its clips in order, and their stored features.

The store reads the shards of a representation as one array without loading them, and refuses what
does not belong together: shards of other settings, of other clips, in the wrong order, or made
with settings that are no longer those of the gin files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jtfs_repro import io
from jtfs_repro.datasets.clip_check import AUDIO_FOLDER, IndexedClip
from jtfs_repro.datasets.clip_index import load_index
from jtfs_repro.features.clip_tensors import unflatten
from jtfs_repro.journal import sha256


@dataclass(frozen=True, kw_only=True)
class ClipSet:
    """All whole clips of a clip set, in the order of every stored array.

    ``sha256`` is the digest of the index, which holds that of each clip; ``not_run`` says why there
    is no clip.
    """

    clips: Sequence[IndexedClip]
    sha256: str
    clip_set: str
    not_run: io.Unavailable | None = None

    def paths(self, folder: str | os.PathLike[str]) -> list[str]:
        """Return the files of the clips below ``folder``."""
        return [os.fspath(Path(folder, AUDIO_FOLDER, clip.file_name)) for clip in self.clips]

    @property
    def sha256s(self) -> list[str]:
        """SHA-256 of each clip's file, as the index records it."""
        return [clip.sha256 for clip in self.clips]

    def rows(self, subset: str) -> np.ndarray:
        """Return the rows of a subset's clips [shape=(n,)], int64."""
        return np.flatnonzero(self.subsets == subset)

    @property
    def subsets(self) -> np.ndarray:
        """Subset of each clip [shape=(n,)], str."""
        return np.array([clip.subset for clip in self.clips], dtype=str)

    @property
    def labels(self) -> np.ndarray:
        """Class of each clip [shape=(n,)], int64."""
        return np.array([clip.instrument_id for clip in self.clips], dtype=np.int64)

    @property
    def songs(self) -> np.ndarray:
        """Song of each clip [shape=(n,)], str."""
        return np.array([clip.song_id for clip in self.clips], dtype=str)

    @property
    def uuids(self) -> np.ndarray:
        """Name of each clip [shape=(n,)], str."""
        return np.array([clip.uuid4 for clip in self.clips], dtype=str)


def open_clip_set(index: str | os.PathLike[str], facts: str | os.PathLike[str]) -> ClipSet:
    """Read an index and the facts beside it.

    FileError: one of them is missing or not what it should be.
    """
    known = io.load_json(facts)
    is_run = known["status"] == io.RUN
    return ClipSet(
        clips=load_index(Path(index)) if is_run else [],
        sha256=sha256(index),
        clip_set=known["clip_set"],
        not_run=None if is_run else io.Unavailable(known["reason"], known["remedy"]),
    )


IDENTITY = ("status", "reason", "parts", "shapes", "settings_sha256", "clips_sha256", "n_clips")


@dataclass(frozen=True, kw_only=True)
class ClipStore:
    """Features of all clips, in the order of the clip set's index.

    ``arrays`` are memory maps of the shards [shape=(n_i, D)], float32; ``shapes`` maps each part to
    its axes; the digests are those of the feature's settings and of the clip set's index;
    ``not_run`` is "reason; remedy", or empty.
    """

    arrays: Sequence[np.ndarray]
    shapes: Mapping[str, tuple[int, ...]]
    settings_sha256: str = ""
    clips_sha256: str = ""
    not_run: str = ""
    device: str = "cpu"

    def __len__(self) -> int:
        return sum(len(array) for array in self.arrays)

    def vectors(self, indices: np.ndarray) -> np.ndarray:
        """Return features [shape=(len(indices), D)] of the clips with these rows, any order."""
        indices = np.asarray(indices, dtype=np.int64)
        out = np.empty((len(indices), self.arrays[0].shape[1]), dtype=np.float32)
        ends = np.cumsum([len(array) for array in self.arrays])
        which = np.searchsorted(ends, indices, side="right")
        for shard in np.unique(which):
            chosen = which == shard
            first = ends[shard] - len(self.arrays[shard])
            out[chosen] = self.arrays[shard][indices[chosen] - first]
        return out

    def tensors(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Return the named parts {name: [shape=(len(indices), *shapes[name])]}."""
        return unflatten(self.vectors(indices), self.shapes)


def open_store(
    shards: Sequence[str | os.PathLike[str]], *, settings_sha256: str, clips_sha256: str
) -> ClipStore:
    """Open the shards of one representation: ``.npy`` files with their ``.json`` beside them.

    FileError: a shard is missing, truncated, of other settings or clips, or a shard of the set is
    missing.
    """
    reports = [io.load_json(Path(path).with_suffix(".json")) for path in shards]
    for path, report in zip(shards, reports, strict=True):
        _check_origin(path, report, settings_sha256, clips_sha256)
    first = reports[0]
    for key in IDENTITY:
        if len({str(report.get(key)) for report in reports}) > 1:
            raise io.FileError(f"{shards[0]}: shards differ in {key} ({_AGAIN})")
    devices = "+".join(sorted({report["device"] for report in reports}))
    common: dict[str, Any] = {"settings_sha256": settings_sha256, "clips_sha256": clips_sha256}
    if first["status"] != io.RUN:
        return ClipStore(
            arrays=[], shapes={}, not_run=io.why_not_run(first), device=devices, **common
        )
    arrays = [io.load_array(path, mmap=True) for path in shards]
    _check_complete(shards, arrays, reports)
    shapes = {name: tuple(shape) for name, shape in first["shapes"].items()}
    return ClipStore(arrays=arrays, shapes=shapes, device=devices, **common)


_AGAIN = "delete the folder of these features and run again"


def _check_origin(
    path: str | os.PathLike[str], report: Mapping[str, Any], settings_sha256: str, clips_sha256: str
) -> None:
    for key, wanted, what in (
        ("settings_sha256", settings_sha256, "settings than the gin files give"),
        ("clips_sha256", clips_sha256, "clips than the index lists"),
    ):
        if report.get(key) != wanted:
            raise io.FileError(f"{path}: made with other {what} ({_AGAIN})")


def _check_complete(
    shards: Sequence[str | os.PathLike[str]],
    arrays: Sequence[np.ndarray],
    reports: Sequence[Mapping[str, Any]],
) -> None:
    """Check that the shards follow one another and hold every clip."""
    done = 0
    for path, array, report in zip(shards, arrays, reports, strict=True):
        if array.ndim != 2 or len(array) != report["n_signals"] or report["first"] != done:
            raise io.FileError(f"{path}: not the shard that its .json describes ({_AGAIN})")
        done += len(array)
    if done != reports[0]["n_clips"]:
        raise io.FileError(f"{shards[0]}: {done} of {reports[0]['n_clips']} clips ({_AGAIN})")
