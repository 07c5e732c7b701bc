"""Which files of this project a script or a gin file reads when it runs, found without running it.

Snakemake reruns a job when one of its inputs changes. With these files as inputs, editing a module
reruns exactly the stages that import it.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKAGE = "jtfs_repro"
_GIN_IMPORT = re.compile(r"^\s*(?:import|from)\s.*$", re.MULTILINE)
_GIN_INCLUDE = re.compile(r"^\s*include\s+['\"]([^'\"]+)['\"]", re.MULTILINE)


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
    root = Path(root)
    waiting = [Path(file) for file in files]
    found: set[Path] = set()
    while waiting:
        file = waiting.pop()
        if file not in found and (root / file).is_file():
            found.add(file)
            waiting += _neighbours(file, (root / file).read_text(encoding="utf-8"), root)
    return sorted(path.as_posix() for path in found)


def _neighbours(file: Path, text: str, root: Path) -> Iterator[Path]:
    if file.suffix == ".gin":
        yield from (Path("gin", name) for name in _GIN_INCLUDE.findall(text))
        text = "\n".join(line.strip() for line in _GIN_IMPORT.findall(text))
    elif file.suffix == ".ipynb":
        text = "\n".join(_code_lines(text))
    for name in _imports(ast.parse(text, filename=str(file)), file):
        yield from _files(name, root)


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
            base = _base(node, file)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif _is_type_checking(node):
            for child in node.orelse:
                yield from _imports(ast.Module(body=[child], type_ignores=[]), file)
        else:
            yield from _imports(node, file)


def _base(node: ast.ImportFrom, file: Path) -> str:
    package = file.parent.parts[: len(file.parent.parts) - node.level + 1] if node.level else ()
    return ".".join([*package, *([node.module] if node.module else [])])


def _is_type_checking(node: ast.AST) -> bool:
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


def code_digest(files, *, root="."):
    """Return one SHA-256 over names and contents, comments and docstrings of Python aside."""
    import hashlib

    total = hashlib.sha256()
    for name in files:
        if name.endswith(".gin"):
            continue
        total.update(f"{name} {_normalised(str(Path(root, name)))}\n".encode())
    return total.hexdigest()[:16]


import functools


@functools.cache
def _normalised(path):
    import hashlib

    text = Path(path).read_text(encoding="utf-8")
    if path.endswith(".py"):
        tree = ast.parse(text)
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list) and body and isinstance(body[0], ast.Expr) and isinstance(getattr(body[0], "value", None), ast.Constant) and isinstance(body[0].value.value, str):
                del body[0]
        text = ast.dump(tree)
    return hashlib.sha256(text.encode()).hexdigest()
