"""The stored features of a clip set, read as one array without loading them.

The store refuses what does not belong together: shards of other settings, of other clips, in the
wrong order, or made with settings that are no longer those of the gin files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jtfs_repro import io
from jtfs_repro.features.clip_tensors import unflatten

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
