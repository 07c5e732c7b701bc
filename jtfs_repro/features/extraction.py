"""One shard of one representation, in batches of bounded memory.

A shard is a contiguous range of signals. Shards are independent: they can run in parallel, on
several machines, and a killed run resumes with the shards that are missing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from jtfs_repro import checks, gpu_memory
from jtfs_repro.devices import choose_device, peak_memory_bytes
from jtfs_repro.features.shards import Shard
from jtfs_repro.io import NOT_RUN, RUN, Unavailable

GB = 1e9
_SECONDS_BETWEEN_UPDATES = 1.0


def extract_shard(
    signals: np.ndarray,
    *,
    sr: float,
    shard: int,
    n_shards: int,
    feature: Callable[..., nn.Module],
    settings: Mapping[str, Any] | None = None,
    device: str = "auto",
    memory_budget_gb: float = 2.0,
    max_batch_size: int = 64,
    progress: bool = True,
) -> Shard:
    """Compute one shard of a representation; status 'not run' if the module is `Unavailable`.

    ``signals`` [shape=(n, N)] are all of them; a memory map is read batch by batch. ``feature(sr=,
    n_samples=, **settings)`` returns the module, see `jtfs_repro.features`; ``settings`` are paths
    that no gin file should hold, e.g. ``{"weights": "data/openl3"}``. ``memory_budget_gb`` is the
    working memory for one batch (the module states how much one signal needs), ``max_batch_size``
    the most signals in one: beyond this, larger batches are no faster. ValueError: an argument is
    out of range, one signal exceeds the budget, CUDA is asked for where there is none, or a feature
    is not finite (the message names the signal).
    """
    rows = shard_rows(len(signals), shard, n_shards)
    chosen = choose_device(device)
    try:
        module = feature(sr=sr, n_samples=signals.shape[1], **(settings or {}))
    except Unavailable as error:
        report = not_run_report(error, n_signals=len(rows), device=chosen)
        return Shard(features=np.empty((len(rows), 0), dtype=np.float32), report=report)
    module = module.to(chosen).eval()
    batch_size = choose_batch_size(module, memory_budget_gb, max_batch_size, len(rows))
    label = f"{type(module).__name__} {shard + 1}/{n_shards}"
    features = np.empty((len(rows), int(module.dimension)), dtype=np.float32)  # type: ignore[arg-type]
    stream = Stream(module, device=chosen, batch_size=batch_size)
    start = time.perf_counter()
    for batch, values in stream.batches(signals, rows, label=label, progress=progress):
        features[batch.start - rows.start : batch.stop - rows.start] = values
    seconds = time.perf_counter() - start
    report = run_report(module, len(rows), stream.batch_size, chosen, seconds)
    return Shard(features=features, report=report)


def shard_rows(n: int, shard: int, n_shards: int) -> range:
    """Return the rows of a shard; sizes differ by one at most.

    Examples
    --------
    >>> [list(shard_rows(5, shard, 2)) for shard in range(2)]
    [[0, 1], [2, 3, 4]]
    """
    checks.integer("n_shards", n_shards, low=1, high=n, mistake="at most one shard per signal")
    checks.integer("shard", shard, low=0, high=n_shards - 1, mistake="counted from 0")
    return range(n * shard // n_shards, n * (shard + 1) // n_shards)


def choose_batch_size(module: nn.Module, memory_budget_gb: float, high: int, n: int) -> int:
    """Return how many signals fit into the budget, at least 1, at most ``high`` and ``n``."""
    checks.number("memory_budget_gb", memory_budget_gb, above=0)
    checks.integer("max_batch_size", high, low=1)
    needed = int(module.bytes_per_signal)  # type: ignore[arg-type]
    fitting = int(memory_budget_gb * GB) // needed
    if fitting < 1:
        rule = f"hold one signal of {type(module).__name__} ({needed / GB:.2g} GB)"
        checks.fail("memory_budget_gb", memory_budget_gb, rule, "raise memory_gb in the config")
    return min(fitting, high, max(n, 1))


class Stream:
    """Features batch by batch; the batch is halved whenever the GPU's memory does not do."""

    def __init__(self, module: nn.Module, *, device: str, batch_size: int) -> None:
        self.module = module
        self.device = device
        self.batch_size = batch_size

    def batches(
        self, signals: Any, rows: range, *, label: str, progress: bool
    ) -> Iterator[tuple[range, np.ndarray]]:
        """Yield the rows of a batch and their features [shape=(B, D)]; read one batch ahead.

        ValueError: a feature is not finite, or one signal does not fit on the GPU.
        """
        bar = tqdm(
            total=len(rows),
            desc=label,
            unit="signal",
            disable=not progress,
            mininterval=_SECONDS_BETWEEN_UPDATES,
        )
        with bar, ThreadPoolExecutor(max_workers=1) as reader:
            batch, reading = self._read(reader, signals, rows)
            while batch:
                following = self._read(reader, signals, rows[len(batch) :])
                values = _attempt(self.module, reading.result(), self.device)
                if values is None:
                    self._halve(len(batch), bar)
                    batch, reading = self._read(reader, signals, rows)
                    continue
                _check_finite(values, batch)
                yield batch, values
                bar.update(len(batch))
                rows = rows[len(batch) :]
                batch, reading = following

    def _halve(self, batch_size: int, bar: tqdm) -> None:
        gpu_memory.free()
        name = type(self.module).__name__
        if batch_size == 1:
            remedy = "free its memory, or use device=cpu"
            raise ValueError(f"{name}: batch_size=1 must fit on the GPU ({remedy})")
        self.batch_size = batch_size // 2
        what = f"{name}: the GPU's memory does not hold a batch of {batch_size} signals"
        bar.write(f"warning: {what}; going on with {self.batch_size}", file=sys.stderr)

    def _read(self, reader: Executor, signals: Any, rows: range) -> tuple[range, Future]:
        batch = rows[: self.batch_size]
        return batch, reader.submit(_read_signals, signals, batch)


