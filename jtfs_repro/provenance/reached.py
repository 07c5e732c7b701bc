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
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jtfs_repro.gin_files import effective, is_gin, path_of
from jtfs_repro.provenance.closure import PACKAGE, base_of, closure, is_type_checking, python_of
from jtfs_repro.provenance.layout import PROJECT, StrPath

# Frame modules that cannot change a number: they hash, compare and describe what others made, or
# refuse a gin file. A folder stands for all below it. `stamp` prints on results, so it counts.
WITHOUT_NUMBERS = ("jtfs_repro/provenance/", "jtfs_repro/gin_trust.py")
BUT = ("jtfs_repro/provenance/stamp.py",)

EVERYTHING, ALWAYS = "*", ""  # of a module: all that it holds; what runs when it is imported
Place = tuple[str, str]  # file, name
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)
_DOCUMENTED = (ast.Module, *_DEFINITIONS)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A top-level statement: its text without docstrings, and the places that it names."""

    text: str
    names: frozenset[Place]


@dataclass(frozen=True, kw_only=True)
class Module:
    """A file: its statements by the name that they bind, and what it imports of the project."""

    statements: Mapping[str, list[Statement]]
    imports: Mapping[str, Place]


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


def files_digest(files: Iterable[StrPath], *, root: StrPath) -> str:
    """Return one SHA-256 over the names and contents of code, as far as it can change a number.

    Of Python files comments, docstrings and layout do not count, of gin files comments; files in
    `WITHOUT_NUMBERS` do not count at all. ``OSError`` or ``SyntaxError`` if one cannot be read or
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
        return _sha256(repr(_shape(ast.parse(content))))
    if is_gin(path):
        return _sha256(effective([path]))
    return hashlib.sha256(content).hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _shape(node: Any) -> Any:
    """Return a syntax tree as nested lists, without docstrings and empty fields.

    Unlike `ast.dump` it does not differ between versions of Python that only add fields.
    """
    if isinstance(node, list):
        return [_shape(child) for child in node]
    if not isinstance(node, ast.AST):
        return node
    parts = {name: getattr(node, name, None) for name in node._fields}
    if isinstance(node, _DOCUMENTED):
        parts["body"] = _body(node)
    values = [(name, _shape(part)) for name, part in parts.items()]
    return [type(node).__name__, *(pair for pair in values if pair[1] not in (None, []))]


def _body(node: Any) -> list[ast.stmt]:
    """Return the statements of a module, class or function, without its docstring."""
    is_documented = ast.get_docstring(node, clean=False) is not None
    return node.body[1:] if is_documented else node.body


def reached(roots: Iterable[str], *, root: Path) -> dict[Place, list[Statement]]:
    """Return the statements that files can run, by file and name; parameters as `code_digest`."""
    places = [_place_of(name) for name in roots]
    files = closure([file for file, _ in places], root=root)
    waiting = places + [(file, EVERYTHING) for file in files if is_gin(file)]
    waiting += [(file, ALWAYS) for file in files]
    found: dict[Place, list[Statement]] = {}
    while waiting:
        place = waiting.pop()
        if place in found:
            continue
        module = _module_of(place[0], root)
        if place[1] == EVERYTHING:
            found[place] = []
            waiting += [(place[0], name) for name in module.statements]
            waiting += module.imports.values() if is_gin(place[0]) else []
        elif place[1] in module.imports:
            found[place] = []
            waiting.append(module.imports[place[1]])
        elif place[1] in module.statements or place[1] == ALWAYS:
            found[place] = module.statements.get(place[1], [])
            waiting += [name for statement in found[place] for name in statement.names]
        else:  # bound in another way, or a module of a package
            found[place] = []
            beside = _file_of(".".join([*Path(place[0]).parent.parts, place[1]]), root)
            waiting.append((beside or place[0], EVERYTHING))
    return found


def _is_code(name: str) -> bool:
    return _place_of(name)[0].endswith((".py", ".ipynb")) or is_gin(name)


def _place_of(name: str) -> Place:
    """Return the place of ``FILE`` or ``FILE.py:NAME``."""
    file, _, inner = name.partition(".py:")
    return (f"{file}.py", inner) if inner else (name, EVERYTHING)


