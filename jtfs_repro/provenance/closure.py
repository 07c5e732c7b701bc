"""Which files of this project a script or a gin file reads when it runs, found without running it.

Snakemake reruns a job when one of its inputs changes. With these files as inputs, editing a module
reruns exactly the stages that import it.
"""

from __future__ import annotations

import ast
import functools
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeGuard

from jtfs_repro import gin_files

PACKAGE = "jtfs_repro"


def closure(files: Iterable[str | Path], *, root: str | Path = ".") -> list[str]:
    """Return ``files`` and all they import or include, relative to ``root``, sorted.

    Parameters
    ----------
    files : iterable of path
        Python files, gin files or notebooks below ``root``.
    root : path
        The folder that holds the package and ``gin/``.

    Notes
    -----
    Imports are found anywhere in a file, those under ``if TYPE_CHECKING`` excepted. The
    ``__init__.py`` of every package on the way counts, as Python runs it.
    """
    root = Path(root).absolute()
    waiting = [Path(file) for file in files]
    found: set[Path] = set()
    while waiting:
        file = waiting.pop()
        if file not in found and os.path.isfile(gin_files.path_of(root / file)):
            found.add(file)
            facts = os.stat(gin_files.path_of(root / file))
            waiting += _known_neighbours(file, root, facts.st_mtime_ns, facts.st_size)
    return sorted(path.as_posix() for path in found)


@functools.cache
def _known_neighbours(file: Path, root: Path, *_: int) -> list[Path]:
    """Return `_neighbours`, found once as long as the file's date and size stay the same."""
    return list(_neighbours(file, root))


def _neighbours(file: Path, root: Path) -> Iterator[Path]:
    if gin_files.is_gin(file):
        yield from (Path("gin", name) for name in gin_files.includes(root / file))
    for name in _imports(ast.parse(python_of(root / file), filename=str(file)), file):
        yield from _files(name, root)


def python_of(path: Path) -> str:
    """Return the Python of a file: what a gin file imports, the code cells of a notebook."""
    if gin_files.is_gin(path):
        return gin_files.imports(path)
    text = path.read_text(encoding="utf-8")
    return "\n".join(_code_lines(text)) if path.suffix == ".ipynb" else text


def _code_lines(text: str) -> Iterator[str]:
    """Yield the lines of Python in a notebook, without the shell's magic."""
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] == "code":
            lines = "".join(cell["source"]).splitlines()
            yield from (line for line in lines if not line.startswith(("%", "!")))


def _imports(tree: ast.AST, file: Path) -> Iterator[str]:
    """Yield dotted names; of ``from a import b`` both ``a`` and ``a.b``, which may be a module."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = base_of(node, file)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif is_type_checking(node):
            for child in node.orelse:
                yield from _imports(ast.Module(body=[child], type_ignores=[]), file)
        else:
            yield from _imports(node, file)


def base_of(node: ast.ImportFrom, file: Path) -> str:
    """Return the module, as an absolute name, from which a statement of a file imports."""
    package = file.parent.parts[: len(file.parent.parts) - node.level + 1] if node.level else ()
    return ".".join([*package, *([node.module] if node.module else [])])


def is_type_checking(node: ast.AST) -> TypeGuard[ast.If]:
    """Return whether a statement is ``if TYPE_CHECKING``."""
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _files(name: str, root: Path) -> Iterator[Path]:
    """Yield the files that importing ``name`` runs, if it belongs to the project."""
    parts = name.split(".")
    if parts[0] != PACKAGE:
        return
    for depth in range(1, len(parts) + 1):
        stem = Path(*parts[:depth])
        yield from (
            p for p in (stem / "__init__.py", stem.with_suffix(".py")) if (root / p).exists()
        )
