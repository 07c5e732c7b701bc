"""Packages beyond torch and NumPy: the extras of ``setup.py`` that bring them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec


def need(room: str, extra: str, *modules: str) -> None:
    """Check that what a room imports is installed, without importing it.

    `ImportError`, one line: the first module that is missing, and the extra that brings it.

    Examples
    --------
    >>> need("jtfs_repro.features", "features", "fourier")
    Traceback (most recent call last):
    ImportError: fourier is needed by jtfs_repro.features: pip install 'jtfs_repro[features]'
    """
    for module in modules:
        if find_spec(module) is None:
            raise ImportError(_line(module, room, extra), name=module)


@contextmanager
def reported() -> Iterator[None]:
    """End a command that imports a missing package with one line that names the extra for all."""
    try:
        yield
    except ImportError as error:
        name = (error.name or "sys").partition(".")[0]
        if name in sys.stdlib_module_names or find_spec(name) is not None:
            raise
        sys.exit(f"error: {_line(name, 'the workflow', 'workflow')}")


def _line(module: str, user: str, extra: str) -> str:
    return f"{module} is needed by {user}: pip install 'jtfs_repro[{extra}]'"
