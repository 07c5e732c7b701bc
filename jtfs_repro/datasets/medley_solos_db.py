"""Medley-solos-DB: facts, and the layout that every clip set of this project shares.

A clip set is a folder with one metadata table ``annotation/<name>_metadata.csv`` and the clips
``audio/Medley-solos-DB_{subset}-{instrument_id}_{uuid4}.wav``: mono, 44.1 kHz, float32, 131072
samples. Clips of one song are not independent; songs do not cross subsets. Reference: Lostanlen and
Cella, "Deep convolutional networks on the pitch spiral for musical instrument recognition", ISMIR
2016. Lostanlen, Cella, Bittner and Essid, "Medley-solos-DB: a cross-collection dataset for musical
instrument recognition", Zenodo, 2019 (version 1.2), https://doi.org/10.5281/zenodo.3464194.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jtfs_repro import checks, io
from jtfs_repro.datasets.clips import SUBSETS, Clip, ClipSet, integer_cell

CLASSES = (  # in order of instrument id
    "clarinet",
    "distorted electric guitar",
    "female singer",
    "flute",
    "piano",
    "tenor saxophone",
    "trumpet",
    "violin",
)
AUDIO_FOLDER = "audio"
SR_HZ = 44100
N_SAMPLES = 131072
BYTES_PER_FILE = 524_332  # of the published files: 44 of header, 4 per sample

ZENODO_RECORD = 3464194  # CC BY 4.0
METADATA_NAME = "Medley-solos-DB_metadata.csv"
ARCHIVE_NAME = "Medley-solos-DB.tar.gz"
URL = "https://zenodo.org/record/3464194/files/{name}?download=1"
CHECKSUMS = {
    METADATA_NAME: "md5:fda6a589c56785f2195c9227809c521a",
    ARCHIVE_NAME: "md5:f5facf398793ef5c1f80c013afdf3e5f",
}
SUPPORTS = {  # clips by instrument id
    "training": (251, 404, 318, 155, 2401, 123, 149, 2040),
    "validation": (328, 495, 284, 233, 1022, 29, 72, 1031),
    "test": (732, 955, 1142, 3167, 2609, 325, 406, 2900),
}

COLUMNS = ("subset", "instrument", "instrument_id", "song_id", "uuid4")
OLD_COLUMNS = {"track_id": "song_id"}  # before version 1.2
METADATA_SUFFIX = "_metadata.csv"
# the published identifiers have five groups of hexadecimal digits, but not RFC 4122's variant
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_FILE_NAME = rf"Medley-solos-DB_(?:{'|'.join(SUBSETS)})-[0-{len(CLASSES) - 1}]_{_UUID}\.wav"


def clip_of(*, subset: str, instrument: str, instrument_id: int, song_id: str, uuid4: str) -> Clip:
    """Return a clip by a line of the metadata.

    ``uuid4`` is hexadecimal digits in lower case, 8-4-4-4-12; ``song_id`` the recording that the
    clip was cut from. ValueError, TypeError: a cell is unknown or malformed, or name and id of the
    instrument disagree.

    Examples
    --------
    >>> uuid = "0e4371ac-1c6a-51ab-fdb7-f8abd5fbf1a3"
    >>> cells = {"subset": "test", "instrument": "flute", "song_id": "7", "uuid4": uuid}
    >>> clip_of(instrument_id=3, **cells).file
    'Medley-solos-DB_test-3_0e4371ac-1c6a-51ab-fdb7-f8abd5fbf1a3.wav'
    """
    checks.choice("instrument", instrument, CLASSES)
    checks.integer("instrument_id", instrument_id, low=0, high=len(CLASSES) - 1)
    if instrument_id != CLASSES.index(instrument):
        rule = f"be {CLASSES.index(instrument)} for instrument={instrument!r}"
        checks.fail("instrument_id", instrument_id, rule, "numbered in another order?")
    if not song_id:
        checks.fail("song_id", song_id, "not be empty")
    if not re.fullmatch(_UUID, uuid4):
        checks.fail("uuid4", uuid4, "be hexadecimal 8-4-4-4-12 in lower case")
    return Clip(
        file=f"Medley-solos-DB_{subset}-{instrument_id}_{uuid4}.wav",
        subset=subset,
        label=instrument,
        class_id=instrument_id,
        group=song_id,
        name=uuid4,
    )


def is_clip_name(name: str) -> bool:
    """Return whether ``name`` is that of a clip's file."""
    return re.fullmatch(_FILE_NAME, name) is not None


