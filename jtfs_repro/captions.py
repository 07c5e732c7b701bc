"""Titles, captions and text alternatives of figures and tables: ``config/captions.yaml``, read.

A row is known by the name of its file, with ``instruments/`` before it where the file is of a clip
set: ``img/soundfont_solos_confusion.png`` is the row ``instruments/confusion.png``, and
``results/paper/medley_solos_db/cost.csv`` the row ``instruments/cost.csv``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import yaml

from jtfs_repro import io

# folders of tables, and how names of figures begin; the last is the wildcard of the rules
CLIP_SETS = ("soundfont_solos", "medley_solos_db", "{clips}")


@dataclass(frozen=True, kw_only=True)
class Study:
    """A heading of the page and of the report."""

    key: str
    title: str
    remedy: str = ""  # what to do where nothing of it was run
    page: str = ""  # that shows more of it, or empty


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Words about one figure or table: a row of the file."""

    key: str
    place: int  # where the row stands, from 0
    study: Study
    title: str
    caption: str
    alt: str = ""  # text alternative; figures only
    paper: str = ""  # what of the paper it remakes, or empty


def load(path: str | os.PathLike[str]) -> dict[str, Entry]:
    """Return every row by its name, in the order of the file; `FileError` names what is wrong."""
    try:
        content = yaml.safe_load(io.load_text(path))
    except yaml.YAMLError as error:
        raise io.FileError(f"{path}: {' '.join(str(error).split())}") from None
    content = _row(f"{path}: the file", content, ("studies", "captions"))
    studies = {
        key: Study(key=key, **_words(f"{path}: {key}", row, ("title",), ("remedy", "page")))
        for key, row in content["studies"].items()
    }
    entries = {}
    for place, (key, row) in enumerate(content["captions"].items()):
        required = ("study", "title", "caption", *(["alt"] if not key.endswith(".csv") else []))
        words = _words(f"{path}: {key}", row, required, ("paper",))
        name = words.pop("study")
        if name not in studies:
            rule = f"must be one of {', '.join(studies)}"
            raise io.FileError(f"{path}: {key}: study={name!r} {rule}")
        entries[key] = Entry(key=key, place=place, study=studies[name], **words)
    return entries


def _row(where: str, row: Any, required: Sequence[str], optional: Sequence[str] = ()) -> Any:
    if not isinstance(row, Mapping):
        raise io.FileError(f"{where}: must hold {', '.join(required)}")
    if absent := [name for name in required if name not in row]:
        raise io.FileError(f"{where}: lacks {', '.join(absent)}")
    if unknown := [name for name in row if name not in (*required, *optional)]:
        raise io.FileError(f"{where}: {unknown[0]} is none of {', '.join((*required, *optional))}")
    return row


def _words(where: str, row: Any, required: Sequence[str], optional: Sequence[str]) -> Any:
    """Return the fields of a row, all of them text."""
    words = dict(_row(where, row, required, optional))
    for name, value in words.items():
        if not isinstance(value, str):
            raise io.FileError(f"{where}: {name}={value!r} must be text (quote it)")
    return words


def studies(entries: Mapping[str, Entry]) -> list[Study]:
    """Return the headings, in the order in which rows name them."""
    return list(dict.fromkeys(entry.study for entry in entries.values()))


def find(entries: Mapping[str, Entry], path: str | os.PathLike[str]) -> Entry:
    """Return the row of a file; a file without one is shown under its own name, at the end.

    >>> find(load("config/captions.yaml"), "img/smoke/soundfont_solos_confusion.png").title
    'Confusion matrices'
    """
    key = row_name(path)
    if key in entries:
        return entries[key]
    name = PurePath(path).name
    words = f"{name}, without a caption in config/captions.yaml."
    return Entry(
        key=key,
        place=len(entries),
        study=studies(entries)[-1],
        title=PurePath(path).stem,
        caption=words,
        alt=words,
    )


def row_name(path: str | os.PathLike[str]) -> str:
    """Return the name of the row of a file.

    >>> row_name("results/paper/medley_solos_db/cost.csv"), row_name("results/paper/cost.csv")
    ('instruments/cost.csv', 'cost.csv')
    """
    name, folder = PurePath(path).name, PurePath(path).parent.name
    for clip_set in CLIP_SETS:
        if folder == clip_set or name.startswith(f"{clip_set}_"):
            return f"instruments/{name.removeprefix(f'{clip_set}_')}"
    return name
