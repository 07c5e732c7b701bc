"""Titles, captions and text alternatives of figures and tables: ``config/captions.yaml``, read.

A row is known by the name of its file, with ``instruments/`` before it where the file is of a clip
set: ``img/soundfont_solos_confusion.png`` is the row ``instruments/confusion.png``, and
``results/paper/medley_solos_db/cost.csv`` the row ``instruments/cost.csv``.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

import yaml

from jtfs_repro import io
from jtfs_repro.plots.classifiers import CLIP_SETS, clip_set_words

OF_CLIPS = "instruments/"  # how the rows of a clip set's files begin


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

    >>> found = find(load("config/captions.yaml"), "img/smoke/my_birds_confusion.png")
    >>> found.title, found.caption[-37:]
    ('Confusion matrices: my_birds', 'clips; the paper has no such numbers.')
    """
    key, clips = row_name(path, entries), clip_set_of(path, entries)
    if key in entries:
        is_known = clips in ("", "{clips}", *CLIP_SETS)
        return entries[key] if is_known else _of_own_clips(entries[key], clips)
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


def _of_own_clips(entry: Entry, clips: str) -> Entry:
    caption = f"{entry.caption} Clips: {clip_set_words(clips)}."
    return replace(entry, title=f"{entry.title}: {clips}", caption=caption, paper="")


def row_name(path: str | os.PathLike[str], entries: Collection[str]) -> str:
    """Return the name of the row of a file, among ``entries``.

    >>> rows = ["cost.csv", "instruments/cost.csv"]
    >>> row_name("results/paper/medley_solos_db/cost.csv", rows)
    'instruments/cost.csv'
    >>> row_name("results/paper/cost.csv", rows)
    'cost.csv'
    """
    clips, name = clip_set_of(path, entries), PurePath(path).name
    return f"{OF_CLIPS}{name.removeprefix(f'{clips}_')}" if clips else name


def clip_set_of(path: str | os.PathLike[str], entries: Collection[str]) -> str:
    """Return the clip set of a figure ``SET_NAME.png`` or a table ``SET/NAME.csv``, or ''."""
    name, folder = PurePath(path).name, PurePath(path).parent
    for key in entries:
        own = key.removeprefix(OF_CLIPS)
        if own != key and own.endswith(".png") and name.endswith(f"_{own}"):
            return name.removesuffix(f"_{own}")
        if own != key and name == own and folder.parent.name != "results":
            return folder.name
    return ""
