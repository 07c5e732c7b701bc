"""Settings from gin files, and the frame shared by all scripts.

Beside `gin_trust`, which reads what a file would do, this is the only file that imports gin.

Every stage reads a stack of gin files: first the published setting
(``gin/<study>/<stage>.gin``), then its section in the files of the chosen preset, scale and
variant, see `gin_files`. A later file overrides an earlier one.
Includes inside a gin file are relative to the folder ``gin/``.
"""

from __future__ import annotations

import argparse
import importlib.util  # noqa: F401  gin 0.5.0 uses it without importing it
import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TypeVar, cast

import gin
from gin import config as gin_config

from jtfs_repro import gin_files, gin_trust, gpu_memory, io
from jtfs_repro.journal import JOURNAL, portable
from jtfs_repro.layout import operative_of
from jtfs_repro.provenance import record

R = TypeVar("R")
OVERRIDES = ("presets", "scale", "variants")  # folders below gin/ that hold no study
USER_ERRORS = (ValueError, TypeError, ImportError, SyntaxError, OSError, io.Unavailable)
GPU_REMEDY = "the GPU's memory is used up: end what else runs there, or device=cpu"
USAGE_STATUS, ERROR_STATUS, INTERRUPTED_STATUS, TERMINATED_STATUS = 2, 1, 130, 143


class ConfigError(ValueError):
    """A gin file is missing or wrong: ``file:line: what``."""


def stack(
    stage: str,
    *,
    preset: str = "paper",
    scale: str = "demo",
    variant: str = "",
    root: str | os.PathLike[str] = "gin",
) -> list[str]:
    """Return the gin files of one stage, in the order of reading; `ConfigError` if it has none.

    >>> stack("jtfs", scale="smoke")  # doctest: +SKIP
    ['gin/chirps/jtfs.gin', 'gin/scale/smoke.gin:jtfs']
    """
    published = _published(root)
    if stage not in published:
        known = ", ".join(sorted(published))
        raise ConfigError(f"{root}/*/{stage}.gin: no such gin file (known: {known})")
    names = [f"presets/{preset}", f"scale/{scale}", *([f"variants/{variant}"] if variant else [])]
    files = filter(os.path.exists, (f"{root}/{name}.gin" for name in names))
    changes = [f"{file}:{stage}" for file in files if stage in gin_files.sections(file)]
    return [published[stage], *changes]


def variants(root: str | os.PathLike[str] = "gin") -> list[str]:
    """Return the names of all variants."""
    return sorted(path.stem for path in Path(root, "variants").glob("*.gin"))


def changed_stages(variant: str, root: str | os.PathLike[str] = "gin") -> set[str]:
    """Return the names of the stages that a variant changes."""
    return set(gin_files.sections(Path(root, "variants", f"{variant}.gin")))


def stages(root: str | os.PathLike[str] = "gin") -> list[str]:
    """Return the names of all stages that have a gin file."""
    return sorted(_published(root))


def _published(root: str | os.PathLike[str]) -> dict[str, str]:
    """Return stage -> its gin file; each name stands once."""
    files = [path for path in Path(root).glob("*/*.gin") if path.parent.name not in OVERRIDES]
    return {path.stem: os.path.join(root, path.parent.name, path.name) for path in sorted(files)}


def load_gin(files: Sequence[str | os.PathLike[str]]) -> list[str]:
    """Forget all settings, then read ``files`` (``PATH`` or ``PATH:STAGE``) in order.

    Return these files and those that they include, each once. `ConfigError`, one line: a file is
    missing, has a syntax error, or names a function or parameter that does not exist.
    """
    gin.clear_config()
    read: dict[str, None] = {}
    for name in [os.fspath(path) for path in files]:
        file = gin_files.path_of(name)
        if not os.path.isfile(file):
            raise ConfigError(f"{file}: no such gin file (check the path)")
        gin_config._LOCATION_PREFIXES[:] = ["", _root(file)]  # those of other files do not count
        try:
            read |= dict.fromkeys(gin_trust.check(name))
            logging.disable(logging.ERROR)  # gin logs the paths that it tried
            gin.parse_config(gin_files.stream(name))
        except Exception as error:
            told = gin_files.explained(name, error) if _is_parsing(error) else error
            raise ConfigError(describe_gin(told, file)) from error
        finally:
            logging.disable(logging.NOTSET)
    return list(read)


