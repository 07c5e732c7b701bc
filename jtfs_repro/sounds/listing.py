"""Which sounds: files, folders with their sub-folders, CSV tables of paths."""

from __future__ import annotations

import csv
import os
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
            for file in _walk(source):
                (sounds if file.suffix.lower() in SUFFIXES else others).append(file)
        elif not source.exists():
            raise FileError(f"{_text(source)}: no such file or folder (check the path)")
        elif source.suffix.lower() in (".csv", ".tsv", ".txt"):
            sounds += _of_table(source)
        else:
            sounds.append(source)
    if not sounds:
        named = ", ".join(_text(Path(source)) for source in sources)
        raise FileError(f"{named}: no sounds ({len(others)} other files; is it the right folder?)")
    return Listing(sounds=tuple(dict.fromkeys(sounds)), not_taken=tuple(others))


def _walk(folder: Path) -> list[Path]:
    found = []
    for here, folders, files in os.walk(folder, followlinks=True):
        folders[:] = sorted(name for name in folders if not _is_left(name))
        found += [Path(here, name) for name in sorted(files) if not _is_left(name)]
    return found


def _is_left(name: str) -> bool:
    return name.startswith((".", "~")) or name.lower() in LEFT_BY_SYSTEMS


def _of_table(path: Path) -> list[Path]:
    try:
        text = path.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise FileError(f"{_text(path)}: cannot be read: {error.strerror}") from None
    lines = text.splitlines()
    separator = next((s for s in (";", "\t", ",") if lines and s in lines[0]), ",")
    rows = [row for row in csv.reader(lines, delimiter=separator) if any(map(str.strip, row))]
    heads = [cell.strip().lower() for cell in rows[0]] if rows else []
    column = next((heads.index(n) for n in ("path", "file", "filename") if n in heads), None)
    chosen = [row[column or 0].strip() for row in rows[column is not None :]]
    return [path.parent / name for name in chosen if name]


def _text(path: Path) -> str:
    """Return a path as it can be printed, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
