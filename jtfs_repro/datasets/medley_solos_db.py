"""Medley-solos-DB: facts, and the layout that every clip set of this project shares.

A clip set is a folder with one metadata table ``annotation/<name>_metadata.csv`` and the clips
``audio/Medley-solos-DB_{subset}-{instrument_id}_{uuid4}.wav``: mono, 44.1 kHz, float32, 131072
samples. Clips of one song are not independent; songs do not cross subsets. Reference: Lostanlen and
Cella, "Deep convolutional networks on the pitch spiral for musical instrument recognition", ISMIR
2016. Lostanlen, Cella, Bittner and Essid, "Medley-solos-DB: a cross-collection dataset for musical
instrument recognition", Zenodo, 2019 (version 1.2), https://doi.org/10.5281/zenodo.3464194.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from jtfs_repro import checks, io

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
SUBSETS = ("training", "validation", "test")
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


@dataclass(frozen=True, kw_only=True)
class Clip:
    """One clip, as a line of the metadata.

    ValueError, TypeError: one of them is unknown or malformed, or name and id of the instrument
    disagree.

    Parameters
    ----------
    subset : {'training', 'validation', 'test'}
    instrument : str; one of `CLASSES`
    instrument_id : int; its position in `CLASSES`
    song_id : str; the recording that the clip was cut from
    uuid4 : str; identifier: hexadecimal digits in lower case, 8-4-4-4-12

    Examples
    --------
    >>> uuid = "0e4371ac-1c6a-51ab-fdb7-f8abd5fbf1a3"
    >>> clip = Clip(subset="test", instrument="flute", instrument_id=3, song_id="7", uuid4=uuid)
    >>> clip.file_name
    'Medley-solos-DB_test-3_0e4371ac-1c6a-51ab-fdb7-f8abd5fbf1a3.wav'
    """

    subset: str
    instrument: str
    instrument_id: int
    song_id: str
    uuid4: str

    def __post_init__(self) -> None:
        checks.choice("subset", self.subset, SUBSETS)
        checks.choice("instrument", self.instrument, CLASSES)
        checks.integer("instrument_id", self.instrument_id, low=0, high=len(CLASSES) - 1)
        expected = CLASSES.index(self.instrument)
        if self.instrument_id != expected:
            mistake = "numbered in another order?"
            rule = f"be {expected} for instrument={self.instrument!r}"
            checks.fail("instrument_id", self.instrument_id, rule, mistake)
        if not self.song_id:
            checks.fail("song_id", self.song_id, "not be empty")
        if not re.fullmatch(_UUID, self.uuid4):
            checks.fail("uuid4", self.uuid4, "be hexadecimal 8-4-4-4-12 in lower case")

    @property
    def file_name(self) -> str:
        """Name of the clip's file in ``audio/``."""
        return f"Medley-solos-DB_{self.subset}-{self.instrument_id}_{self.uuid4}.wav"


def is_clip_name(name: str) -> bool:
    """Return whether ``name`` is that of a clip's file."""
    return re.fullmatch(_FILE_NAME, name) is not None


def find_metadata(folder: str | Path) -> Path:
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


def metadata_files(folder: str | Path) -> list[Path]:
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


def load_metadata(path: str | Path) -> list[Clip]:
    """Read a metadata table, with the columns of version 1.2 or the older ones.

    FileError: the file is missing or empty, has unknown or missing columns, or a line breaks a rule
    of `Clip` or repeats a uuid.
    """
    clips: list[Clip] = []
    lines: dict[str, int] = {}
    for number, row in enumerate(_rows(path), start=2):
        try:
            clip = clip_of(row)
        except (ValueError, TypeError) as error:
            raise _bad_line(path, number, str(error)) from None
        first = lines.setdefault(clip.uuid4, number)
        if first != number:
            raise _bad_line(path, number, f"uuid4={clip.uuid4!r} must be unique (see line {first})")
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


def clip_of(row: Mapping[str, str]) -> Clip:
    """Return the clip of a line of text cells; ``ValueError`` names the cell that is wrong."""
    cells = {name: row[name] for name in COLUMNS if name != "instrument_id"}
    return Clip(instrument_id=integer_cell("instrument_id", row["instrument_id"]), **cells)


def integer_cell(name: str, text: str) -> int:
    """Return the integer that a cell holds, at least 0."""
    if not (text.isascii() and text.isdigit()):
        checks.fail(name, text, "be an integer >= 0")
    return int(text)


def save_metadata(path: str | Path, clips: Sequence[Clip]) -> None:
    """Write a metadata table with the columns of version 1.2."""
    io.save_csv(path, [asdict(clip) for clip in clips])
