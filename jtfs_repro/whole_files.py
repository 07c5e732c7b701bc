"""Is a sound file whole? What its container announces, against the bytes that there are.

Decoders take what there is for all there should be: a copy that broke off plays to where it broke.
Formats that announce no length cannot be checked so: MP3 and MP2 without a Xing header, AC-3, ADTS,
VOC, Matroska as it is streamed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

UNKNOWN = 0xFFFFFF00  # sizes from here on, and 0, are written by programs that do not know them
EBML, SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
OGG_PAGE = 27 + 255 + 255 * 255  # bytes: none is longer
OGG_LAST = 4  # flag of the last page of a stream


def cut_short(path: Path) -> str | None:
    """Return how much of a sound file is missing in words, None if nothing is known to be.

    WAV files of one RIFF chunk: see `audio.announced_frames`, which counts samples.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(16)
        find = next((f for magic, f in _CONTAINERS.items() if head.startswith(magic)), None)
        if find is None:
            find = _mp4 if head[4:8] == b"ftyp" else _mpeg
        file.seek(0)
        announced = find(file, size)
    if announced is None or announced <= size:
        return None
    return "its last page is missing" if find is _ogg else f"{size} of {announced} bytes"


def _riff(file: BinaryIO, size: int) -> int | None:
    head = file.read(12)
    announced = int.from_bytes(head[4:8], "little")
    return announced + 8 - announced % 2 if head[8:] == b"AVI " and announced < UNKNOWN else None


def _rf64(file: BinaryIO, size: int) -> int | None:
    file.seek(12)
    if file.read(4) != b"ds64":
        return None
    file.seek(28)
    samples = int.from_bytes(file.read(8), "little")
    file.seek(12)
    while len(chunk := file.read(8)) == 8:
        length = int.from_bytes(chunk[4:], "little")
        if chunk[:4] == b"data":
            return file.tell() + samples if samples < 2**63 else None
        file.seek(length + length % 2, os.SEEK_CUR)
    return None


def _w64(file: BinaryIO, size: int) -> int | None:
    file.seek(16)
    announced = int.from_bytes(file.read(8), "little")
    return announced if announced < 2**63 else None


def _aiff(file: BinaryIO, size: int) -> int | None:
    file.seek(4)
    announced = int.from_bytes(file.read(4), "big")
    return announced + 8 - announced % 2 if 0 < announced < UNKNOWN else None


def _au(file: BinaryIO, size: int) -> int | None:
    file.seek(4)
    start, length = (int.from_bytes(file.read(4), "big") for _ in range(2))
    return start + length if 0 < length < UNKNOWN else None


def _caf(file: BinaryIO, size: int) -> int | None:
    file.seek(8)
    while len(chunk := file.read(12)) == 12:
        length = int.from_bytes(chunk[4:], "big", signed=True)
        if length < 0:
            return None  # to the end
        if chunk[:4] == b"data":
            return file.tell() + length
        file.seek(length, os.SEEK_CUR)
    return None


def _ogg(file: BinaryIO, size: int) -> int | None:
    """Return more than there is if the last page is not marked as the last of its stream."""
    file.seek(max(0, size - 2 * OGG_PAGE))
    tail = file.read()
    at = tail.rfind(b"OggS")
    while at >= 0:
        n_segments = tail[at + 26] if at + 26 < len(tail) else 255
        end = at + 27 + n_segments + sum(tail[at + 27 : at + 27 + n_segments])
        if at + 27 + n_segments <= len(tail) and end <= len(tail) and tail[at + 4] == 0:
            return None if tail[at + 5] & OGG_LAST else size + 1
        at = tail.rfind(b"OggS", 0, at)
    return size + 1


def _mp4(file: BinaryIO, size: int) -> int | None:
    end = 0
    while end < size:
        file.seek(end)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:], "big")
        if length < 8:
            return None  # to the end, or no box
        end += length
    return end


def _matroska(file: BinaryIO, size: int) -> int | None:
    file.seek(4)
    head = _ebml_size(file)
    if head is None:
        return None
    file.seek(head, os.SEEK_CUR)
    if file.read(4) != SEGMENT:
        return None
    length = _ebml_size(file)
    return None if length is None else file.tell() + length


def _ebml_size(file: BinaryIO) -> int | None:
    """Return the size that stands here, None if all its bits say that it is not known."""
    first = file.read(1)[0]
    n_bytes = 9 - first.bit_length()
    if n_bytes > 8:
        return None
    bits = (first & ((1 << (8 - n_bytes)) - 1)) << (8 * (n_bytes - 1))
    value = bits | int.from_bytes(file.read(n_bytes - 1), "big")
    return None if value == (1 << (7 * n_bytes)) - 1 else value


def _mpeg(file: BinaryIO, size: int) -> int | None:
    """Return what the Xing header of an MP3 file announces."""
    head = file.read(10)
    start = 0
    if head[:3] == b"ID3":
        start = 10 + sum(
            (byte & 127) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True)
        )
    file.seek(start)
    frame = file.read(256)
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    if frame[:1] != b"\xff" or at < 0 or not frame[at + 7] & 2:
        return None
    at += 8 + 4 * (frame[at + 7] & 1)
    return start + int.from_bytes(frame[at : at + 4], "big")


_CONTAINERS: dict[bytes, Callable[[BinaryIO, int], int | None]] = {
    b"RIFF": _riff,
    b"RF64": _rf64,
    b"riff\x2e\x91\xcf\x11": _w64,
    b"FORM": _aiff,
    b".snd": _au,
    b"caff": _caf,
    b"OggS": _ogg,
    EBML: _matroska,
}
