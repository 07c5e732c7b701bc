"""Labelled clips: a row of an index, the index of a set as a file, all its signals as an array."""

from __future__ import annotations

import csv
import functools
import hashlib
import io as streams
import os
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from jtfs_repro import checks, io

SUBSETS = ("training", "validation", "test")
# index of Medley-solos-DB and of sets laid out like it, index of other sets
MEDLEY_COLUMNS = (
    *("file", "subset", "instrument", "instrument_id", "song_id", "uuid4", "bytes", "sha256"),
)
COLUMNS = ("file", "subset", "class", "class_id", "group", "name", "bytes", "sha256")
# reading -> (sample rate in Hz, samples)
READINGS = {
    "resample_22050": (22050, 1 << 16),
    "crop_44100": (44100, 1 << 16),
    "full_44100": (44100, 1 << 17),
}
SCALINGS = ("none", "std", "peak")
PARTS = ("start", "centre")
EPSILON = 1e-10  # the original code's x / (std + 1e-10)
# ASSUME: the original read clips through mirdata, whose librosa then resampled by "kaiser_best";
# this is the default of today's librosa.
RESAMPLER = "soxr_hq"


@dataclass(frozen=True, kw_only=True)
class Clip:
    """One clip, a row of the index of its set; ValueError or TypeError if a field is wrong.

    Clips of one ``group`` (a song, a recording) are not independent. ``bytes`` and ``sha256`` are
    those of the file once it was checked.
    """

    file: str  # below the folder of the set's sounds
    subset: str  # 'training', 'validation' or 'test'
    label: str  # name of the class
    class_id: int  # place of the class among those of the set
    group: str
    name: str  # unlike that of any other clip
    bytes: int = 0
    sha256: str = ""

    def __post_init__(self) -> None:
        checks.choice("subset", self.subset, SUBSETS)
        checks.integer("class_id", self.class_id, low=0)
        if self.sha256 and not re.fullmatch("[0-9a-f]{64}", self.sha256):
            checks.fail("sha256", self.sha256, "be 64 hexadecimal digits")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a clip becomes a signal: one channel, a rate, a length, a level.

    Channels are averaged, the rate is converted by soxr where it differs, longer clips are cut and
    shorter ones filled with zeros. ValueError: a setting is unknown.

    Parameters
    ----------
    reading : {'resample_22050', 'crop_44100', 'full_44100'}; 65536 samples at 22 050 Hz (of the
        clips of Medley-solos-DB the whole, as in the original code), 65536 or 131072 at 44.1 kHz
    scaling : {'none', 'std', 'peak'}; as stored; divided by (standard deviation + 1e-10); or by the
        largest magnitude, of the signal as read
    part : {'start', 'centre'}; which part of a longer clip is kept; a shorter one is put there
    """

    reading: str = "resample_22050"
    scaling: str = "none"
    part: str = "start"

    def __post_init__(self) -> None:
        checks.choice("reading", self.reading, READINGS)
        checks.choice("scaling", self.scaling, SCALINGS)
        checks.choice("part", self.part, PARTS)

    @property
    def sr_hz(self) -> int:
        """Sample rate of the signals in Hz."""
        return READINGS[self.reading][0]

    @property
    def n_samples(self) -> int:
        """Length of the signals."""
        return READINGS[self.reading][1]

    def signal(self, samples: np.ndarray, sr: int, path: str | os.PathLike[str]) -> np.ndarray:
        """Return the signal [shape=(n_samples,)], float32, of samples [shape=(N, channels)].

        FileError that names ``path``: the clip is silent and the scaling 'peak'.
        """
        x = samples.mean(axis=1, dtype=np.float64).astype(np.float32)
        if sr != self.sr_hz:
            import librosa  # heavy: only where it is needed

            x = librosa.resample(x, orig_sr=sr, target_sr=self.sr_hz, res_type=RESAMPLER)
        # ASSUME: which half "2^16 samples at 44.1 kHz" means is not stated: the first.
        return self._scaled(self._fitted(x), path)

    def _fitted(self, x: np.ndarray) -> np.ndarray:
        excess = len(x) - self.n_samples
        first = abs(excess) // 2 if self.part == "centre" else 0
        if excess >= 0:
            return x[first : first + self.n_samples]
        return np.pad(x, (first, -excess - first))

    def _scaled(self, x: np.ndarray, path: str | os.PathLike[str]) -> np.ndarray:
        if self.scaling == "none":
            return x
        if self.scaling == "std":
            return x / (x.std(dtype=np.float64) + EPSILON)
        if not x.any():
            step = "use scaling 'std' or leave it out"
            raise io.FileError(f"{path}: silent, no peak to divide by ({step})")
        return x / np.abs(x).max()


@dataclass(frozen=True, kw_only=True)
class ClipSet:
    """The clips of a set in the order of its index, and their signals as an array.

    ``clips[rows]`` reads the files of these rows: float32 [shape=(len(rows), N)]. FileError: a file
    is missing or not what the index records.

    Parameters
    ----------
    name : str; of the set
    classes : tuple of str; a clip's label by its id
    clips : sequence of Clip
    sha256 : str; digest of the index, which holds that of each clip
    folder : path; of the sounds
    not_run : io.Unavailable, optional; why there is no clip
    """

    name: str
    classes: tuple[str, ...]
    clips: Sequence[Clip]
    sha256: str = ""
    folder: str | os.PathLike[str] = ""
    reading: Reading = field(default_factory=Reading)
    not_run: io.Unavailable | None = None

    def __len__(self) -> int:
        return len(self.clips)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of clips and of samples."""
        return len(self), self.reading.n_samples

    def __getitem__(self, rows: Any) -> np.ndarray:
        """Return the signals of a slice, of an array of integers or of a mask."""
        chosen = np.arange(len(self))[rows]
        if chosen.ndim != 1:
            checks.fail("rows", rows, "choose several clips", "one clip: clips[[row]]")
        out = np.empty((len(chosen), self.reading.n_samples), dtype=np.float32)
        for i, row in enumerate(chosen):
            out[i] = self._signal(self.clips[row])
        return out

    def _signal(self, clip: Clip) -> np.ndarray:
        path = Path(self.folder, clip.file)
        if not path.is_file():
            raise io.missing(path)
        data = path.read_bytes() if path.stat().st_size == clip.bytes else b""
        if hashlib.sha256(data).hexdigest() != clip.sha256:
            step = "corrupted or swapped since; mend it, and delete the index"
            raise io.FileError(f"{path}: its content is not what the index records ({step})")
        with opened(data) as file:
            samples = file.read(dtype="float32", always_2d=True)
            return self.reading.signal(samples, file.samplerate, path)

    def rows(self, subset: str) -> np.ndarray:
        """Return the rows of a subset's clips [shape=(n,)], int64."""
        return np.flatnonzero([clip.subset == subset for clip in self.clips])

    @functools.cached_property
    def labels(self) -> np.ndarray:
        """Id of each clip's class [shape=(n,)], int64."""
        return np.array([clip.class_id for clip in self.clips], dtype=np.int64)

    @property
    def groups(self) -> np.ndarray:
        """Group of each clip [shape=(n,)], str."""
        return np.array([clip.group for clip in self.clips], dtype=str)

    @property
    def names(self) -> np.ndarray:
        """Name of each clip [shape=(n,)], str."""
        return np.array([clip.name for clip in self.clips], dtype=str)


