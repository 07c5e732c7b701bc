"""What the machine can do (products and copies in single precision), and what memory is used."""

from __future__ import annotations

import ctypes
import gc
import time
from collections.abc import Callable
from pathlib import Path

import torch

from jtfs_repro.devices import peak_memory_bytes
from tools.benchmarks.records import RUN, Rates

NO_CUDA = "not measured: no CUDA device"
# Edge of the product, numbers in the copied buffer: busy for a moment, far beyond any cache.
_SIZES = {"cpu": (1024, 2**26), "cuda": (8192, 2**28)}
_TRIES = 10
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # see proc(5): the peak of the resident set becomes its present size
RESET, LIFETIME, TORCH = "VmHWM, reset", "ru_maxrss", "torch.cuda.max_memory_allocated"


def measure_rates(device: str) -> Rates:
    """Return the best rates of several tries with torch's present number of threads.

    Parameters
    ----------
    device : {'cpu', 'cuda'}
    """
    if device == "cuda" and not torch.cuda.is_available():
        return Rates(status=NO_CUDA)
    edge, count = _SIZES[device]
    product = _least_seconds(_product(edge, device), device)
    copy = _least_seconds(_copy(count, device), device)
    return Rates(
        status=RUN,
        flops_per_s=2 * edge**3 / product,
        bytes_per_s=2 * 4 * count / copy,
        gpu=torch.cuda.get_device_name(0) if device == "cuda" else "",
    )


def _product(edge: int, device: str) -> Callable[[], object]:
    a, b, c = (torch.rand(edge, edge, device=device) for _ in range(3))
    return lambda: torch.mm(a, b, out=c)


def _copy(count: int, device: str) -> Callable[[], object]:
    source, goal = (torch.ones(count, device=device) for _ in range(2))
    return lambda: goal.copy_(source)


def _least_seconds(step: Callable[[], object], device: str) -> float:
    step()
    seconds = []
    for _ in range(_TRIES):
        start = now(device)
        step()
        seconds.append(now(device) - start)
    return min(seconds)


def now(device: str) -> float:
    """Return a clock in seconds, once the device has done what it was given."""
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


class Meter:
    """Read the peak since construction.

    Parameters
    ----------
    device : {'cpu', 'cuda'}
        On 'cpu' the resident set of the process, on 'cuda' what torch has allocated.

    Attributes
    ----------
    method : str
        How the peak is read. Without a resettable peak it is that of the process' whole life,
        which may hide a smaller one.
    """

    def __init__(self, device: str) -> None:
        gc.collect()
        _give_back()
        self.method = TORCH if device == "cuda" else _reset()
        if self.method == TORCH:
            torch.cuda.synchronize()
            torch.cuda.reset_peak_memory_stats()
            self._before = torch.cuda.memory_allocated()
        else:
            self._before = _status("VmRSS") or peak_memory_bytes()

    def peak_bytes(self) -> int:
        """Return the bytes beyond those in use at construction."""
        if self.method == TORCH:
            return torch.cuda.max_memory_allocated() - self._before
        peak = _status("VmHWM") if self.method == RESET else peak_memory_bytes()
        return max(0, (peak or 0) - self._before)


def _give_back() -> None:
    """Hand freed memory back to the system: kept, it would hide what is used next (glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _reset() -> str:
    """Reset the peak where the system lets us; return the method that is left."""
    try:
        _CLEAR.write_text(_RESET_PEAK, encoding="ascii")
    except OSError:
        return LIFETIME
    return RESET if _status("VmHWM") else LIFETIME


def _status(name: str) -> int | None:
    """Return an entry of /proc/self/status in bytes, None where there is none."""
    try:
        lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    sizes = [int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":")]
    return sizes[0] if sizes else None
