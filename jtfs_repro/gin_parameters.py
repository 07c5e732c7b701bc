"""Which parameters a gin file may set, read from the code without importing it."""

from __future__ import annotations

import ast
import difflib
import functools
from collections.abc import Iterable
from pathlib import Path

from gin.config_parser import BindingStatement, ImportStatement

from jtfs_repro import gin_files
from jtfs_repro.provenance.modules import EVERYTHING, PACKAGE, file_of, module_of

Definition = ast.FunctionDef | ast.ClassDef
_DYNAMIC = "__gin__.dynamic_registration"


def check(name: gin_files.Name, *, root: Path) -> None:
    """Refuse a module, class, function or parameter of this project that does not exist.

    `SyntaxError`: file, line, what was meant. What cannot be told without running code passes.
    """
    modules: dict[str, str] = {}
    for statement in gin_files.statements(name):
        try:
            if isinstance(statement, ImportStatement):
                _check_import(statement, modules, root)
            elif isinstance(statement, BindingStatement) and statement.arg_name:
                _check_binding(statement, modules, root)
        except LookupError as error:
            place = (gin_files.path_of(name), statement.location.line_num, 0, "")
            raise SyntaxError(error.args[0], place) from None


def _check_import(statement: ImportStatement, modules: dict[str, str], root: Path) -> None:
    module = statement.module
    if module == _DYNAMIC or module.partition(".")[0] != PACKAGE:
        return
    if file_of(module, root) is None:
        package, _, last = module.rpartition(".")
        folder = root / package.replace(".", "/")
        beside = [path.stem for path in folder.glob("[a-z]*")] if folder.is_dir() else []
        raise LookupError(f"no module {module}{_meant(last, beside)}")
    if statement.is_from or statement.alias:
        modules[statement.bound_name()] = module


def _check_binding(statement: BindingStatement, modules: dict[str, str], root: Path) -> None:
    first, _, name = statement.selector.partition(".")
    if first not in modules or not name or "." in name:
        return
    file = file_of(modules[first], root)
    found = _definition(file, name, root)
    if found is None:
        module = module_of(file or "", root)
        if name in module.statements or name in module.imports:
            return
        meant = _meant(name, [*module.statements, *module.imports])
        raise LookupError(f"{modules[first]} has no class or function {name}{meant}")
    known = _parameters(*found, root)
    if known is not None and statement.arg_name not in known:
        meant = _meant(statement.arg_name, known)
        raise LookupError(f"{statement.selector} has no parameter {statement.arg_name}{meant}")


def _meant(name: str, known: Iterable[str]) -> str:
    """Return which of the known names look like the one given."""
    by_small = {other.lower(): other for other in known}
    close = difflib.get_close_matches(name.lower(), by_small, n=3, cutoff=0.5)
    return f" ({', '.join(by_small[other] for other in close)}?)" if close else ""


def _definition(file: str | None, name: str, root: Path) -> tuple[str, Definition] | None:
    """Return the file and the definition that a name of a file leads to, None if not found."""
    if file is None or name == EVERYTHING:
        return None
    path = root / file
    node = _definitions(path, path.stat().st_mtime_ns).get(name)
    if node is not None:
        return file, node
    place = module_of(file, root).imports.get(name)
    return _definition(*place, root) if place else None


@functools.cache
def _definitions(path: Path, _: int) -> dict[str, Definition]:
    body = ast.parse(path.read_bytes()).body
    return {n.name: n for n in body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}


def _parameters(file: str, node: Definition, root: Path) -> set[str] | None:
    """Return the names that a call takes, None if any, or not known."""
    if isinstance(node, ast.FunctionDef):
        arguments = node.args
        if arguments.kwarg is not None:
            return None
        return {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    own = next((n for n in node.body if getattr(n, "name", "") == "__init__"), None)
    if isinstance(own, ast.FunctionDef):
        known = _parameters(file, own, root)
        return None if known is None else known - {own.args.args[0].arg}
    if _is_dataclass(node):
        return _fields(file, node, root)
    found = [_base(file, base, root) for base in node.bases]
    return _parameters(*found[0], root) if found and found[0] else None


def _fields(file: str, node: Definition, root: Path) -> set[str]:
    """Return the fields of a dataclass, those of its bases in this project included."""
    assert isinstance(node, ast.ClassDef)
    names: set[str] = set()
    for n in node.body if _is_dataclass(node) else []:
        if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name):
            is_argument = "ClassVar" not in (text := ast.unparse(n)) and "init=False" not in text
            names |= {n.target.id} if is_argument else set()
    for base in node.bases:
        found = _base(file, base, root)
        names |= _fields(*found, root) if found else set()
    return names - {"_"}


def _is_dataclass(node: ast.ClassDef) -> bool:
    return any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list)


def _base(file: str, base: ast.expr, root: Path) -> tuple[str, Definition] | None:
    first, _, name = ast.unparse(base).partition(".")
    place = module_of(file, root).imports.get(first) if name else (file, first)
    return _definition(place[0], name or first, root) if place else None
