"""The runner of stages: a command line made from a function's signature.

A stage is a function of a file ``stages.py`` or ``*_stages.py`` of the package that takes nothing
but keywords. Its parameters are the options: ``memory_gb: float = 2.0`` is ``--memory-gb``; a list
takes any number of words, a bool is a switch, a ``Literal`` has choices, and what has no default is
required. Every stage takes ``--gin`` and ``--operative`` as well, see `config.run_script`.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import functools
import importlib
import inspect
import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from jtfs_repro import config, runs

FOLDER = Path(__file__).parent
Stage = Callable[..., None]


def main() -> None:
    """Run the stage that the first word of the command line names."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in files():
        _stop_unknown(name)
    stage = load(name)
    config.run_script(lambda options: call(stage, options), parser(stage))


@functools.cache
def files() -> dict[str, str]:
    """Return stage -> its file, relative to the project, found without importing any."""
    found = {}
    for path in sorted(FOLDER.glob("**/*stages.py")):
        nodes = ast.parse(path.read_text(encoding="utf-8")).body
        stages = [
            node.name for node in nodes if isinstance(node, ast.FunctionDef) and _is_stage(node)
        ]
        found |= dict.fromkeys(stages, str(path.relative_to(FOLDER.parent)))
    return found


def _is_stage(node: ast.FunctionDef) -> bool:
    """Return whether a function takes nothing but keywords."""
    return bool(node.args.kwonlyargs) and not (node.args.args or node.args.vararg)


def load(name: str) -> Stage:
    """Import a stage."""
    module = files()[name].removesuffix(".py").replace("/", ".")
    return getattr(importlib.import_module(module), name)


def parser(stage: Stage) -> argparse.ArgumentParser:
    """Return the parser of a stage's command line.

    Examples
    --------
    >>> parser(load("plot_cqt_chirps")).parse_args(
    ...     "plot_cqt_chirps --run demo --transforms a.npz --figures a.png a.pdf".split()
    ... ).figures
    [PosixPath('a.png'), PosixPath('a.pdf')]
    """
    name = stage.__name__
    arguments = config.parser(inspect.getdoc(stage))
    arguments.prog = f"python -m jtfs_repro {name}"
    arguments.formatter_class = argparse.RawDescriptionHelpFormatter
    arguments.add_argument("stage", choices=[name], metavar=name)
    arguments.set_defaults(script=files()[name])
    hints = get_type_hints(stage)
    for parameter in inspect.signature(stage).parameters.values():
        if parameter.name == "gin":  # a stage may ask for the files that were loaded
            continue
        options = _options(hints[parameter.name])
        if parameter.default is inspect.Parameter.empty:
            options["required"] = True
        else:
            options["default"] = parameter.default
        arguments.add_argument(f"--{parameter.name.replace('_', '-')}", **options)
    return arguments


def call(stage: Stage, options: argparse.Namespace) -> None:
    """Call a stage with its options."""
    if "run" in options:
        vars(options).update(runs.parse_run(options.run))
    stage(**{name: getattr(options, name) for name in inspect.signature(stage).parameters})


def _options(hint: Any) -> dict[str, Any]:
    """Return the arguments of `add_argument` for a type."""
    if get_origin(hint) in (Union, types.UnionType):  # X | None
        hint = next(part for part in get_args(hint) if part is not type(None))
    if hint is bool:
        return {"action": "store_true"}
    if get_origin(hint) is Literal:
        return {"choices": get_args(hint)}
    if get_origin(hint) in (list, Sequence):
        (part,) = get_args(hint)
        return {"nargs": "*", "type": part, "metavar": _kind(part)}
    return {"type": hint, "metavar": _kind(hint)}


def _kind(hint: type) -> str:
    return "FILE" if hint is Path else hint.__name__.upper()


def _stop_unknown(name: str) -> None:
    near = difflib.get_close_matches(name, files(), n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    if name in ("", "-h", "--help"):
        print(__doc__, "\n\nStages:", ", ".join(sorted(files())), file=sys.stderr)
    else:
        print(
            f"error: stage={name!r} must be one of {', '.join(sorted(files()))}{hint}",
            file=sys.stderr,
        )
    sys.exit(config.USAGE_STATUS if name not in ("-h", "--help") else 0)
