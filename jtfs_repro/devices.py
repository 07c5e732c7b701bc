"""Where tensors are computed, and how much memory that took."""

from __future__ import annotations

import resource
import sys

import torch

from jtfs_repro import checks

DEVICES = ("auto", "cpu", "cuda")
_KIB = 1024 if sys.platform != "darwin" else 1  # unit of ru_maxrss in bytes


def choose_device(device: str) -> str:
    """Return 'cpu' or 'cuda'; refuse 'cuda' where there is none."""
    checks.choice("device", device, DEVICES)
    has_cuda = torch.cuda.is_available()
    if device == "cuda" and not has_cuda:
        checks.fail("device", device, "be available", "no CUDA GPU here: use device=auto or cpu")
    return "cuda" if has_cuda and device != "cpu" else "cpu"


def peak_memory_bytes(device: str) -> int:
    """Return the most memory in use so far: the process', or on a GPU torch's own."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB
