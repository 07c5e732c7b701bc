"""Digests of code and settings: of what they say, whatever their comments and layout.

Two contents have one digest if they can only give the same numbers, so that a comment makes
nothing stale.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jtfs_repro.provenance.layout import PROJECT, StrPath

# Frame modules that cannot change a number: they hash, compare and describe what others made, or
# refuse a gin file. A folder stands for all below it. `stamp` prints on results, so it counts.
WITHOUT_NUMBERS = (
    "jtfs_repro/provenance/",
    "jtfs_repro/gin_trust.py",
)
BUT = ("jtfs_repro/provenance/stamp.py",)
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_digest(files: Iterable[StrPath], *, root: StrPath) -> str:
    """Return one SHA-256 over the names and contents of code, as far as it can change a number.

    Of Python files comments, docstrings and layout do not count, of gin files comments; files in
    `WITHOUT_NUMBERS` do not count at all.

    Parameters
    ----------
    files : iterable of path
        Relative to ``root``, e.g. from `closure.closure`.
    root : path

    Raises
    ------
    OSError
        A file cannot be read.
    SyntaxError
        A Python file cannot be parsed.
    """
    names = sorted({Path(file).as_posix() for file in files})
    lines = [f"{_file_sha256(os.path.join(root, n))}  {n}\n" for n in names if has_numbers(n)]
    return _sha256("".join(lines))


def code_sha256(files: Iterable[StrPath]) -> str | None:
    """Return the `code_digest` of files of this project, None if one is gone or broken."""
    try:
        return code_digest(files, root=PROJECT)
    except (OSError, SyntaxError, ValueError):
        return None


def has_numbers(name: str) -> bool:
    """Return whether a file can change a number of a result, see `WITHOUT_NUMBERS`."""
    return name in BUT or not name.startswith(WITHOUT_NUMBERS)


def _file_sha256(path: str) -> str:
    facts = os.stat(path)
    return _known_file_sha256(os.path.abspath(path), facts.st_mtime_ns, facts.st_size)


@functools.cache
def _known_file_sha256(path: str, *_: int) -> str:
    """Return the digest of a file's normalised content, made once per date and size."""
    if path.endswith(".py"):
        return _sha256(repr(_shape(ast.parse(Path(path).read_bytes()))))
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _shape(node: Any) -> Any:
    """Return a syntax tree as nested lists, without docstrings and empty fields.

    Unlike `ast.dump` it does not differ between versions of Python that only add fields.
    """
    if isinstance(node, list):
        return [_shape(child) for child in node]
    if not isinstance(node, ast.AST):
        return node
    if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
        node.body = node.body[1:]
    values = [(name, _shape(getattr(node, name, None))) for name in node._fields]
    return [type(node).__name__, *(pair for pair in values if pair[1] not in (None, []))]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
