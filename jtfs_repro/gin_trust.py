"""What a gin file may do, checked before gin imports anything: importing a module runs its code.

A gin file sets parameters of this project's functions and classes and builds objects of its
classes. `check` reads the file and its includes with gin's own parser, which runs nothing, and
refuses all else:

- imports of other modules than those of `SUBPACKAGES`;
- names that lead out of them (``@figures.io.remove_folder()``) or deeper than one name into them;
- functions called or passed on by ``@``, `FUNCTIONS` excepted: ``@`` is for classes, so that no
  gin file can have a function run that writes files;
- includes that are neither below ``gin/`` nor in the file's own folder.

Modules of others are let in by the user alone: ``JTFS_GIN_MODULES=mypackage,other``. That is said
on stderr.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from gin import config as gin_config
from gin import config_parser

from jtfs_repro import gin_files

PACKAGE = "jtfs_repro"
SUBPACKAGES = (
    "datasets",
    "features",
    "metrics",
    "models",
    "plots",
    "resynthesis",
    "scattering",
    "site",
    "studies",
    "training",
    "verdicts",
)
FUNCTIONS = (  # those that @ may name
    "jtfs_repro.features.scale_rate.scale_rate",
    "jtfs_repro.training.baselines.fit_linear",
    "jtfs_repro.training.baselines.fit_svm",
)
VARIABLE = "JTFS_GIN_MODULES"
MAX_FILES = 100  # that one file may include
BUILTINS = ("gin.macro", "gin.constant", "gin.singleton")
_DYNAMIC = "__gin__.dynamic_registration"
_NAME = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*")


class Untrusted(SyntaxError):
    """A gin file goes beyond what it may do: ``filename``, ``lineno`` and ``msg`` say where."""


@dataclass(frozen=True, kw_only=True)
class _Import:
    module: str
    name: str  # that it binds
    is_whole: bool  # `import a.b` binds a, not a.b
    line: int


@dataclass(frozen=True, kw_only=True)
class _Use:
    selector: str
    line: int
    is_reference: bool  # @selector, called or passed on


@dataclass(frozen=True, kw_only=True)
class _Include:
    name: str
    line: int


@dataclass(kw_only=True)
class _File:
    """What one gin file does, in order, as far as it matters here."""

    path: str
    steps: list[_Import | _Use | _Include] = field(default_factory=list)

    def imports(self) -> list[_Import]:
        return [step for step in self.steps if isinstance(step, _Import)]


def check(file: str | os.PathLike[str]) -> list[str]:
    """Refuse a gin file, or ``PATH:STAGE``, that would do more than set parameters of this project.

    Return its path and those of all that it includes, which is checked as well. `Untrusted` names
    file, line and remedy; `SyntaxError`, `ValueError`: it is not gin. Set gin's search path first.
    """
    files = _read_all(os.fspath(file), [], Path(gin_files.path_of(file)).resolve().parent)
    for read in files:
        for one in read.imports():
            _check_import(read, one)
    for module in _foreign(files):
        print(f"note: {file}: imports {module}, which {VARIABLE} allows: its code is run",
              file=sys.stderr)  # fmt: skip
    for read in files:  # now that its imports are known to be allowed
        _check_uses(read)
    return [read.path for read in files]


def _refuse(file: _File, line: int, what: str, remedy: str) -> NoReturn:
    raise Untrusted(f"{what} ({remedy})", (gin_files.path_of(file.path), line, None, None))


# ---------------------------------------------------------------------------------- what is there


class _Names(gin_files.Unresolved):
    """Collects the names after @ as well."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def configurable_reference(self, scoped_configurable_name: str, evaluate: bool) -> Any:
        """Note a name."""
        self.names.append(scoped_configurable_name.rsplit("/", 1)[-1])
        return super().configurable_reference(scoped_configurable_name, evaluate)


def _read_all(path: str, above: list[str], home: Path) -> list[_File]:
    file = _read(path)
    files, above = [file], [*above, os.path.realpath(gin_files.path_of(path))]
    for step in file.steps:
        if isinstance(step, _Include):
            found = _find(file, step.name, step.line, home)
            if os.path.realpath(found) in above:
                _refuse(file, step.line, f"include {step.name!r} leads back to itself", "remove it")
            files += _read_all(found, above, home)
            if len(files) > MAX_FILES:
                _refuse(
                    file, step.line, f"more than {MAX_FILES} files included", "is one repeated?"
                )
    return files


def _read(path: str) -> _File:
    file, delegate = _File(path=path), _Names()
    for statement in gin_files.statements(path, delegate):
        _note(file, statement, delegate.names)
        delegate.names.clear()
    return file


def _note(file: _File, statement: Any, references: Sequence[str]) -> None:
    line = statement.location.line_num
    if isinstance(statement, config_parser.IncludeStatement):
        file.steps.append(_Include(name=statement.filename, line=line))
    elif isinstance(statement, config_parser.ImportStatement):
        is_whole = not (statement.is_from or statement.alias)
        name = statement.bound_name()
        file.steps.append(_Import(module=statement.module, name=name, is_whole=is_whole, line=line))
    elif isinstance(statement, config_parser.BlockDeclaration) or statement.arg_name:
        file.steps.append(_Use(selector=statement.selector, line=line, is_reference=False))
    file.steps += [_Use(selector=name, line=line, is_reference=True) for name in references]


