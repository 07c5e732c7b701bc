"""What of the project's code a stage can run, found without running it: by name, not by file.

An edit of one function in a shared module changes the digest of the stages that can reach that
function, and of no other. Reached are whole top-level statements: a function, a class with all its
methods, an assignment. A name leads to the statement that binds it. A module that is used otherwise
than by attribute (handed to a function, say) is reached as a whole, and so is one that a gin file
imports. What a module does when it is imported, beside binding names, counts as soon as the module
is imported, and so does a definition that a function of the project decorates: it may be noted
somewhere. Comments, docstrings and layout do not count.

`code_digest` is what Snakemake compares, `files_digest` what a sidecar records: whole files, those
that a job imported.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from jtfs_repro.gin_files import effective, is_gin
from jtfs_repro.layout import PROJECT, StrPath
from jtfs_repro.provenance.modules import (
    ALWAYS,
    EVERYTHING,
    Place,
    Statement,
    closure,
    file_of,
    module_of,
    shape,
)

# Frame modules that cannot change a number: they hash, compare and describe what others made,
# refuse a gin file, name a missing package. A folder stands for all below it. `stamp` prints on
# results, so it counts.
WITHOUT_NUMBERS = ("jtfs_repro/provenance/", "jtfs_repro/gin_trust.py", "jtfs_repro/extras.py")
BUT = ("jtfs_repro/provenance/stamp.py",)


def code_digest(roots: Iterable[str], *, root: Path) -> str:
    """Return a digest of all code that files can run.

    Parameters
    ----------
    roots : iterable of str
        Python files, gin files and notebooks, relative to ``root``; ``FILE.py:NAME`` is what one
        name leads to. Of gin files only what they import counts, of other kinds of files the
        bytes. Names of modules do not count, so that one may move.
    root : path
        The folder that holds the package and ``gin/``.
    """
    names = sorted(roots)
    code = [name for name in names if _is_code(name)]
    found = reached(code, root=root).items()
    lines = sorted(s.text for (file, _), held in found for s in held if has_numbers(file))
    for name in sorted(set(names) - set(code)):
        lines.append(f"{name}:{hashlib.sha256((root / name).read_bytes()).hexdigest()}")
    return _sha256("\n".join(lines))[:16]


def reached(roots: Iterable[str], *, root: Path) -> dict[Place, list[Statement]]:
    """Return the statements that files can run, by file and name; parameters as `code_digest`."""
    places = [_place_of(name) for name in roots]
    files = closure([file for file, _ in places], root=root)
    waiting = places + [(file, EVERYTHING) for file in files if is_gin(file)]
    waiting += [(file, ALWAYS) for file in files]
    found: dict[Place, list[Statement]] = {}
    while waiting:
        file, name = place = waiting.pop()
        if place in found:
            continue
        module = module_of(file, root)
        found[place] = []
        if name == EVERYTHING:
            waiting += [(file, inner) for inner in module.statements]
            waiting += module.imports.values() if is_gin(file) else []
        elif name in module.imports:
            waiting.append(module.imports[name])
        elif name in module.statements or name == ALWAYS:
            found[place] = module.statements.get(name, [])
            waiting += [named for statement in found[place] for named in statement.names]
        else:  # bound in another way, or a module of a package
            beside = file_of(".".join([*Path(file).parent.parts, name]), root)
            waiting.append((beside or file, EVERYTHING))
    return found


def _is_code(name: str) -> bool:
    return _place_of(name)[0].endswith((".py", ".ipynb")) or is_gin(name)


def _place_of(name: str) -> Place:
    """Return the place of ``FILE`` or ``FILE.py:NAME``."""
    file, _, inner = name.partition(".py:")
    return (f"{file}.py", inner) if inner else (name, EVERYTHING)


def files_digest(files: Iterable[StrPath], *, root: StrPath) -> str:
    """Return one SHA-256 over the names and contents of code, as far as it can change a number.

    Of Python files comments, docstrings and layout do not count, of gin files comments; files in
    `WITHOUT_NUMBERS` do not count at all. `OSError` or `SyntaxError` if one cannot be read or
    parsed.
    """
    names = sorted({Path(file).as_posix() for file in files})
    lines = [f"{_file_sha256(os.path.join(root, n))}  {n}\n" for n in names if has_numbers(n)]
    return _sha256("".join(lines))


def code_sha256(files: Iterable[StrPath]) -> str | None:
    """Return the `files_digest` of files of this project, None if one is gone or broken."""
    try:
        return files_digest(files, root=PROJECT)
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
    """Return the digest of a file's content, made once per date and size."""
    content = Path(path).read_bytes()
    if path.endswith(".py"):
        return _sha256(repr(shape(ast.parse(content))))
    if is_gin(path):
        return _sha256(effective([path]))
    return hashlib.sha256(content).hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
