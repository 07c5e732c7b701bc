"""The most memory that a stretch of program uses, beyond what was in use when it began."""

from __future__ import annotations

import ctypes
import gc
import resource
import sys
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # see proc(5): the peak of the resident set becomes its present size
_KIB = 1024 if sys.platform != "darwin" else 1  # unit of ru_maxrss in bytes
RESET, LIFETIME, TORCH = "VmHWM, reset", "ru_maxrss", "torch.cuda.max_memory_allocated"


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
            import torch

            torch.cuda.synchronize()
            torch.cuda.reset_peak_memory_stats()
            self._before = torch.cuda.memory_allocated()
        else:
            self._before = _status("VmRSS") or _lifetime()

    def peak_bytes(self) -> int:
        """Return the bytes beyond those in use at construction."""
        if self.method == TORCH:
            import torch

            return torch.cuda.max_memory_allocated() - self._before
        peak = _status("VmHWM") if self.method == RESET else _lifetime()
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


def _lifetime() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB
