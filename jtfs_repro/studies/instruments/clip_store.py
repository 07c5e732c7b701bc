"""Stored features of a clip set, as classifiers read them; see `open_features`.

A store reads the shards of a representation as one array without loading them, and refuses what
does not belong together: shards of other settings, of other clips, in the wrong order, or made
with settings that are no longer those of the gin files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jtfs_repro import io
from jtfs_repro.datasets.clips import ClipSet, open_clips
from jtfs_repro.features.clip_tensors import unflatten
from jtfs_repro.gin_files import settings_sha256
from jtfs_repro.models.statistics import Statistics

Path_ = str | os.PathLike[str]
IDENTITY = ("status", "reason", "parts", "shapes", "settings_sha256", "clips_sha256", "n_clips")
AGAIN = "delete the folder of these features and run again"


@dataclass(frozen=True, kw_only=True)
class ClipStore:
    """Features of the clips of a set, or of a subset of them (`training.clips.Clips`).

    Parameters
    ----------
    clips : ClipSet
    arrays : sequence of array
        Shards [shape=(n_i, D)], float32, one after the other: memory maps, or the signals.
    shapes : mapping; name of each part -> its axes
    statistics : mapping, optional; name of each part -> its statistics over the training clips
    settings_sha256 : str; digest of the feature's settings
    not_run : str; "reason; remedy", or empty
    device : str; that made the features
    chosen : array of int, optional; the rows of the set that are read; all if None
    """

    clips: ClipSet
    arrays: Sequence[Any]
    shapes: Mapping[str, tuple[int, ...]]
    statistics: Mapping[str, Statistics] | None = None
    settings_sha256: str = ""
    not_run: str = ""
    device: str = "cpu"
    chosen: np.ndarray | None = None

    def subset(self, name: str) -> ClipStore:
        """Return the store of a subset's clips."""
        return replace(self, chosen=self.clips.rows(name))

    @property
    def rows(self) -> np.ndarray:
        """Rows of the set [shape=(n,)]."""
        return np.arange(len(self.clips)) if self.chosen is None else self.chosen

    @property
    def labels(self) -> np.ndarray:
        """Id of each clip's class [shape=(n,)], int64."""
        return self.clips.labels[self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, indices: Sequence[int]) -> tuple[dict[str, Tensor], Tensor]:
        """Return (name -> Tensor [shape=(B, ...)], labels [shape=(B,)])."""
        chosen = np.asarray(indices)
        tensors = {name: torch.from_numpy(part) for name, part in self.tensors(chosen).items()}
        return tensors, torch.from_numpy(self.labels[chosen])

    def tensors(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Return the named parts {name: [shape=(len(indices), *shapes[name])]}."""
        return unflatten(self.vectors(indices), self.shapes)

    def vectors(self, indices: np.ndarray) -> np.ndarray:
        """Return features [shape=(len(indices), D)] of these clips of the store, any order."""
        rows = self.rows[np.asarray(indices, dtype=np.int64)]
        out = np.empty((len(rows), self.arrays[0].shape[1]), dtype=np.float32)
        ends = np.cumsum([len(array) for array in self.arrays])
        which = np.searchsorted(ends, rows, side="right")
        for shard in np.unique(which):
            is_there = which == shard
            first = ends[shard] - len(self.arrays[shard])
            out[is_there] = self.arrays[shard][rows[is_there] - first]
        return out


def open_features(
    index: Path_,
    report: Path_,
    shards: Sequence[Path_],
    *,
    gin: Sequence[Path_],
    statistics: Path_ | None = None,
    folder: Path_ = "",
) -> ClipStore:
    """Open a clip set, its features, and their statistics if wanted.

    ``index`` and ``report`` are those of the clip set; ``shards`` are ``.npy`` files with their
    ``.json`` beside them (none: the signals below ``folder`` are to be read); ``gin`` are the files
    that the features must have been made with. FileError: something is missing, truncated, or of
    other settings or clips.
    """
    clips = open_clips(index, report, folder=folder)
    digest = settings_sha256(gin)
    store = ClipStore(clips=clips, arrays=[], shapes={}, settings_sha256=digest)
    store = (
        open_shards(store, shards) if shards else replace(store, not_run=str(clips.not_run or ""))
    )
    found = load_statistics(statistics, store) if statistics else None
    return replace(store, statistics=found)


def open_shards(store: ClipStore, shards: Sequence[Path_]) -> ClipStore:
    """Return a store with the shards of its clips, made with its settings."""
    reports = [io.load_json(Path(path).with_suffix(".json")) for path in shards]
    for path, report in zip(shards, reports, strict=True):
        _check_origin(path, report, store)
    first = reports[0]
    for key in IDENTITY:
        if len({str(report.get(key)) for report in reports}) > 1:
            raise io.FileError(f"{shards[0]}: shards differ in {key} ({AGAIN})")
    device = "+".join(sorted({report["device"] for report in reports}))
    if first["status"] != io.RUN:
        return replace(store, not_run=io.why_not_run(first), device=device)
    arrays = [io.load_array(path, mmap=True) for path in shards]
    _check_complete(shards, arrays, reports)
    shapes = {name: tuple(shape) for name, shape in first["shapes"].items()}
    return replace(store, arrays=arrays, shapes=shapes, device=device)


def load_statistics(path: Path_, store: ClipStore) -> dict[str, Statistics]:
    """Read the statistics of a store's features."""
    facts = io.load_json(Path(path).with_suffix(".json"))
    if any(facts[key] != wanted for key, wanted in digests(store).items()):
        raise io.FileError(f"{path}: of other settings or clips (delete it and run again)")
    return statistics_of(io.load_arrays(path))


def statistics_arrays(statistics: Mapping[str, Statistics]) -> dict[str, np.ndarray]:
    """Return the statistics as named arrays for an ``.npz`` file: ``S1.mu``, ``S1.mean``, ..."""
    return {
        f"{name}.{kind}": getattr(part, kind)
        for name, part in statistics.items()
        for kind in ("mu", "mean", "std")
    }


def statistics_of(stored: Mapping[str, np.ndarray]) -> dict[str, Statistics]:
    """Return the inverse of `statistics_arrays`."""
    parts: dict[str, dict[str, np.ndarray]] = {}
    for key, values in stored.items():
        name, _, kind = key.rpartition(".")
        parts.setdefault(name, {})[kind] = values
    return {name: Statistics(**kinds) for name, kinds in parts.items()}


def digests(store: ClipStore) -> dict[str, str]:
    """Return what is recorded beside what is made from a store."""
    return {"settings_sha256": store.settings_sha256, "clips_sha256": store.clips.sha256}


def _check_origin(path: Path_, report: Mapping[str, Any], store: ClipStore) -> None:
    others = ("settings than the gin files give", "clips than the index lists")
    for (key, wanted), what in zip(digests(store).items(), others, strict=True):
        if report.get(key) != wanted:
            raise io.FileError(f"{path}: made with other {what} ({AGAIN})")


def _check_complete(
    shards: Sequence[Path_], arrays: Sequence[np.ndarray], reports: Sequence[Mapping[str, Any]]
) -> None:
    """Check that the shards follow one another and hold every clip."""
    done = 0
    for path, array, report in zip(shards, arrays, reports, strict=True):
        if array.ndim != 2 or len(array) != report["n_signals"] or report["first"] != done:
            raise io.FileError(f"{path}: not the shard that its .json describes ({AGAIN})")
        done += len(array)
    if done != reports[0]["n_clips"]:
        raise io.FileError(f"{shards[0]}: {done} of {reports[0]['n_clips']} clips ({AGAIN})")
