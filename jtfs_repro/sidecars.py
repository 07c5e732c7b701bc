"""Sidecars: beside every array, table, figure and sound, the JSON that says how it was made.

``results/knn_scores.csv`` has ``results/knn_scores.csv.provenance.json`` with the commit, the
script and its arguments, the settings in effect, the hashes of everything that was read and of the
file itself, versions, machine, threads, seeds, wall time and memory. `config.run_script` writes
them when a script has finished; `scripts/write_manifest.py` gathers those of a run, and
`scripts/verify_results.py` compares them with what is there.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import os
import re
import resource
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jtfs_repro import integrity, io, provenance

ARRAYS, TABLES = (".npy", ".npz", ".pt", ".wav"), (".csv", ".md", ".html", ".json", ".ipynb")
FIGURES = (".png", ".pdf", ".svg", ".gif", ".mp4")
_STAMP = ("scale", "preset", "variant")
_VARIABLES = (  # that change which kernels run, or how memory is given back
    "ATEN_CPU_CAPABILITY",
    "CUBLAS_WORKSPACE_CONFIG",
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TRIM_THRESHOLD_",
    "MKL_CBWR",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_CORETYPE",
    "OPENBLAS_NUM_THREADS",
)
_SEED = re.compile(r"^(?:[\w./@]*\.)?(\w*seeds?) = (.+)$", re.MULTILINE)
_ROOT = Path(__file__).parent.parent


class Clock:
    """Wall and processor time of a script, from its construction on."""

    def __init__(self) -> None:
        self.started = datetime.now(UTC)
        self._wall_s = time.perf_counter()

    def read(self) -> dict[str, Any]:
        """Return start, wall and processor seconds, and peak memory in MB."""
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return {
            "started": self.started.isoformat(timespec="milliseconds"),
            "wall_s": round(time.perf_counter() - self._wall_s, 3),
            "cpu_s": round(sum(u.ru_utime + u.ru_stime for u in used), 3),
            "peak_memory_mb": _peak_memory_mb(),
            "gpu_peak_memory_mb": _gpu_peak_memory_mb(),
        }


def write_sidecars(
    options: argparse.Namespace, *, gin_files: Mapping[str, str], operative_gin: str, clock: Clock
) -> None:
    """Write a sidecar beside every output that this process wrote and that is still there.

    Parameters
    ----------
    options : Namespace
        The script's options; scale, preset and variant are taken from them, else from the sidecars
        of what was read.
    gin_files : mapping
        Path -> SHA-256 of the gin files that were read.
    operative_gin : str
        The settings in effect.
    clock : Clock
        Started when the script was.
    """
    outputs = [name for name in integrity.JOURNAL.outputs if _wants_sidecar(name)]
    if not outputs:
        return
    common = {
        **_stamp(options),
        "device": "cuda" if _has_used_gpu() else "cpu",
        "script": _script(),
        "arguments": sys.argv[1:],
        "commit": commit(),
        "code": code(),
        "gin_files": dict(gin_files),
        "operative_gin": operative_gin,
        "inputs": _inputs(),
        "outputs": outputs,
        "versions": provenance.versions(),
        "hardware": provenance.hardware(),
        "threads": _threads(),
        "variables": {name: os.environ[name] for name in _VARIABLES if name in os.environ},
        "blas": _blas(),
        "seeds": seeds(options, operative_gin),
        **clock.read(),
    }
    for name in outputs:
        own = {
            "file": name,
            "sha256": integrity.known_sha256(name),
            "bytes": os.path.getsize(name),
        }
        io.save_json(integrity.sidecar_of(name), own | common)


def load_sidecar(path: str | os.PathLike[str]) -> dict[str, Any] | None:
    """Return the sidecar of a file, None if it has none; ``FileError`` if it cannot be read."""
    sidecar = integrity.sidecar_of(path)
    return io.load_json(sidecar) if sidecar.is_file() else None


def _wants_sidecar(name: str) -> bool:
    is_known = name.lower().endswith(ARRAYS + TABLES + FIGURES)
    return is_known and not name.endswith(integrity.SUFFIX) and os.path.isfile(name)


def _inputs() -> dict[str, str]:
    """Return the data that were read: neither gin files nor sidecars."""
    found = integrity.JOURNAL.inputs.items()
    return {n: digest for n, digest in found if not n.endswith((".gin", integrity.SUFFIX))}


def _stamp(options: argparse.Namespace) -> dict[str, str]:
    own = {name: getattr(options, name, "") or "" for name in _STAMP}
    if any(own.values()):
        return own
    read = [found for name in _inputs() if (found := load_sidecar(name))]
    values = {name: sorted({str(f.get(name, "")) for f in read} - {""}) for name in _STAMP}
    return {name: "+".join(found) for name, found in values.items()}


@functools.cache
def commit() -> dict[str, Any]:
    """Return `provenance.commit`, asked once per process."""
    return provenance.commit()


def code() -> dict[str, Any]:
    """Return the project's files that this process imported, and one SHA-256 over all of them."""
    modules = [m for name, m in sys.modules.items() if name.split(".")[0] == "jtfs_repro"]
    paths = {getattr(m, "__file__", None) for m in [*modules, sys.modules["__main__"]]}
    known = {Path(os.path.abspath(path)) for path in paths if path}
    files = sorted(p.relative_to(_ROOT).as_posix() for p in known if p.is_relative_to(_ROOT))
    return {"sha256": code_sha256(files), "files": files}


def code_sha256(files: list[str]) -> str | None:
    """Return one SHA-256 over the project's ``files`` (names and contents), None if one is gone."""
    try:
        lines = [f"{integrity.known_sha256(_ROOT / name)}  {name}\n" for name in files]
    except OSError:
        return None
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def seeds(options: argparse.Namespace, operative_gin: str) -> dict[str, str]:
    """Return every seed: those of the settings in effect and the script's own ``--seed``."""
    found = {name: value.strip() for name, value in _SEED.findall(operative_gin)}
    given = getattr(options, "seed", None)
    return found if given is None else found | {"--seed": str(given)}


def _script() -> str:
    """Return the script's path, relative to the project if it belongs to it."""
    path = Path(os.path.abspath(sys.argv[0]))
    return path.relative_to(_ROOT).as_posix() if path.is_relative_to(_ROOT) else path.name


def _threads() -> dict[str, Any]:
    torch = sys.modules.get("torch")
    return {
        "torch": torch.get_num_threads() if torch else None,
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS"),
    }


def _blas() -> list[str]:
    """Return the linear algebra that is loaded; results are the same bytes per kind of kernel."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    found = [f for f in threadpool_info() if f["user_api"] == "blas"]
    kinds = {
        " ".join(str(f.get(name)) for name in ("internal_api", "version", "architecture"))
        for f in found
    }
    return sorted(kinds)


def _has_used_gpu() -> bool:
    torch = sys.modules.get("torch")
    return bool(torch and torch.cuda.is_initialized())


def _peak_memory_mb() -> float | None:
    """Return the peak of this process: rusage would count that of the parent before it forked."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    kilobytes = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return round(int(kilobytes[0]) / 1024, 1) if kilobytes else None


def _gpu_peak_memory_mb() -> float | None:
    torch = sys.modules.get("torch")
    if not (torch and torch.cuda.is_initialized()):
        return None
    return round(torch.cuda.max_memory_allocated() / 2**20, 1)
