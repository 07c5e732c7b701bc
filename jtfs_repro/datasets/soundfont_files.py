"""Header of a soundfont (.sf2): its own name and its General MIDI programs.

A .sf2 file is a RIFF container: ``RIFF size sfbk``, then three ``LIST`` chunks (``INFO``, ``sdta``,
``pdta``), each holding chunks of ``id (4 bytes), size (uint32), data``, padded to even length. Only
headers are read; the samples are skipped. Reference: "SoundFont Technical Specification 2.04", E-mu
Systems 2006, sections 4, 5 and 7.2.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from jtfs_repro.io import FileError

PRESET_BYTES = 38  # one preset header: name[20], program, bank, 14 bytes of indices
PRESET_FORMAT = "<20sHH14x"
REMEDY = "is it a whole .sf2 file? get it again"


@dataclass(frozen=True, kw_only=True)
class SoundfontHeader:
    """The name that a soundfont gives itself (chunk ``INAM``), and the programs of its bank 0."""

    name: str
    programs: frozenset[int]


def read_header(path: str | os.PathLike[str]) -> SoundfontHeader:
    """Read the header of a soundfont.

    FileError: the file is missing, truncated, or not a soundfont of version 2 (a .sf3 is not
    either: its samples are compressed).
    """
    try:
        with Path(path).open("rb") as file:
            return _read(file, Path(path).stat().st_size)
    except FileNotFoundError:
        raise FileError(f"{path}: no such soundfont (check the path)") from None
    except (OSError, ValueError, struct.error) as error:
        raise FileError(f"{path}: not a soundfont: {error} ({REMEDY})") from None


def _read(file: BinaryIO, n_bytes: int) -> SoundfontHeader:
    magic, size, kind = struct.unpack("<4sI4s", file.read(12))
    if magic != b"RIFF" or kind != b"sfbk":
        raise ValueError("it does not begin with RIFF ... sfbk")
    if n_bytes < size + 8:
        raise ValueError(f"{n_bytes} bytes of {size + 8}")
    header: dict[bytes, bytes] = {}
    for name, data_bytes in _chunks(file, 12, size + 8):
        if name == b"LIST" and (kind := file.read(4)) in (b"INFO", b"pdta"):
            begin = file.tell()
            header |= _contents(file, begin, begin + data_bytes - 4)
    version = struct.unpack("<H", header.get(b"ifil", b"\0\0")[:2])[0]
    if version != 2 or b"phdr" not in header:
        raise ValueError(f"version {version} instead of 2, or no presets")
    own_name = header.get(b"INAM", b"").split(b"\0")[0].decode("latin-1").strip()
    return SoundfontHeader(name=own_name, programs=_programs(header[b"phdr"]))


def _chunks(file: BinaryIO, begin: int, end: int) -> Iterator[tuple[bytes, int]]:
    """Yield id and size of each chunk, with the file at the chunk's data."""
    while begin + 8 <= end:
        file.seek(begin)
        name, size = struct.unpack("<4sI", file.read(8))
        if begin + 8 + size > end:
            raise ValueError(f"chunk {name!r} is longer than what holds it")
        yield name, size
        begin += 8 + size + size % 2


def _contents(file: BinaryIO, begin: int, end: int) -> dict[bytes, bytes]:
    wanted = (b"ifil", b"INAM", b"phdr")
    return {name: file.read(size) for name, size in _chunks(file, begin, end) if name in wanted}


def _programs(presets: bytes) -> frozenset[int]:
    """Return the programs of bank 0; the last preset header only marks the end."""
    whole = presets[: len(presets) // PRESET_BYTES * PRESET_BYTES]
    rows = list(struct.iter_unpack(PRESET_FORMAT, whole))[:-1]
    return frozenset(program for _, program, bank in rows if bank == 0)
