"""Figures from tables and arrays, never from raw audio."""

import contextlib
import importlib
import os

from jtfs_repro.extras import need

need(__name__, "plots", "PIL", "matplotlib")
_backend = os.environ.pop("MPLBACKEND", None)  # one that is not there would be a traceback
try:
    _matplotlib = importlib.import_module("matplotlib")
except UnicodeDecodeError as error:
    raise ImportError(f"matplotlibrc must be UTF-8: {error}") from None
if _backend is not None:
    os.environ["MPLBACKEND"] = _backend
    with contextlib.suppress(ValueError):
        _matplotlib.rcParams["backend"] = _backend
