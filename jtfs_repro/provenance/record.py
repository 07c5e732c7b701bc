"""Sidecars: for every array, table, figure and sound, the JSON that says how it was made.

``results/demo/cost.csv`` has ``results/demo/cost.csv.provenance.json`` with the commit, the script
and its arguments, the settings in effect, the hashes of everything that was read and of the file
itself, versions, machine, threads, seeds, wall time and memory. `config.run_script` writes them
when a script has finished.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jtfs_repro import devices, io, journal, layout
from jtfs_repro.layout import PROJECT, SUFFIX, StrPath
from jtfs_repro.provenance import environment
from jtfs_repro.provenance.reached import code_sha256

_STAMP = ("scale", "preset", "variant")
_SEED = re.compile(r"^(?:[\w./@]*\.)?(\w*seeds?) = (.+)$", re.MULTILINE)


class Clock:
    """Wall and processor time of a script, from its construction on."""

    def __init__(self) -> None:
        self.started = datetime.now(UTC)
        self._wall_s = time.perf_counter()

    def read(self) -> dict[str, Any]:
        """Return start, wall and processor seconds, and peak memory in MB."""
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        on_gpu = devices.peak_memory_bytes("cuda") if devices.has_used_gpu() else None
        return {
            "started": self.started.isoformat(timespec="milliseconds"),
            "wall_s": round(time.perf_counter() - self._wall_s, 3),
            "cpu_s": round(sum(u.ru_utime + u.ru_stime for u in used), 3),
            "peak_memory_mb": round(devices.peak_memory_bytes() / 2**20, 1),
            "gpu_peak_memory_mb": None if on_gpu is None else round(on_gpu / 2**20, 1),
        }


def write_sidecars(
    options: argparse.Namespace, *, gin_files: Mapping[str, str], operative_gin: str, clock: Clock
) -> None:
    """Write a sidecar for every output that this process wrote and that is still there.

    Scale, preset and variant are the script's ``options``, or else those of what was read.
    ``gin_files`` are path -> SHA-256, ``clock`` was started with the script.
    """
    written = [name for name in journal.JOURNAL.outputs if not name.endswith(SUFFIX)]
    known = [name for name in written if name.lower().endswith(layout.RECORDED)]
    outputs = [name for name in known if os.path.isfile(name)]
    if not outputs:
        return
    common = {
        **_stamp(options),
        "device": "cuda" if devices.has_used_gpu() else "cpu",
        "script": _script(options),
        "stage": getattr(options, "stage", ""),
        "arguments": sys.argv[1:],
        "code": code(),
        "gin_files": dict(gin_files),
        "operative_gin": operative_gin,
        "inputs": _inputs(),
        "outputs": outputs,
        **environment.environment(),
        "threads": environment.threads(),
        "seeds": seeds(options, operative_gin),
        **clock.read(),
    }
    for name in outputs:
        own = {"file": name, "sha256": journal.known_sha256(name), "bytes": os.path.getsize(name)}
        io.save_json(layout.sidecar_of(name), own | common)


def load_sidecar(path: StrPath) -> dict[str, Any] | None:
    """Return the sidecar of a file, None if it has none; `FileError` if it cannot be read."""
    sidecar = layout.sidecar_of(path)
    return io.load_json(sidecar) if sidecar.is_file() else None


def _inputs() -> dict[str, str]:
    """Return the data that were read: neither gin files nor sidecars."""
    found = journal.JOURNAL.inputs.items()
    return {n: digest for n, digest in found if not n.endswith((".gin", SUFFIX))}


def _stamp(options: argparse.Namespace) -> dict[str, str]:
    own = {name: getattr(options, name, "") or "" for name in _STAMP}
    if any(own.values()):
        return own
    read = [found for name in _inputs() if (found := load_sidecar(name))]
    values = {name: sorted({str(f.get(name, "")) for f in read} - {""}) for name in _STAMP}
    return {name: "+".join(found) for name, found in values.items()}


def code() -> dict[str, Any]:
    """Return the project's files that this process imported, and their digest."""
    modules = [m for name, m in sys.modules.items() if name.split(".")[0] == "jtfs_repro"]
    paths = {getattr(m, "__file__", None) for m in [*modules, sys.modules["__main__"]]}
    known = {Path(os.path.abspath(path)) for path in paths if path}
    files = sorted(p.relative_to(PROJECT).as_posix() for p in known if p.is_relative_to(PROJECT))
    return {"sha256": code_sha256(files), "files": files}


def seeds(options: argparse.Namespace, operative_gin: str) -> dict[str, str]:
    """Return every seed: those of the settings in effect and the script's own ``--seed``."""
    found = {name: value.strip() for name, value in _SEED.findall(operative_gin)}
    given = getattr(options, "seed", None)
    return found if given is None else found | {"--seed": str(given)}


def _script(options: argparse.Namespace) -> str:
    """Return the path of the stage or script, relative to the project if it belongs to it."""
    if told := getattr(options, "script", ""):
        return told
    path = Path(os.path.abspath(sys.argv[0]))
    return path.relative_to(PROJECT).as_posix() if path.is_relative_to(PROJECT) else path.name
