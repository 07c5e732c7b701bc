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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from gin import config as gin_config
from gin import config_parser

from jtfs_repro import gin_files

PACKAGE = "jtfs_repro"
SUBPACKAGES = (
    *("datasets", "features", "metrics", "models", "plots", "resynthesis", "scattering"),
    *("site", "sounds", "studies", "training", "verdicts"),
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
class _Step:
    """What one statement of a gin file does, as far as it matters here."""

    file: str
    line: int
    kind: str  # 'import', 'include', 'use' (a setting of it), 'reference' (@, called or passed on)
    name: str  # that it binds, includes or uses
    module: str = ""  # that it imports
    is_whole: bool = False  # `import a.b` binds a, not a.b

    def refuse(self, what: str, remedy: str) -> NoReturn:
        place = (gin_files.path_of(self.file), self.line, None, None)
        raise Untrusted(f"{what} ({remedy})", place)


def check(file: str | os.PathLike[str]) -> list[str]:
    """Refuse a gin file, or ``PATH:STAGE``, that would do more than set parameters of this project.

    Return its path and those of all that it includes, which is checked as well. `Untrusted` names
    file, line and remedy; `SyntaxError`, `ValueError`: it is not gin. Set gin's search path first.
    """
    files = _read_all(os.fspath(file), [], Path(gin_files.path_of(file)).resolve().parent)
    imports = [step for _, steps in files for step in steps if step.kind == "import"]
    for step in imports:
        check_import(step.module, step.refuse)
    for module in dict.fromkeys(step.module for step in imports):
        if _is_below(module, _opted_in()):
            note = f"note: {file}: imports {module}, which {VARIABLE} allows: its code is run"
            print(note, file=sys.stderr)
    for _, steps in files:  # now that its imports are known to be allowed
        _check_uses(steps)
    return [path for path, _ in files]


# ---- what is there ----


def _read_all(path: str, above: list[str], home: Path) -> list[tuple[str, list[_Step]]]:
    """Return (path, steps) of a file and of all that it includes."""
    steps = list(_read(path))
    files, above = [(path, steps)], [*above, os.path.realpath(gin_files.path_of(path))]
    for step in steps:
        if step.kind == "include":
            found = _find(step, home)
            if os.path.realpath(found) in above:
                step.refuse(f"include {step.name!r} leads back to itself", "remove it")
            files += _read_all(found, above, home)
            if len(files) > MAX_FILES:
                step.refuse(f"more than {MAX_FILES} files included", "is one repeated?")
    return files


def _read(path: str) -> Iterator[_Step]:
    """Yield the steps of a file in order."""
    references = gin_files.References()
    for one in gin_files.statements(path, references):
        step = partial(_Step, file=path, line=one.location.line_num)
        if isinstance(one, config_parser.IncludeStatement):
            yield step(kind="include", name=one.filename)
        elif isinstance(one, config_parser.ImportStatement):
            is_whole = not (one.is_from or one.alias)
            name = one.bound_name()
            yield step(kind="import", name=name, module=one.module, is_whole=is_whole)
        elif isinstance(one, config_parser.BlockDeclaration) or one.arg_name:
            yield step(kind="use", name=one.selector)
        yield from (step(kind="reference", name=name) for name in references.taken())


def _find(step: _Step, home: Path) -> str:
    """Return the path of an included file: the one that gin will open."""
    remedy = "write the path of a file below gin/, relative to gin/"
    if os.path.isabs(step.name) or ".." in Path(step.name).parts:
        step.refuse(f"include {step.name!r} leaves its folder", remedy)
    prefixes: Sequence[str] = gin_config._LOCATION_PREFIXES  # what gin searches, in this order
    paths = [os.path.join(prefix, step.name) for prefix in prefixes]
    found = next((path for path in paths if os.path.isfile(path)), None)
    if found is None:  # gin would look among Python's packages next, and import them
        step.refuse(f"Unable to open file: {step.name}", remedy)
    folders = [home, *(Path(prefix).resolve() for prefix in prefixes if Path(prefix).name == "gin")]
    if not any(Path(found).resolve().is_relative_to(folder) for folder in folders):
        step.refuse(f"include {step.name!r} leaves its folder: it is {found}", remedy)
    return found


# ---- what is allowed ----


def allowed_modules() -> tuple[str, ...]:
    """Return the modules that gin files may import, those of JTFS_GIN_MODULES at the end."""
    return (*(f"{PACKAGE}.{name}" for name in SUBPACKAGES), *_opted_in())


def _opted_in() -> list[str]:
    text = os.environ.get(VARIABLE, "")
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{VARIABLE}={text!r} must be module names with commas between them")
    return names


def _is_below(module: str, roots: Sequence[str]) -> bool:
    return any(module == root or module.startswith(f"{root}.") for root in roots)


def check_import(module: str, refuse: Callable[[str, str], NoReturn]) -> None:
    """Refuse, with a reason and a remedy, a module that gin files may not import."""
    if module == _DYNAMIC or _is_below(module, allowed_modules()):
        return
    remedy = f"importing runs its code; if you trust it, set {VARIABLE}={module}"
    if _is_below(module, [PACKAGE]):
        if module != PACKAGE and not _exists(module):
            return  # gin will say so
        remedy = "gin files set parameters of the modules in jtfs_repro/gin_trust.py"
    refuse(f"{module} may not be imported", remedy)


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:
        return False


def _check_uses(steps: Sequence[_Step]) -> None:
    """Follow the file as gin will; where gin will stop with an error of its own, stop as well."""
    symbols: dict[str, Any] = {}
    is_dynamic = False
    for step in steps:
        if step.kind in ("use", "reference") and step.name not in BUILTINS:
            if not is_dynamic:
                remedy = "begin the file with: from __gin__ import dynamic_registration"
                step.refuse(f"{step.name} is not known here", remedy)
            _check_use(step, symbols)
        elif step.kind == "import" and step.module == _DYNAMIC:
            is_dynamic = True
        elif step.kind == "import":
            try:
                module = importlib.import_module(step.module)
            except ImportError:
                return
            symbols[step.name] = sys.modules[step.name] if step.is_whole else module


def _check_use(step: _Step, symbols: dict[str, Any]) -> None:
    """Refuse what is not defined in an allowed module, and functions after @."""
    first, *names = step.name.split(".")
    if first == "gin":
        step.refuse(f"{step.name} may not be used", f"only {', '.join(BUILTINS)}")
    if first not in symbols:
        return  # gin will say so
    target, remedy = symbols[first], "name a class or function of an imported module"
    for name in names:
        if not inspect.ismodule(target):
            kind = type(target).__name__
            step.refuse(f"{step.name} leads into the attributes of a {kind}", remedy)
        if not hasattr(target, name):
            return  # gin will say so
        target = getattr(target, name)
    if not (inspect.isclass(target) or inspect.isfunction(target)):
        step.refuse(f"{step.name} is a {type(target).__name__}", remedy)
    home = target.__module__
    if not _is_below(home, allowed_modules()):
        remedy = "gin files set parameters of what an imported module defines"
        step.refuse(f"{step.name} belongs to {home}", remedy)
    is_known = inspect.isclass(target) or f"{home}.{target.__qualname__}" in FUNCTIONS
    if step.kind == "reference" and _is_below(home, [PACKAGE]) and not is_known:
        remedy = "@ is for classes; a function must be in FUNCTIONS of jtfs_repro/gin_trust.py"
        step.refuse(f"@{step.name} is a function of {home}", remedy)
