"""A clip set as the stages of Section 4 read it: which clips, in which order."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jtfs_repro import io
from jtfs_repro.datasets.clip_check import AUDIO_FOLDER, IndexedClip
from jtfs_repro.datasets.clip_index import load_index
from jtfs_repro.provenance import sha256


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
