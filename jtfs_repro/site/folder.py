"""The folder of the site: its templates, names that are safe in links, the swap at the end."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from jtfs_repro.io import FileError, leftovers

MARK = "site.json"  # by it a folder is known as a site that may be replaced
KINDS = ("new", "old")
LONGEST = 60  # characters of a slug


def templates() -> Environment:
    """Return the templates of all pages; what they fill in is escaped."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def slug(text: str) -> str:
    """Return ``text`` as a name of letters, digits and hyphens.

    >>> slug("Grüner Käfer #3.wav"), slug("<img onerror>"), slug("鳥")
    ('gruner-kafer-3-wav', 'img-onerror', 'x')
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST].strip("-") or "x"


class Slugs:
    """Slugs that are all different: the second ``a`` becomes ``a-2``."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def new(self, text: str) -> str:
        """Return a slug that was not returned before."""
        base = name = slug(text)
        number = 1
        while name in self._taken:
            number += 1
            name = f"{base}-{number}"
        self._taken.add(name)
        return name


class Folder:
    """Writes the files of a site into an existing folder; equal contents are stored once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._digests: dict[tuple[str, str], str] = {}

    def write(self, name: str, data: bytes | str) -> str:
        """Write a file below the folder and return its relative link."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data.encode() if isinstance(data, str) else data)
        return name

    def write_once(self, name: str, data: bytes) -> str:
        """Write a file unless one with the same contents and suffix is there; return its link."""
        key = (Path(name).suffix, hashlib.sha256(data).hexdigest())
        if key not in self._digests:
            self._digests[key] = self.write(name, data)
        return self._digests[key]

    def write_data(self, name: str, value: Any) -> str:
        """Write ``data/<name>.js``, which assigns ``value`` to ``window.SITE.<name>``."""
        text = f"window.SITE = window.SITE || {{}};\nSITE.{name} = {script_json(value)};\n"
        return self.write(f"data/{name}.js", text)


def script_json(value: Any) -> str:
    r"""Return JSON that is safe inside a script element and as JavaScript.

    >>> print(script_json({"a": "</script>"}))
    {"a":"<\/script>"}
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    text = text.replace("</", "<\\/").replace("<!--", "<\\u0021--")
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


@contextmanager
def swapped(folder: str | os.PathLike[str]) -> Iterator[Folder]:
    """Yield an empty folder that takes the place of ``folder`` on success; refuse what is no site.

    On any error ``folder`` is left as it was; a killed build leaves the old site, or in the instant
    between two renamings none, but never half a site.
    """
    final = Path(folder)
    _refuse_foreign(final)
    prefixes = [f".{final.name}.{kind}.{socket.gethostname()}." for kind in KINDS]
    new, old = (final.with_name(f"{prefix}{os.getpid()}.part") for prefix in prefixes)
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        for part in [part for prefix in prefixes for part in leftovers(final.parent, prefix)]:
            shutil.rmtree(part, ignore_errors=True)  # of builds that were killed
        new.mkdir()
    except OSError as error:
        raise FileError(f"{final}: {error.strerror} (choose a folder you can write)") from error
    try:
        yield Folder(new)
        if final.exists():
            final.rename(old)
        new.rename(final)
    finally:
        for leftover in (new, old):
            shutil.rmtree(leftover, ignore_errors=True)


def _refuse_foreign(final: Path) -> None:
    if final.exists() and not final.is_dir():
        raise FileError(f"{final}: is a file (name a folder for the site)")
    if final.exists() and any(final.iterdir()) and not (final / MARK).is_file():
        raise FileError(f"{final}: holds something else than a site (name another folder)")
