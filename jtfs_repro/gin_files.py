"""Reading gin files without running them: what they import, include and set.

A file of ``gin/presets``, ``gin/scale`` or ``gin/variants`` changes settings of many stages, each
in a section of its own that begins with the names of its stages::

    # [scattering1d_q1, scattering1d_q8]
    from jtfs_repro.features import scattering1d

    scattering1d.Scattering1DFeature.J = 12

A stage reads its own section and what stands before the first one. ``PATH:STAGE`` names that part
of a file, wherever gin files are named; a file without a section is named by its path.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gin import config_parser
from gin.config_parser import BindingStatement, ImportStatement, IncludeStatement

from . import gin_spelling

Name = str | os.PathLike[str]  # PATH or PATH:STAGE
_SECTION = re.compile(r"^# \[([\w, ]+)\]\s*$")


class Unresolved(config_parser.ParserDelegate):
    """Keeps ``@name()`` and ``%name`` as text."""

    def configurable_reference(self, scoped_configurable_name: str, evaluate: bool) -> Any:
        """Return a reference as it is written."""
        return f"@{scoped_configurable_name}{'()' if evaluate else ''}"

    def macro(self, macro_name: str) -> Any:
        """Return a macro as it is written."""
        return f"%{macro_name}"


class References(Unresolved):
    """Collects the names after @ as well."""

    def __init__(self) -> None:
        self._names: list[str] = []

    def configurable_reference(self, scoped_configurable_name: str, evaluate: bool) -> Any:
        """Note a name."""
        self._names.append(scoped_configurable_name.rsplit("/", 1)[-1])
        return super().configurable_reference(scoped_configurable_name, evaluate)

    def taken(self) -> list[str]:
        """Return the names since the last call."""
        names, self._names = self._names, []
        return names


@dataclass(frozen=True)
class Binding:
    """A value and the file that sets it."""

    value: Any
    file: str


def path_of(name: Name) -> str:
    """Return the file of ``PATH:STAGE``.

    >>> path_of("gin/scale/smoke.gin:jtfs"), path_of("gin/chirps/jtfs.gin")
    ('gin/scale/smoke.gin', 'gin/chirps/jtfs.gin')
    """
    text = os.fspath(name)
    head, _, stage = text.rpartition(":")
    return head if head.endswith(".gin") and stage.isidentifier() else text


def is_gin(name: Name) -> bool:
    """Return whether a name is that of a gin file, or of a section of one."""
    return path_of(name).endswith(".gin")


def text_of(name: Name) -> str:
    """Return the text that a stage reads; lines of other sections are blank: lines count."""
    path = path_of(name)
    text = _decoded(path)
    stage = os.fspath(name)[len(path) + 1 :]
    if not stage:
        return text
    lines = [line if stage in owners or not owners else "" for line, owners in _owned(text)]
    return "\n".join(lines) + "\n"


def _decoded(path: Name) -> str:
    """Return the text of a file, without a byte-order mark and with plain line ends."""
    content = Path(path).read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        what = "not UTF-8: save the file as UTF-8 text"
        raise SyntaxError(what, (os.fspath(path), line, 0, "")) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def sha256(name: Name) -> str:
    """Return the digest of the text that a stage reads."""
    return hashlib.sha256(text_of(name).encode()).hexdigest()


def sections(path: Name) -> list[str]:
    """Return the stages that have a section in a file."""
    owned = _owned(_decoded(path))
    return list(dict.fromkeys(stage for _, owners in owned for stage in owners))


def _owned(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each line with the stages of its section, none before the first."""
    owners: list[str] = []
    for line in text.splitlines():
        if match := _SECTION.match(line):
            owners = [name.strip() for name in match[1].split(",")]
        yield line, owners


def statements(name: Name, delegate: config_parser.ParserDelegate | None = None) -> Iterator[Any]:
    """Yield the statements of gin's own parser, which runs nothing.

    SyntaxError: file, line, the parameter, and what is wrong with it.
    """
    try:
        yield from config_parser.ConfigParser(stream(name), delegate or Unresolved())
    except (SyntaxError, ValueError, TypeError, tokenize.TokenError) as error:
        raise explained(name, error) from None


def explained(name: Name, error: Exception) -> Exception:
    """Return the error of gin's parser as one that says what to write, if that is known."""
    try:
        found = gin_spelling.problem(text_of(name))
    except (SyntaxError, OSError):  # not text
        found = None
    if found is None:
        return error
    line, what = found
    return SyntaxError(what, (path_of(name), line, 0, ""))


def stream(name: Name) -> io.StringIO:
    """Return what gin parses, under the file's name."""
    found = io.StringIO(text_of(name))
    found.name = path_of(name)  # type: ignore[attr-defined]  gin's errors say it
    return found


def imports(name: Name) -> str:
    """Return the import statements of a file as Python."""
    found = [s.format() for s in statements(name) if isinstance(s, ImportStatement)]
    return "\n".join(line for line in found if "__gin__" not in line)


def includes(name: Name) -> list[str]:
    """Return the files that a file includes, relative to ``gin/``."""
    return [s.filename for s in statements(name) if isinstance(s, IncludeStatement)]


def bindings(names: Iterable[Name], *, root: Name) -> dict[str, Binding]:
    """Return ``module.Class.parameter`` -> value of files in order, included ones in place."""
    found: dict[str, Binding] = {}
    for name in names:
        for statement in statements(name):
            if isinstance(statement, IncludeStatement):
                found |= bindings([os.path.join(root, statement.filename)], root=root)
            elif isinstance(statement, BindingStatement):
                scope = f"{statement.scope}/" if statement.scope else ""
                key = f"{scope}{statement.selector}.{statement.arg_name}"
                found[key] = Binding(statement.value, path_of(name))
    return found


def effective(names: Iterable[Name]) -> str:
    """Return what files set and include, without imports and comments: equal for equal settings."""
    kept = (s for name in names for s in statements(name) if not isinstance(s, ImportStatement))
    return "\n".join(repr(statement._replace(location=None)) for statement in kept)


def settings_sha256(names: Iterable[Name]) -> str:
    """Return a digest of the settings in gin files, see `effective`: equal for equal settings."""
    return hashlib.sha256(effective(names).encode()).hexdigest()
