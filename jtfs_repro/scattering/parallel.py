"""Work shared among threads, each of which runs its own operations on one core.

The operations here are small enough to stay in a core's cache. Splitting each of them among the
cores costs more than it gains; splitting the list of them does not.
"""

from __future__ import annotations

import functools
import itertools
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

from .watched import flushes_denormals, is_watched

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_parallel(
    function: Callable[[Sequence[Item]], Result], items: Sequence[Item], device: torch.device
) -> list[Result]:
    """Return ``[function(share) for share in shares]``, one share of `items` per thread.

    Gradients are off. The shares decide the result, not which thread comes first. A single share
    is not computed by the caller either, whose operations would be split among the cores.
    """
    threads = threads_of(device)
    if threads == 1 or is_watched():
        return [function(items)]
    call, shares = _without_grad(function), _shares(items, threads)
    try:
        waiting = [_pool(os.getpid(), threads).submit(call, share) for share in shares]
    except RuntimeError:  # the interpreter is ending, and gives out no work to threads
        return [call(share) for share in shares]
    return [future.result() for future in waiting]


def _shares(items: Sequence[Item], threads: int) -> list[Sequence[Item]]:
    """Cut `items` into runs of nearly equal length, at most one per thread."""
    n = max(1, min(threads, len(items)))
    cuts = [len(items) * i // n for i in range(n + 1)]
    return [items[first:last] for first, last in itertools.pairwise(cuts)]


def apart(function: Callable[[], Result]) -> Result:
    """Return ``function()``, called in a fresh thread: none of the caller's modes reach it."""
    with ThreadPoolExecutor(1) as thread:
        try:
            return thread.submit(function).result()
        except RuntimeError as error:
            if "cannot schedule new futures" not in str(error):
                raise
            return function()  # the interpreter is ending


def threads_of(device: torch.device) -> int:
    """Return how many threads share the work for tensors on `device`."""
    return torch.get_num_threads() if device.type == "cpu" else 1


def _without_grad(function: Callable[[Item], Result]) -> Callable[[Item], Result]:
    mode = torch.inference_mode if torch.is_inference_mode_enabled() else torch.no_grad
    flushes = flushes_denormals()

    def call(item: Item) -> Result:
        if flushes != flushes_denormals():
            torch.set_flush_denormal(flushes)  # as `mode`, it belongs to the thread
        with mode():
            return function(item)

    return call


@functools.lru_cache(maxsize=1)
def _pool(_process: int, threads: int) -> ThreadPoolExecutor:
    """Return the threads of this process (a forked one has none of its parent's)."""
    started = threading.Barrier(threads + 1)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="scattering")
    for _ in range(threads):
        pool.submit(_use_one_core, started)
    started.wait()
    torch.set_num_threads(threads)  # what later threads of the user's start with
    _prepare_forks()
    return pool


@functools.cache
def _prepare_forks() -> None:
    """Let forked processes use one thread: OpenMP hangs with more after its parent used them."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=functools.partial(torch.set_num_threads, 1))


def _use_one_core(started: threading.Barrier) -> None:
    torch.get_num_threads()  # a thread takes the common number at the first call that asks for it
    torch.set_num_threads(1)
    started.wait()
