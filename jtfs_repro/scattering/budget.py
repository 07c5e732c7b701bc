"""How much is computed at once: sizes of chunks, and signals that fit into a memory budget."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .. import checks
from .free_memory import free_bytes
from .plan import Memory

FREE_SHARE = 0.8  # of the free memory that may be used where no budget is given
UNCHECKED = 2**26  # bytes below which free memory is not looked up
LONG_CHUNK = 8192  # samples averaged at once where they exist anyway


@dataclass(frozen=True, kw_only=True)
class ChunkSizes:
    """How much is computed at once; it changes the speed, and the results by rounding only.

    signals : samples of padded signals (more signals go one chunk after another)
    first : samples of the first order
    time : samples that are averaged at once, of one signal
    joint : samples after the wavelets along n1, of several signals
    tile, rows : kernel rows of those wavelets (None: no limit)
    """

    signals: int
    first: int
    time: int
    joint: int
    tile: int | None
    rows: int | None


# On a CPU what is computed at once is to stay in its cache; on a GPU it is to keep it busy.
CHUNK_SIZES = {
    "cpu": ChunkSizes(signals=2**17, first=2**18, time=512, joint=512, tile=64, rows=256),
    "cuda": ChunkSizes(signals=2**24, first=2**25, time=8192, joint=2**16, tile=None, rows=None),
}


def chunk_sizes(device: torch.device) -> ChunkSizes:
    """Return the sizes for `device`."""
    return CHUNK_SIZES["cpu" if device.type == "cpu" else "cuda"]


@dataclass(frozen=True, kw_only=True)
class SignalChunks:
    """How many signals are computed at once, and whether the backward pass makes them again."""

    signals: int
    rerun: bool
    peak_bytes: int


def signal_chunks(
    memory: Memory,
    batch: int,
    most: int,
    *,
    grad: bool,
    budget: float | None,
    device: torch.device,
) -> SignalChunks:
    """Return chunks of at most `most` signals that fit into `budget`.

    ValueError: a given budget does not hold one signal.
    """
    signals = max(1, min(batch, most))
    peak = memory.peak(batch, signals, grad=grad)
    if budget is None and peak <= UNCHECKED:
        return SignalChunks(signals=signals, rerun=False, peak_bytes=peak)
    limit = free_bytes(device) * FREE_SHARE if budget is None else budget
    rerun = grad and memory.peak(batch, 1, grad=True) > limit

    def need(signals: int) -> int:
        if not rerun:
            return memory.peak(batch, signals, grad=grad)
        return memory.peak_of_reruns(batch, signals)

    while signals > 1 and need(signals) > limit:
        signals = (signals + 1) // 2
    if budget is not None and need(1) > budget:
        rule = f"be >= {need(1)} bytes for {batch} signals"
        checks.fail("memory_budget", budget, rule, "results, tables and one signal are the least")
    return SignalChunks(signals=signals, rerun=rerun, peak_bytes=need(signals))