def _is_parsing(error: Exception) -> bool:
    """Return whether a file's text is wrong, and not what it asks for."""
    return not isinstance(error, (gin_trust.Untrusted, io.FileError, AttributeError, NameError))


def _root(file: str) -> str:
    """Return the folder ``gin/`` above ``file``, or the file's own folder."""
    parents = Path(file).parents
    return os.fspath(next((p for p in parents if p.name == "gin"), parents[0]))


def describe_gin(error: Exception, file: str = "gin/") -> str:
    """Return gin's message of several lines as ``file:line: what``."""
    if isinstance(error, SyntaxError):
        name = file if error.filename in (None, "<tokenize>") else error.filename
        return f"{name}:{error.lineno or 1}: {error.msg}"
    text = str(error)
    places = re.findall(r'In file "([^"]+)", line (\d+)', text)
    name, line = places[0] if places else (file, "1")
    what = re.sub(r"<module '([\w.]+)' from [^>]+>", r"module \1", text.splitlines()[0])
    return f"{name}:{line}: {what}"


def bound(function: Callable[..., R]) -> Callable[..., R]:
    """Return ``function`` with the settings that :func:`load_gin` read for it."""
    try:
        return cast("Callable[..., R]", gin.get_configurable(function))
    except ValueError:  # no gin file names it: it has no settings yet
        made = gin.external_configurable(function, module=function.__module__)
        return cast("Callable[..., R]", made)


def operative_config() -> str:
    """Return the settings in effect so far, defaults included, as a gin file."""
    return gin.operative_config_str()


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return the argument parser that every script starts from: ``--gin``, ``--operative``."""
    arguments = argparse.ArgumentParser(description=description)
    arguments.add_argument("--gin", nargs="*", default=[], metavar="FILE", help="gin files")
    arguments.add_argument("--operative", metavar="FILE", help="settings in effect (output)")
    return arguments


def run_script(main: Callable[[argparse.Namespace], R], arguments: argparse.ArgumentParser) -> R:
    """Parse the command line, load its gin files, run ``main``, save the settings in effect.

    Return what ``main`` returns.

    Every output gets its sidecar, see `provenance.record`. An error that the user can mend ends as
    one line on stderr, ``error: ...``, with status 1 (2 for a wrong command line);
    ``JTFS_DEBUG=1`` shows the traceback. SIGTERM ends the script in an orderly way, so that
    half-written files are removed.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED_STATUS))
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    options = arguments.parse_args()
    clock = record.Clock()
    try:
        read = {portable(name): gin_files.sha256(name) for name in load_gin(options.gin)}
        found = main(options)
        settings = operative_config()
        for path in operative_files(options):
            io.save_text(path, settings)
        record.write_sidecars(options, gin_files=read, operative_gin=settings, clock=clock)
        return found
    except (*USER_ERRORS, RuntimeError) as error:
        is_memory = gpu_memory.is_exhausted(error)
        is_ours = is_memory or isinstance(error, USER_ERRORS)
        if not is_ours or os.environ.get("JTFS_DEBUG") == "1":
            raise
        what = f"{describe(error)} ({GPU_REMEDY})" if is_memory else describe(error)
        print(f"error: {what}", file=sys.stderr)
        sys.exit(ERROR_STATUS)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED_STATUS)


def operative_files(options: argparse.Namespace) -> list[Path]:
    """Return where the settings in effect are saved: as told, and for every picture made."""
    told = [Path(options.operative)] if options.operative else []
    pictures = {operative_of(name) for name in JOURNAL.outputs if name.startswith("img/")}
    return told + sorted(pictures)


def describe(error: BaseException) -> str:
    """Return an error as one line, without what gin appends to it."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror or type(error).__name__}"
    return (str(error).splitlines() or [type(error).__name__])[0]