def _find(file: _File, name: str, line: int, home: Path) -> str:
    """Return the path of an included file: the one that gin will open."""
    remedy = "write the path of a file below gin/, relative to gin/"
    if os.path.isabs(name) or ".." in Path(name).parts:
        _refuse(file, line, f"include {name!r} leaves its folder", remedy)
    prefixes: Sequence[str] = gin_config._LOCATION_PREFIXES  # what gin searches, in this order
    found = next((p for x in prefixes if os.path.isfile(p := os.path.join(x, name))), None)
    if found is None:  # gin would look among Python's packages next, and import them
        _refuse(file, line, f"Unable to open file: {name}", remedy)
    folders = [home, *(Path(prefix).resolve() for prefix in prefixes if Path(prefix).name == "gin")]
    if not any(Path(found).resolve().is_relative_to(folder) for folder in folders):
        _refuse(file, line, f"include {name!r} leaves its folder: it is {found}", remedy)
    return found


# -------------------------------------------------------------------------------- what is allowed


def allowed_modules() -> tuple[str, ...]:
    """Return the modules that gin files may import, those of JTFS_GIN_MODULES at the end."""
    own = [f"{PACKAGE}.{name}" for name in SUBPACKAGES]
    return (*own, *_opted_in())


def _opted_in() -> list[str]:
    text = os.environ.get(VARIABLE, "")
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{VARIABLE}={text!r} must be module names with commas between them")
    return names


def _is_below(module: str, roots: Sequence[str]) -> bool:
    return any(module == root or module.startswith(f"{root}.") for root in roots)


def _check_import(file: _File, one: _Import) -> None:
    if one.module == _DYNAMIC or _is_below(one.module, allowed_modules()):
        return
    if one.module.startswith(f"{PACKAGE}.") and not _exists(one.module):
        return  # gin will say so
    if _is_below(one.module, [PACKAGE]):
        remedy = "gin files set parameters of the modules in jtfs_repro/gin_trust.py"
    else:
        remedy = f"importing runs its code; if you trust it, set {VARIABLE}={one.module}"
    _refuse(file, one.line, f"{one.module} may not be imported", remedy)


def _foreign(files: Sequence[_File]) -> list[str]:
    modules = [one.module for file in files for one in file.imports()]
    return [name for name in dict.fromkeys(modules) if _is_below(name, _opted_in())]


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:
        return False


def _check_uses(file: _File) -> None:
    """Follow the file as gin will; where gin will stop with an error of its own, stop as well."""
    symbols: dict[str, Any] = {}
    is_dynamic = False
    for step in file.steps:
        if isinstance(step, _Use):
            if not is_dynamic and step.selector not in BUILTINS:
                what, first = f"{step.selector} is not known here", "dynamic_registration"
                _refuse(file, step.line, what, f"begin the file with: from __gin__ import {first}")
            _check_use(file, step, symbols)
        elif isinstance(step, _Import) and step.module == _DYNAMIC:
            is_dynamic = True
        elif isinstance(step, _Import):
            try:
                module = importlib.import_module(step.module)
            except ImportError:
                return
            symbols[step.name] = sys.modules[step.name] if step.is_whole else module


def _check_use(file: _File, use: _Use, symbols: dict[str, Any]) -> None:
    if use.selector in BUILTINS:
        return
    first, *names = use.selector.split(".")
    if first == "gin":
        _refuse(file, use.line, f"{use.selector} may not be used", f"only {', '.join(BUILTINS)}")
    if first not in symbols:
        return  # gin will say so
    target = symbols[first]
    for name in names:
        if not inspect.ismodule(target):
            what = f"{use.selector} leads into the attributes of a {type(target).__name__}"
            _refuse(file, use.line, what, "name a class or function of an imported module")
        if not hasattr(target, name):
            return  # gin will say so
        target = getattr(target, name)
    _check_target(file, use, target)


def _check_target(file: _File, use: _Use, target: Any) -> None:
    """Refuse what is not defined in an allowed module, and functions after @."""
    if not (inspect.isclass(target) or inspect.isfunction(target)):
        what = f"{use.selector} is a {type(target).__name__}"
        _refuse(file, use.line, what, "name a class or function of an imported module")
    home = target.__module__
    if not _is_below(home, allowed_modules()):
        what = f"{use.selector} belongs to {home}"
        _refuse(file, use.line, what, "gin files set parameters of what an imported module defines")
    full = f"{home}.{target.__qualname__}"
    is_own = _is_below(home, [PACKAGE])
    if use.is_reference and is_own and not inspect.isclass(target) and full not in FUNCTIONS:
        what = f"@{use.selector} is a function of {home}"
        remedy = "@ is for classes; a function must be in FUNCTIONS of jtfs_repro/gin_trust.py"
        _refuse(file, use.line, what, remedy)
