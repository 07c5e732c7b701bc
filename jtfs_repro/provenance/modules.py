"""A file of this project as code: its top-level statements by name, and what it imports.

Files are Python, gin files (their imports) and notebooks (their code cells), named relative to the
folder that holds the package and ``gin/``. Nothing is imported or run.
"""

from __future__ import annotations

import ast
import functools
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jtfs_repro import gin_files
from jtfs_repro.gin_files import is_gin, path_of

PACKAGE = "jtfs_repro"
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

    definitions: Mapping[str, ast.stmt]  # functions and classes
    statements: Mapping[str, list[Statement]]
    imports: Mapping[str, Place]
    files: tuple[str, ...]  # that importing it reads, `__init__.py` of packages included


def closure(files: Iterable[str | Path], *, root: str | Path = ".") -> list[str]:
    """Return ``files`` and all they import or include, relative to ``root``, sorted.

    Imports are found anywhere in a file, those under ``if TYPE_CHECKING`` excepted. The
    ``__init__.py`` of every package on the way counts, as Python runs it.
    """
    root = Path(root).absolute()
    waiting, found = [Path(file).as_posix() for file in files], set()
    while waiting:
        file = waiting.pop()
        if file not in found and os.path.isfile(path_of(root / file)):
            found.add(file)
            waiting += module_of(file, root).files
    return sorted(found)


def module_of(file: str, root: Path) -> Module:
    """Return what a file holds, read once as long as its date and size stay the same."""
    facts = os.stat(path_of(root / file))
    return _read(file, root, facts.st_mtime_ns, facts.st_size)


@functools.cache
def _read(file: str, root: Path, *_: int) -> Module:
    tree = ast.parse(_python_of(root / file), filename=file)
    nodes = [node for node in body_of(tree) for node in _at_runtime(node)]
    imports: dict[str, Place] = {}
    for node in nodes:
        imports |= _imports_of(node, file, root)
    own = {name: (file, name) for node in nodes for name in _bound(node)}
    statements: dict[str, list[Statement]] = {}
    for node in nodes:
        if not isinstance(node, _IMPORTS):
            names = frozenset(_names(node, file, root, own | imports))
            statement = Statement(text=repr(shape(node)), names=names)
            for name in _keys(node, own | imports):
                statements.setdefault(name, []).append(statement)
    included = gin_files.includes(root / file) if is_gin(file) else []
    files = [f"gin/{name}" for name in included]
    for name in _modules(tree, file):  # importing a.b.c runs a and a.b as well
        parts = name.split(".")
        for depth in range(len(parts)):
            files += _files_of(".".join(parts[: depth + 1]), root)
    return Module(
        definitions={node.name: node for node in nodes if isinstance(node, _DEFINITIONS)},
        statements=statements,
        imports=imports,
        files=tuple(dict.fromkeys(files)),
    )


def _python_of(path: Path) -> str:
    """Return the Python of a file: what a gin file imports, the code cells of a notebook."""
    if is_gin(path):
        return gin_files.imports(path)
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    lines = [line for cell in cells for line in "".join(cell["source"]).splitlines()]
    return "\n".join(line for line in lines if not line.startswith(("%", "!")))  # shell's magic


# ---- imports ----


def _modules(tree: ast.AST, file: str) -> Iterator[str]:
    """Yield the modules that a file may import; of ``from a import b`` both ``a`` and ``a.b``."""
    for node in ast.iter_child_nodes(tree):
        for part in _at_runtime(node):
            if isinstance(part, ast.Import):
                yield from (alias.name for alias in part.names)
            elif isinstance(part, ast.ImportFrom):
                base = _base_of(part, file)
                yield base
                yield from (f"{base}.{alias.name}" for alias in part.names)
            else:
                yield from _modules(part, file)


def _at_runtime(node: Any) -> Iterator[Any]:
    """Yield the node, or of ``if TYPE_CHECKING`` what Python runs."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        for part in node.orelse:
            yield from _at_runtime(part)
    else:
        yield node


def _base_of(node: ast.ImportFrom, file: str) -> str:
    """Return the module, as an absolute name, from which a statement of a file imports."""
    parts = Path(file).parent.parts
    package = parts[: len(parts) - node.level + 1] if node.level else ()
    return ".".join([*package, *([node.module] if node.module else [])])


def _files_of(module: str, root: Path) -> list[str]:
    stem = Path(*module.split("."))
    files = (stem.with_suffix(".py"), stem / "__init__.py")
    is_own = stem.parts[:1] == (PACKAGE,)
    return [file.as_posix() for file in files if is_own and (root / file).is_file()]


def file_of(module: str, root: Path) -> str | None:
    """Return the file of a module, None if it is none of the project's."""
    return next(iter(_files_of(module, root)), None)


def _imports_of(node: ast.AST, file: str, root: Path) -> dict[str, Place]:
    """Return local name -> place for what one import binds of the project."""
    found: dict[str, Place] = {}
    if isinstance(node, ast.Import):
        for alias in node.names:
            if where := file_of(alias.name, root):
                found[alias.asname or alias.name.partition(".")[0]] = (where, EVERYTHING)
    elif isinstance(node, ast.ImportFrom):
        base = _base_of(node, file)
        for alias in node.names:
            if where := file_of(f"{base}.{alias.name}", root):
                found[alias.asname or alias.name] = (where, EVERYTHING)
            elif where := file_of(base, root):
                found[alias.asname or alias.name] = (where, alias.name)
    return found


# ---- statements ----


def shape(node: Any) -> Any:
    """Return a syntax tree as nested lists, without docstrings and empty fields.

    Unlike `ast.dump` it does not differ between versions of Python that only add fields.
    """
    if isinstance(node, list):
        return [shape(child) for child in node]
    if not isinstance(node, ast.AST):
        return node
    parts = {name: getattr(node, name, None) for name in node._fields}
    if isinstance(node, _DOCUMENTED):
        parts["body"] = body_of(node)
    values = [(name, shape(part)) for name, part in parts.items()]
    return [type(node).__name__, *(pair for pair in values if pair[1] not in (None, []))]


def body_of(node: Any) -> list[ast.stmt]:
    """Return the statements of a module, class or function, without its docstring."""
    is_documented = ast.get_docstring(node, clean=False) is not None
    return node.body[1:] if is_documented else node.body


def _bound(node: ast.stmt) -> list[str]:
    """Return the names that a definition or a plain assignment binds."""
    if isinstance(node, _DEFINITIONS):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
    parts = [part for target in targets for part in _targets(target)]
    names = [part.id for part in parts if isinstance(part, ast.Name)]
    return names if len(names) == len(parts) else []  # an attribute or an item: it runs in any case


def _targets(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.Tuple | ast.List):
        for part in node.elts:
            yield from _targets(part)
    else:
        yield node


def _keys(node: ast.stmt, known: Mapping[str, Place]) -> list[str]:
    """Return the names under which a statement is reached; what is decorated may be noted."""
    parts = [p for decorator in getattr(node, "decorator_list", []) for p in ast.walk(decorator)]
    is_noted = any(isinstance(part, ast.Name) and part.id in known for part in parts)
    names = _bound(node)
    return [*names, ALWAYS] if is_noted or not names else names


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
