"""Which sounds: files, folders with their sub-folders, CSV tables of paths."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..io import FileError

# of what soundfile or FFmpeg decodes; other files of a folder are named as not taken
_NAMES = (
    "wav wave w64 rf64 flac ogg oga opus mp3 mp2 aif aiff aifc au snd caf m4a mp4 m4b aac ac3 wma",
    "webm mkv mka mov avi amr ape wv tta voc sd2 ircam paf",
)
SUFFIXES = frozenset(f".{name}" for line in _NAMES for name in line.split())
LEFT_BY_SYSTEMS = frozenset({"thumbs.db", "desktop.ini", "icon\r", "__macosx"})


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Sounds in order of their names, and the files that are none."""

    sounds: tuple[Path, ...]
    not_taken: tuple[Path, ...] = ()


def listed(sources: Sequence[str | os.PathLike[str]]) -> Listing:
    """Return the sounds of `sources`: sound files, folders, CSV files with paths in a column.

    Hidden files and what operating systems leave are passed over. A CSV file has one path a line,
    or a column 'path', 'file' or 'filename'; relative paths start at its folder.
    FileError: a source does not exist, or there is no sound in all of them.
    """
    sounds: list[Path] = []
    others: list[Path] = []
    for source in map(Path, sources):
        if source.is_dir():
            for file in _walk(source, others):
                (sounds if file.suffix.lower() in SUFFIXES else others).append(file)
        elif not source.exists():
            raise FileError(f"{shown(source)}: no such file or folder (check the path)")
        elif source.suffix.lower() in (".csv", ".tsv", ".txt"):
            sounds += _of_table(source)
        else:
            sounds.append(source)
    if not sounds:
        named = ", ".join(shown(Path(source)) for source in sources)
        raise FileError(f"{named}: no sounds ({len(others)} other files; is it the right folder?)")
    return Listing(sounds=tuple(dict.fromkeys(sounds)), not_taken=tuple(others))


def _walk(folder: Path, others: list[Path]) -> list[Path]:
    """Return the files of a folder; folders that cannot be read, or were seen, go to `others`."""
    found, seen = [], set()
    unread = lambda error: others.append(Path(error.filename))  # noqa: E731
    for here, folders, files in os.walk(folder, followlinks=True, onerror=unread):
        identity = os.stat(here).st_dev, os.stat(here).st_ino
        if identity in seen:  # links that lead back
            folders.clear()
            continue
        seen.add(identity)
        folders[:] = sorted(name for name in folders if not _is_left(name))
        found += [Path(here, name) for name in sorted(files) if not _is_left(name)]
    return found


def _is_left(name: str) -> bool:
    return name.startswith((".", "~")) or name.lower() in LEFT_BY_SYSTEMS


def _of_table(path: Path) -> list[Path]:
    """Return the paths in a table: of its column 'path', 'file' or 'filename', or of its lines."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FileError(f"{shown(path)}: cannot be read: {error.strerror}") from None
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = raw.decode(encoding, "surrogateescape" if encoding == "utf-8-sig" else "replace")
    lines = [line for line in re.split("\r\n|\n|\r", text) if line.strip()]
    separator = next((s for s in (";", "\t", ",") if lines and s in lines[0]), ",")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    rows = [row for row in rows if any(map(str.strip, row))]
    heads = [cell.strip().lower() for cell in rows[0]] if rows else []
    column = next((heads.index(n) for n in ("path", "file", "filename") if n in heads), None)
    if column is None:  # a name may hold separators
        return [_named(path, line, row) for line, row in zip(lines, rows, strict=False)]
    chosen = [row[column].strip() if column < len(row) else "" for row in rows[1:]]
    if "" in chosen:
        raise FileError(f"{shown(path)}: row {chosen.index('') + 2} has no {heads[column]}")
    return [path.parent / name for name in chosen]


def _named(table: Path, line: str, row: list[str]) -> Path:
    whole = table.parent / line.strip()
    return whole if whole.exists() else table.parent / row[0].strip()


def shown(path: Path) -> str:
    r"""Return a path as text that can be printed and stored whatever bytes its name has.

    Bytes that are not UTF-8 become ``\xff``, a backslash is doubled: `restored` undoes it.

    >>> shown(Path(os.fsdecode(b"a\xff.wav"))), shown(Path("Möwe שחף.wav"))
    ('a\\xff.wav', 'Möwe שחף.wav')
    """
    return os.fsencode(path).replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def restored(text: str) -> Path:
    r"""Return the path that `shown` gave as `text`.

    >>> restored("a\\xff.wav") == Path(os.fsdecode(b"a\xff.wav"))
    True
    """
    parts = re.split(r"(\\\\|\\x[0-9a-f]{2})", text)
    names = [
        b"\\" if part == r"\\" else bytes([int(part[2:], 16)]) if i % 2 else os.fsencode(part)
        for i, part in enumerate(parts)
    ]
    return Path(os.fsdecode(b"".join(names)))