def _read_signals(signals: Any, batch: range) -> np.ndarray:
    return np.array(signals[batch.start : batch.stop], dtype=np.float32)


def _attempt(module: nn.Module, signals: np.ndarray, device: str) -> np.ndarray | None:
    """Return the features, None if the GPU's memory does not do.

    The error and the tensors that its traceback holds are gone when this function has returned:
    only then can their memory be freed.
    """
    try:
        return _forward(module, signals, device)
    except RuntimeError as error:
        if not gpu_memory.is_exhausted(error):
            raise
        return None


def _forward(module: nn.Module, signals: np.ndarray, device: str) -> np.ndarray:
    x = torch.from_numpy(signals).to(device)
    # no TF32: its 10-bit mantissa would set the GPU's results apart from the CPU's
    with torch.inference_mode(), torch.backends.cudnn.flags(allow_tf32=False, benchmark=False):
        return module(x).cpu().numpy()


def _check_finite(features: np.ndarray, batch: range) -> None:
    is_finite = np.isfinite(features).all(axis=1)
    if not is_finite.all():
        index = batch[int(np.argmin(is_finite))]
        raise ValueError(f"signal {index} gives a feature that is NaN or Inf (is it all zeros?)")


def run_report(
    module: nn.Module, n_signals: int, batch_size: int, device: str, seconds: float
) -> dict[str, Any]:
    """Return the report of a shard that was run, see `Shard`."""
    parts: Mapping[str, slice] = module.parts  # type: ignore[assignment]
    return {
        "status": RUN,
        "parts": {name: [part.start, part.stop] for name, part in parts.items()},
        "device": device,
        "n_signals": n_signals,
        "batch_size": batch_size,
        "seconds": seconds,
        "seconds_per_signal": seconds / n_signals,
        "peak_memory_bytes": peak_memory_bytes(device),
    }


def not_run_report(error: Unavailable, *, n_signals: int, device: str) -> dict[str, Any]:
    """Return the report of a shard that was not run, see `Shard`."""
    return {
        "status": NOT_RUN,
        "reason": error.reason,
        "remedy": error.remedy,
        "parts": {},
        "device": device,
        "n_signals": n_signals,
    }
