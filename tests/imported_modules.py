"""Print, as JSON, which of the project's files each script imports: script -> paths.

Each script is imported by a process of its own, forked from one that has the libraries: it loads
what it would load alone, of the project, without waiting for theirs.
"""

import contextlib
import importlib
import json
import multiprocessing
import os
import runpy
import sys

LIBRARIES = "numpy torch scipy.signal matplotlib.figure sklearn librosa lightning.pytorch plotly"
PACKAGE = "jtfs_repro"


def imported(script):
    before = set(sys.modules)
    runpy.run_path(script)
    names = [n for n in set(sys.modules) - before if n.split(".")[0] == PACKAGE]
    files = [getattr(sys.modules[name], "__file__", None) for name in names]
    return sorted(os.path.relpath(path) for path in files if path)


if __name__ == "__main__":
    for library in LIBRARIES.split():
        with contextlib.suppress(ImportError):
            importlib.import_module(library)
    fork = multiprocessing.get_context("fork")
    with fork.Pool(1, maxtasksperchild=1) as pool:  # the parent imports nothing of the project
        print(json.dumps(dict(zip(sys.argv[1:], pool.map(imported, sys.argv[1:], 1), strict=True))))
