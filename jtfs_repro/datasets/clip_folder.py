"""A user's own folder of labelled clips as a data set.

    FOLDER/{training,validation,test}/CLASS/*.wav

or FOLDER/clips.csv with the columns path (from FOLDER on), label, split and, where clips are not
independent, group. Sound files of any rate and length, with any number of channels; see
`clips.Reading` for what becomes of them. Without a group, each file is one.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from jtfs_repro import io
from jtfs_repro.datasets.clips import SUBSETS, Clip, ClipSet

TABLE = "clips.csv"
COLUMNS, GROUP = ("path", "label", "split"), "group"
SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
LENGTH = 60  # of the set's name: files' names add to it
SUMMARIES = ("average", "accuracy")  # columns of Table 2 beside those of the classes


def set_name(folder: str | os.PathLike[str]) -> str:
    """Return what a folder's clips are called; empty if no letter or digit is left.

    Examples
    --------
    >>> set_name("data/my birds")
    'my_birds'
    """
    name = re.sub(r"[^A-Za-z0-9_]+", "_", Path(folder).absolute().name).strip("_").lower()
    return name[:LENGTH].rstrip("_")


def is_labelled(folder: str | os.PathLike[str]) -> bool:
    """Return whether a folder is laid out as this module says."""
    return any(Path(folder, name).exists() for name in (TABLE, *SUBSETS))


def list_clips(folder: str | os.PathLike[str]) -> ClipSet:
    """Return the clips of a folder, not yet read; those of a table in its order.

    FileError: a subset's folder is missing, the table or a line of it is wrong, a group crosses
    subsets, or the classes cannot be told apart or are fewer than two.
    """
    table = Path(folder, TABLE)
    rows = list(_of_table(table) if table.exists() else _of_folders(Path(folder)))
    _check_groups(folder, rows)
    classes = tuple(sorted({label for _, label, _, _ in rows}))
    _check_classes(folder, classes)
    clips = [
        Clip(
            file=file, name=file, subset=subset, label=label, class_id=classes.index(label),
            group=group,
        )
        for file, label, subset, group in rows
    ]  # fmt: skip
    return ClipSet(name=set_name(folder), classes=classes, clips=clips, folder=folder)


Row = tuple[str, str, str, str]  # file, label, subset, group


def _of_table(table: Path) -> Iterator[Row]:
    seen: dict[str, int] = {}
    for line, row in enumerate(io.load_csv(table), start=2):
        if not {*COLUMNS} <= row.keys() <= {*COLUMNS, GROUP}:
            rule = f"columns must be {', '.join(COLUMNS)}, and {GROUP} if need be"
            raise io.FileError(f"{table}: line 1: {rule}; found {', '.join(row)}")
        file, label, subset = (row[name] for name in COLUMNS)
        what = ""
        if not file or not label:
            what = "path and label must not be empty"
        elif subset not in SUBSETS:
            what = f"split={subset!r} must be one of {', '.join(SUBSETS)}"
        elif seen.setdefault(file, line) != line:
            what = f"path={file!r} must be unique (see line {seen[file]})"
        if what:
            raise io.FileError(f"{table}: line {line}: {what} (mend the line)")
        yield file, label, subset, row.get(GROUP) or file


def _of_folders(folder: Path) -> Iterator[Row]:
    for subset in SUBSETS:
        if not (folder / subset).is_dir():
            step = f"{'/, '.join(SUBSETS)}/ with a folder per class each, or {TABLE}"
            raise io.FileError(f"{folder}: no folder {subset}/ ({step})")
        for path in sorted((folder / subset).glob("[!.]*/[!.]*")):
            if path.suffix.lower() in SUFFIXES:
                file = path.relative_to(folder).as_posix()
                yield file, path.parent.name, subset, file


def _check_groups(folder: str | os.PathLike[str], rows: Sequence[Row]) -> None:
    subsets = defaultdict(set)
    for _, _, subset, group in rows:
        subsets[group].add(subset)
    for group, found in subsets.items():
        if len(found) > 1:
            where = " and ".join(sorted(found, key=SUBSETS.index))
            step = "clips of one recording must stay together"
            raise io.FileError(f"{folder}: group {group!r} is in {where} ({step})")


def _check_classes(folder: str | os.PathLike[str], classes: Sequence[str]) -> None:
    keys: dict[str, str] = {}
    for name in classes:
        other = keys.setdefault(name.replace(" ", "_"), name)
        if other != name or name in SUMMARIES or not name.isprintable():
            what = f"cannot be told from {other!r}" if other != name else "is no name for a class"
            raise io.FileError(f"{folder}: class {name!r} {what} (rename it)")
    if len(classes) < 2:
        found = f"{len(classes)} classes, needs two"
        raise io.FileError(f"{folder}: {found} ({' or '.join(SUFFIXES)} in folders, or {TABLE})")