def find_metadata(folder: str | os.PathLike[str]) -> Path:
    """Return the one metadata table of a clip set.

    FileError: there is none, or more than one.
    """
    annotation = Path(folder, "annotation")
    found = metadata_files(folder)
    if not found:
        rule = f"no *{METADATA_SUFFIX} (is it the folder of a clip set?)"
        raise io.FileError(f"{annotation}: {rule}")
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise io.FileError(f"{annotation}: several metadata tables: {names} (keep one)")
    return found[0]


def metadata_files(folder: str | os.PathLike[str]) -> list[Path]:
    """Return all metadata tables of a clip set."""
    found = sorted(Path(folder, "annotation").glob(f"*{METADATA_SUFFIX}"))
    return [path for path in found if not path.name.startswith(".")]  # macOS leaves ._NAME


def clip_set_name(metadata: str | Path) -> str:
    """Return the name of a clip set.

    Examples
    --------
    >>> clip_set_name("annotation/Medley-solos-DB_metadata.csv")
    'medley_solos_db'
    """
    name = Path(metadata).name.removesuffix(METADATA_SUFFIX)
    return name.lower().replace("-", "_")


def list_clips(folder: str | os.PathLike[str]) -> ClipSet:
    """Return the clips of a set in this layout, not yet read; `FileError` as `load_metadata`."""
    metadata = find_metadata(folder)
    return ClipSet(
        name=clip_set_name(metadata),
        classes=CLASSES,
        clips=load_metadata(metadata),
        folder=Path(folder, AUDIO_FOLDER),
    )


def form_problem(file: Any) -> str:
    """Return in what an open sound file is no clip of such a set, empty if in nothing."""
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


def load_metadata(path: str | Path) -> list[Clip]:
    """Read a metadata table, with the columns of version 1.2 or the older ones.

    FileError: the file is missing or empty, has unknown or missing columns, or a line breaks a rule
    of `clip_of` or repeats a uuid.
    """
    clips: list[Clip] = []
    lines: dict[str, int] = {}
    for line, row in enumerate(_rows(path), start=2):
        try:
            number = integer_cell("instrument_id", row["instrument_id"])
            clip = clip_of(**{**row, "instrument_id": number})  # pyright: ignore[reportArgumentType]
        except (ValueError, TypeError) as error:
            raise _bad_line(path, line, str(error)) from None
        first = lines.setdefault(clip.name, line)
        if first != line:
            raise _bad_line(path, line, f"uuid4={clip.name!r} must be unique (see line {first})")
        clips.append(clip)
    return clips


def _rows(path: str | Path) -> list[dict[str, str]]:
    rows = [{OLD_COLUMNS.get(k, k): v for k, v in row.items()} for row in io.load_csv(path)]
    if not rows:
        raise io.FileError(f"{path}: line 2: no clip (is the file complete?)")
    missing = [name for name in COLUMNS if name not in rows[0]]
    unknown = [name for name in rows[0] if name not in COLUMNS]
    if missing or unknown:
        found = [f"missing {missing}"] * bool(missing) + [f"unknown {unknown}"] * bool(unknown)
        raise _bad_line(path, 1, f"columns must be {', '.join(COLUMNS)}: {'; '.join(found)}")
    return rows


def _bad_line(path: str | Path, number: int, what: str) -> io.FileError:
    return io.FileError(f"{path}: line {number}: {what} (mend the line, or fetch the file again)")


def save_metadata(path: str | Path, clips: Sequence[Clip]) -> None:
    """Write a metadata table with the columns of version 1.2."""
    cells = [(c.subset, c.label, c.class_id, c.group, c.name) for c in clips]
    io.save_csv(path, [dict(zip(COLUMNS, row, strict=True)) for row in cells])
