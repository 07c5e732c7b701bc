"""Hashes of files: what this process read and wrote, and the check of a file before it is used.

Every output of a script has a sidecar (see `layout.sidecar_of`) that records the SHA-256 of its
content. Whoever reads the file through `io` compares first, so that a corrupted, truncated or
swapped file is refused before anything is computed from it.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from jtfs_repro.layout import StrPath, portable, sidecar_of


class Journal:
    """What a process read (path -> SHA-256) and wrote (paths), in order."""

    def __init__(self) -> None:
        self.inputs: dict[str, str] = {}
        self.outputs: dict[str, None] = {}

    def note_input(self, path: StrPath, digest: str) -> None:
        """Record a file that was read, unless this process wrote it."""
        name = portable(path)
        if name not in self.outputs:
            self.inputs[name] = digest

    def note_output(self, path: StrPath) -> None:
        """Record a file that was written."""
        self.outputs[portable(path)] = None


JOURNAL = Journal()


def sha256(path: StrPath) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def known_sha256(path: StrPath) -> str:
    """Return `sha256`, computed once as long as the file's size, date and inode stay the same."""
    facts = os.stat(path)
    return _sha256_once(os.path.abspath(path), facts.st_size, facts.st_mtime_ns, facts.st_ino)


@functools.cache
def _sha256_once(path: str, *_: int) -> str:
    return sha256(path)


def note_and_check(path: StrPath) -> str:
    """Note a file as read; return what is wrong with it by its sidecar, or an empty string."""
    if not os.path.isfile(path):
        return ""
    digest = known_sha256(path)
    JOURNAL.note_input(path, digest)
    sidecar = sidecar_of(path)
    if not os.path.isfile(sidecar):  # of a Path, it would raise where the name is too long
        return ""
    try:
        recorded = json.loads(sidecar.read_text(encoding="utf-8"))
        return _difference(portable(path), digest, recorded["file"], recorded["sha256"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return f"its sidecar {sidecar.name} cannot be read"


def _difference(name: str, digest: str, recorded_name: Any, recorded_digest: Any) -> str:
    if digest != recorded_digest:
        return "its content is not what its sidecar records (corrupted, truncated or swapped)"
    ours, theirs = Path(name).parts, Path(recorded_name).parts
    if ours[-1] != theirs[-1] or (ours[0] == theirs[0] and ours != theirs):
        return f"it is {recorded_name}, by its sidecar (swapped)"
    return ""
