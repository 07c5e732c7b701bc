"""Which parameters a gin file may set, read from the code without importing it."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from gin.config_parser import BindingStatement, ImportStatement, IncludeStatement

from jtfs_repro import gin_files, gin_trust
from jtfs_repro.provenance.modules import EVERYTHING, PACKAGE, file_of, module_of

Definition = ast.FunctionDef | ast.ClassDef
_DYNAMIC = "__gin__.dynamic_registration"


def check(name: gin_files.Name, *, root: Path) -> None:
    """Refuse what is not there: an included file, a module, class, function or parameter.

    `SyntaxError`: file, line, what was meant. What cannot be told without running code passes.
    """
    modules: dict[str, str] = {}
    references = gin_files.References()
    for statement in gin_files.statements(name, references):
        try:
            if isinstance(statement, ImportStatement):
                _check_import(statement, modules, root)
            elif isinstance(statement, IncludeStatement):
                folders = (Path(), root / "gin", Path(gin_files.path_of(name)).parent)
                if not any((folder / statement.filename).is_file() for folder in folders):
                    raise LookupError(f"no file {statement.filename} (relative to gin/)")
            elif isinstance(statement, BindingStatement) and statement.arg_name:
                _check_parameter(statement, modules, root)
            for referred in references.taken():
                _defined(referred, modules, root)
        except LookupError as error:
            place = (gin_files.path_of(name), statement.location.line_num, 0, "")
            raise SyntaxError(error.args[0], place) from None


def _check_import(statement: ImportStatement, modules: dict[str, str], root: Path) -> None:
    module = statement.module
    if module == _DYNAMIC:
        return
    if module.partition(".")[0] == PACKAGE and file_of(module, root) is None:
        package, _, last = module.rpartition(".")
        folder = root / package.replace(".", "/")
        beside = [path.stem for path in folder.glob("[a-z]*")] if folder.is_dir() else []
        raise LookupError(f"no module {module}{_meant(last, beside)}")
    gin_trust.check_import(module, _refuse)
    is_one = statement.is_from or statement.alias
    modules[statement.bound_name() if is_one else module.partition(".")[0]] = module


def _refuse(what: str, remedy: str) -> NoReturn:
    raise LookupError(f"{what} ({remedy})")


def _check_parameter(statement: BindingStatement, modules: dict[str, str], root: Path) -> None:
    found = _defined(statement.selector, modules, root)
    known = _parameters(*found, root) if found else None
    if known is not None and statement.arg_name not in known:
        meant = _meant(statement.arg_name, known)
        raise LookupError(f"{statement.selector} has no parameter {statement.arg_name}{meant}")


def _defined(selector: str, modules: dict[str, str], root: Path) -> tuple[str, Definition] | None:
    """Return the definition of ``module.name``, None where it cannot be told."""
    first, _, name = selector.partition(".")
    if first == "gin":
        return None
    if first not in modules:
        meant = _meant(first, modules)
        raise LookupError(f"{selector}: {first} is not imported in this file{meant}")
    file = file_of(modules[first], root)
    if file is None or not name or "." in name:
        return None
    found, module = _definition(file, name, root), module_of(file, root)
    if found is None and name not in module.statements and name not in module.imports:
        meant = _meant(name, [*module.statements, *module.imports])
        raise LookupError(f"{modules[first]} has no class or function {name}{meant}")
    return found


def _meant(name: str, known: Iterable[str]) -> str:
    """Return which of the known names look like the one given."""
    by_small = {other.lower(): other for other in known}
    close = difflib.get_close_matches(name.lower(), by_small, n=3, cutoff=0.5)
    return f" ({', '.join(by_small[other] for other in close)}?)" if close else ""


def _definition(file: str | None, name: str, root: Path) -> tuple[str, Definition] | None:
    """Return the file and the definition that a name of a file leads to, None if not found."""
    if file is None or name == EVERYTHING:
        return None
    module = module_of(file, root)
    node = module.definitions.get(name)
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return file, node
    place = module.imports.get(name)
    return _definition(*place, root) if place else None


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