def _module_of(file: str, root: Path) -> Module:
    """Return what a file holds, read once as long as its date and size stay the same."""
    facts = os.stat(path_of(root / file))
    return _read(file, root, facts.st_mtime_ns, facts.st_size)


@functools.cache
def _read(file: str, root: Path, *_: int) -> Module:
    nodes = list(_statements(_body(ast.parse(python_of(root / file), filename=file))))
    imports: dict[str, Place] = {}
    for node in nodes:
        imports |= _imports_of(node, file, root)
    own = {name: (file, name) for node in nodes for name in _bound(node)}
    statements: dict[str, list[Statement]] = {}
    for node in nodes:
        if not isinstance(node, _IMPORTS):
            names = frozenset(_names(node, file, root, own | imports))
            statement = Statement(text=repr(_shape(node)), names=names)
            for name in _keys(node, own | imports):
                statements.setdefault(name, []).append(statement)
    return Module(statements=statements, imports=imports)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module, without those for type checkers alone."""
    for node in body:
        if is_type_checking(node):
            yield from _statements(node.orelse)
        else:
            yield node


def _bound(node: ast.stmt) -> list[str]:
    """Return the names that a definition or a plain assignment binds."""
    if isinstance(node, _DEFINITIONS):
        return [node.name]
    if isinstance(node, ast.Assign):
        parts = [part for target in node.targets for part in _targets(target)]
    elif isinstance(node, ast.AnnAssign):
        parts = [node.target]
    else:
        return []
    names = [part.id for part in parts if isinstance(part, ast.Name)]
    return names if len(names) == len(parts) else []  # an attribute or an item: it runs in any case


def _targets(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.Tuple | ast.List):
        for part in node.elts:
            yield from _targets(part)
    else:
        yield node


def _keys(node: ast.stmt, known: Mapping[str, Place]) -> list[str]:
    """Return the names under which a statement is reached."""
    decorators = getattr(node, "decorator_list", [])
    is_noted = any(
        isinstance(part, ast.Name) and part.id in known
        for decorator in decorators
        for part in ast.walk(decorator)
    )
    names = _bound(node)
    return [*names, ALWAYS] if is_noted or not names else names


def _imports_of(node: ast.AST, file: str, root: Path) -> dict[str, Place]:
    """Return local name -> place for what one import binds of the project."""
    found: dict[str, Place] = {}
    if isinstance(node, ast.Import):
        for alias in node.names:
            if where := _file_of(alias.name, root):
                found[alias.asname or alias.name.partition(".")[0]] = (where, EVERYTHING)
    elif isinstance(node, ast.ImportFrom):
        base = base_of(node, Path(file))
        for alias in node.names:
            if where := _file_of(f"{base}.{alias.name}", root):
                found[alias.asname or alias.name] = (where, EVERYTHING)
            elif where := _file_of(base, root):
                found[alias.asname or alias.name] = (where, alias.name)
    return found


def _file_of(module: str, root: Path) -> str | None:
    stem = Path(*module.split("."))
    if stem.parts[:1] != (PACKAGE,):
        return None
    files = (stem.with_suffix(".py"), stem / "__init__.py")
    return next((f.as_posix() for f in files if (root / f).is_file()), None)


def _names(node: ast.AST, file: str, root: Path, known: Mapping[str, Place]) -> Iterator[Place]:
    """Yield the places that a statement names, those that it imports itself included."""
    own = [_imports_of(part, file, root) for part in ast.walk(node) if isinstance(part, _IMPORTS)]
    known = {name: place for found in [known, *own] for name, place in found.items()}
    waiting = [node]
    while waiting:
        part = waiting.pop()
        base = part.value if isinstance(part, ast.Attribute) else part
        place = known.get(base.id) if isinstance(base, ast.Name) else None
        if place is None:
            waiting += ast.iter_child_nodes(part)
        elif isinstance(part, ast.Attribute) and place[1] == EVERYTHING:
            yield (place[0], part.attr)
        else:
            yield place