def opened(data: bytes) -> Any:
    """Return a sound file's bytes as a `soundfile.SoundFile`."""
    import soundfile

    return soundfile.SoundFile(_Bytes(data))


class _Bytes(streams.BytesIO):
    """Bytes in which libsndfile may seek; what an exception says there would go to stderr."""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move, or stay where the place does not exist; return where that is."""
        try:
            return super().seek(offset, whence)
        except (ValueError, OverflowError):
            return self.tell()


def index_text(clips: Sequence[Clip], columns: Sequence[str]) -> str:
    """Return an index as CSV; of no clips, the header alone."""
    text = streams.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(astuple(clip) for clip in clips)
    return text.getvalue()


def load_index(path: str | os.PathLike[str]) -> list[Clip]:
    """Read an index; FileError: it is missing, not an index, or a line is wrong."""
    header = next(csv.reader(streams.StringIO(io.load_text(path))), [])
    if tuple(header) not in (MEDLEY_COLUMNS, COLUMNS):
        rule = f"columns {header}, expected {list(COLUMNS)}"
        raise io.FileError(f"{path}: line 1: {rule} (delete it and run again)")
    clips = []
    for line, row in enumerate(io.load_csv(path), start=2):
        file, subset, label, class_id, group, name, size, sha256 = row.values()
        names = {"file": file, "subset": subset, "label": label, "group": group, "name": name}
        try:
            numbers = {
                "class_id": integer_cell(header[3], class_id),
                "bytes": integer_cell("bytes", size),
            }
            clips.append(Clip(**names, **numbers, sha256=sha256))  # pyright: ignore[reportArgumentType]
        except (ValueError, TypeError) as error:
            raise io.FileError(f"{path}: line {line}: {error} (delete it and run again)") from None
    return clips


def integer_cell(name: str, text: str) -> int:
    """Return the integer that a cell holds, at least 0."""
    if not (text.isascii() and text.isdigit()):
        checks.fail(name, text, "be an integer >= 0")
    return int(text)


def classes_of(report: dict[str, Any]) -> tuple[str, ...]:
    """Return the classes of a set, by id, from the report on its index."""
    return tuple(report["supports"]["training"])


def open_clips(
    index: str | os.PathLike[str],
    report: str | os.PathLike[str],
    *,
    folder: str | os.PathLike[str] = "",
    reading: Reading | None = None,
) -> ClipSet:
    """Open a clip set by its index and the report on it, which `clip_index` makes.

    FileError: one of them is missing, or not what it should be.
    """
    known = io.load_json(report)
    digest = hashlib.sha256(Path(index).read_bytes()).hexdigest()
    is_run = known["status"] == io.RUN
    clips = load_index(index) if is_run else []
    if is_run and known["index_sha256"] != digest:
        raise io.FileError(f"{index}: not the index of {report} (delete it and run again)")
    return ClipSet(
        name=known["clip_set"],
        classes=classes_of(known),
        clips=clips,
        sha256=digest,
        folder=folder,
        reading=reading or Reading(),
        not_run=None if is_run else io.Unavailable(known["reason"], known["remedy"]),
    )
