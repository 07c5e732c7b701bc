"""What a result was made with: commit, versions, machine, threads."""

from __future__ import annotations

import functools
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = (
    *("torch", "numpy", "scipy", "scikit-learn", "librosa", "nnaudio2", "soundfile", "h5py"),
    *("gin-config", "snakemake", "lightning", "midirenderer", "matplotlib"),
)
_VARIABLES = (  # that change which kernels run, or how memory is given back
    *("ATEN_CPU_CAPABILITY", "CUBLAS_WORKSPACE_CONFIG", "MKL_CBWR", "MKL_NUM_THREADS"),
    *("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"),
    *("OMP_NUM_THREADS", "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS"),
)


def environment() -> dict[str, Any]:
    """Return commit, versions, hardware, variables and BLAS of this process."""
    return {
        "commit": commit(),
        "versions": versions(),
        "hardware": hardware(),
        "variables": {name: os.environ[name] for name in _VARIABLES if name in os.environ},
        "blas": _blas(),
    }


@functools.cache
def commit() -> dict[str, Any]:
    """Return the commit of the source tree and whether tracked files, results aside, differ."""
    sha = _git("rev-parse", "HEAD")
    sources = (":/", ":(top,exclude)img", ":(top,exclude)results")
    is_dirty = None if sha is None else bool(_git("status", "--porcelain", "-uno", "--", *sources))
    return {"sha": sha, "dirty": is_dirty}


def _git(*arguments: str) -> str | None:
    """Return the output of a git command run in the source tree, None outside a repository."""
    command = ["git", "--no-optional-locks", "-C", os.fspath(Path(__file__).parent), *arguments]
    own = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}  # set in git's hooks
    options: Any = {"capture_output": True, "text": True, "check": True, "timeout": 30}
    try:
        done = subprocess.run(command, env=own, **options)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def versions() -> dict[str, str | None]:
    """Return the versions of Python and of the packages that results depend on."""
    return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def hardware() -> dict[str, Any]:
    """Return the machine: processor, core count, memory in GB, GPU name if torch is loaded."""
    torch = sys.modules.get("torch")
    return {
        "machine": platform.machine(),
        "system": platform.system(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": _memory_gb(),
        "gpu": torch.cuda.get_device_name(0) if torch and torch.cuda.is_available() else None,
    }


def _processor() -> str | None:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or None
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else None


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (ValueError, OSError):
        return None


def _blas() -> list[str]:
    """Return the linear algebra that is loaded; results are the same bytes per kind of kernel."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    facts = ("internal_api", "version", "architecture")
    found = [library for library in threadpool_info() if library["user_api"] == "blas"]
    return sorted({" ".join(str(library.get(fact)) for fact in facts) for library in found})


def threads() -> dict[str, Any]:
    """Return the number of threads of torch, if loaded, and what the environment asks for."""
    torch = sys.modules.get("torch")
    of_torch = torch.get_num_threads() if torch else None
    return {"torch": of_torch, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS")}
