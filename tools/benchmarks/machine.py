"""What the machine can do: matrix products and copies in single precision (the roofline)."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from tools.benchmarks.records import RUN, Rates

NO_CUDA = "not measured: no CUDA device"
# Edge of the product, numbers in the copied buffer: busy for a moment, far beyond any cache.
_SIZES = {"cpu": (1024, 2**26), "cuda": (8192, 2**28)}
_TRIES = 10


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
