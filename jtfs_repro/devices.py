"""Where tensors are computed, and how much memory that took."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from jtfs_repro import checks

DEVICES = ("auto", "cpu", "cuda")
_KIB = 1024 if sys.platform != "darwin" else 1  # unit of ru_maxrss in bytes


def choose_device(device: str) -> str:
    """Return 'cpu' or 'cuda'; refuse 'cuda' where there is none."""
    import torch

    checks.choice("device", device, DEVICES)
    has_cuda = torch.cuda.is_available()
    if device == "cuda" and not has_cuda:
        checks.fail("device", device, "be available", "no CUDA GPU here: use device=auto or cpu")
    return "cuda" if has_cuda and device != "cpu" else "cpu"


def has_used_gpu() -> bool:
    """Return whether this process computed on a GPU."""
    torch = sys.modules.get("torch")
    return bool(torch and torch.cuda.is_initialized())


def peak_memory_bytes(device: str = "cpu") -> int:
    """Return the most memory in use so far: of this process, or on a GPU torch's own.

    Linux tells it as VmHWM; getrusage would count that of the parent before it forked.
    """
    if device == "cuda":
        import torch

        return torch.cuda.max_memory_allocated()
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB
