"""One shard of one representation, in batches of bounded memory; and the shards put together.

A shard is a contiguous range of signals. Shards are independent: they can run in parallel, on
several machines, and a killed run resumes with the shards that are missing.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from jtfs_repro import checks
from jtfs_repro.io import NOT_RUN, RUN, Unavailable, why_not_run

DEVICES = ("auto", "cpu", "cuda")
GB = 1e9
_KIB = 1024 if sys.platform != "darwin" else 1  # unit of ru_maxrss in bytes
_SECONDS_BETWEEN_UPDATES = 1.0


@dataclass(frozen=True, kw_only=True)
class Shard:
    """Features of one shard and how they came about.

    Parameters
    ----------
    features : ndarray [shape=(n, D)], float32
        D = 0 if the representation was not run.
    report : dict
        ``status`` ('run' or 'not run'), ``reason`` and ``remedy`` if not run, ``parts`` (name ->
        [first, last + 1] column), ``device``, ``n_signals``, ``batch_size``, and the cost:
        ``seconds``, ``seconds_per_signal``, ``peak_memory_bytes``.
    """

    features: np.ndarray
    report: dict[str, Any]


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
    """Compute one shard of a representation.

    Parameters
    ----------
    signals : array [shape=(n, N)]
        All signals; a memory map is read batch by batch.
    sr : float
        Sample rate in Hz.
    shard, n_shards : int
        Which of how many shards, ``0 <= shard < n_shards``.
    feature : callable
        ``feature(sr=, n_samples=, **settings)`` returns the module, see `jtfs_repro.features`.
    settings : dict, optional
        Paths that no gin file should hold, e.g. ``{"weights": "data/openl3"}``.
    device : {'auto', 'cpu', 'cuda'}
        'auto' takes the GPU where there is one.
    memory_budget_gb : float > 0
        Working memory for one batch; the module states how much one signal needs.
    max_batch_size : int >= 1
        Signals per batch at most: beyond this, larger batches are no faster.
    progress : bool
        Whether to show a progress bar on stderr.

    Returns
    -------
    Shard
        With status 'not run' if the module raises `Unavailable`.

    Raises
    ------
    ValueError
        An argument is out of range, one signal exceeds the budget, CUDA is asked for where there
        is none, or a feature is not finite (the message names the signal).
    """
    rows = shard_rows(len(signals), shard, n_shards)
    chosen = choose_device(device)
    try:
        module = feature(sr=sr, n_samples=signals.shape[1], **(settings or {}))
    except Unavailable as error:
        return _not_run(error, n_signals=len(rows), device=chosen)
    module = module.to(chosen).eval()
    batch_size = choose_batch_size(module, memory_budget_gb, max_batch_size, len(rows))
    label = f"{type(module).__name__} {shard + 1}/{n_shards}"
    with tqdm(
        total=len(rows),
        desc=label,
        unit="signal",
        disable=not progress,
        mininterval=_SECONDS_BETWEEN_UPDATES,
    ) as bar:
        start = time.perf_counter()
        features, batch_size = _stream(module, signals, rows, batch_size, chosen, bar.update)
        seconds = time.perf_counter() - start
    return Shard(features=features, report=_report(module, len(rows), batch_size, chosen, seconds))


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


def choose_device(device: str) -> str:
    """Return 'cpu' or 'cuda'; refuse 'cuda' where there is none."""
    checks.choice("device", device, DEVICES)
    has_cuda = torch.cuda.is_available()
    if device == "cuda" and not has_cuda:
        checks.fail("device", device, "be available", "no CUDA GPU here: use device=auto or cpu")
    return "cuda" if has_cuda and device != "cpu" else "cpu"


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


def _stream(
    module: nn.Module,
    signals: np.ndarray,
    rows: range,
    batch_size: int,
    device: str,
    advance: Callable[[int], Any],
) -> tuple[np.ndarray, int]:
    """Fill the shard batch by batch; halve the batch whenever the GPU's memory does not do."""
    out = np.empty((len(rows), int(module.dimension)), dtype=np.float32)  # type: ignore[arg-type]
    done = 0
    while done < len(rows):
        batch = rows[done : done + batch_size]
        try:
            out[done : done + len(batch)] = _forward(module, signals, batch, device)
        except torch.cuda.OutOfMemoryError:
            batch_size = _halved(batch_size)
            continue
        _check_finite(out[done : done + len(batch)], batch)
        done += len(batch)
        advance(len(batch))
    return out, batch_size


def _halved(batch_size: int) -> int:
    torch.cuda.empty_cache()
    if batch_size == 1:
        raise ValueError("batch_size=1 must fit on the GPU (free its memory, or use device=cpu)")
    return batch_size // 2


def _forward(module: nn.Module, signals: np.ndarray, batch: range, device: str) -> np.ndarray:
    x = torch.from_numpy(np.array(signals[batch.start : batch.stop], dtype=np.float32))
    # no TF32: its 10-bit mantissa would set the GPU's results apart from the CPU's
    with torch.inference_mode(), torch.backends.cudnn.flags(allow_tf32=False, benchmark=False):
        return module(x.to(device)).cpu().numpy()


def _check_finite(features: np.ndarray, batch: range) -> None:
    is_finite = np.isfinite(features).all(axis=1)
    if not is_finite.all():
        index = batch[int(np.argmin(is_finite))]
        raise ValueError(f"signal {index} gives a feature that is NaN or Inf (is it all zeros?)")


def _report(
    module: nn.Module, n_signals: int, batch_size: int, device: str, seconds: float
) -> dict[str, Any]:
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


def peak_memory_bytes(device: str) -> int:
    """Return the most memory in use so far: the process', or on a GPU torch's own."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB


def _not_run(error: Unavailable, *, n_signals: int, device: str) -> Shard:
    report = {
        "status": NOT_RUN,
        "reason": error.reason,
        "remedy": error.remedy,
        "parts": {},
        "device": device,
        "n_signals": n_signals,
    }
    return Shard(features=np.empty((n_signals, 0), dtype=np.float32), report=report)


def gather_shards(
    shards: Sequence[Shard], representation: str
) -> tuple[np.ndarray, dict[str, Any]]:
    """Concatenate the columns of one representation from all shards.

    Parameters
    ----------
    shards : sequence of Shard
        In order; of memory maps only these columns are read.
    representation : str
        Name of a part; if the module has a single part, any name will do.

    Returns
    -------
    array : ndarray [shape=(n, D)], float32
        D = 0 if not run.
    facts : dict
        status, n_signals, dimension and device; reason and remedy if not run. Nothing in it
        changes from run to run.

    Raises
    ------
    ValueError
        Shards disagree on status, device or parts, or none has that name.
    """
    first = shards[0].report
    for key in ("status", "device", "parts", "reason"):
        values = {str(shard.report.get(key)) for shard in shards}
        if len(values) > 1:
            rule = "be the same in all shards"
            checks.fail(key, sorted(values), rule, "delete the shards' folder and run again")
    part = _part(first["parts"], representation) if first["status"] == RUN else slice(0)
    array = np.concatenate([shard.features[:, part] for shard in shards])
    facts = {key: first[key] for key in ("status", "reason", "remedy") if key in first}
    sizes = {"n_signals": len(array), "dimension": array.shape[1]}
    return array, {**facts, **sizes, "device": first["device"]}


def _part(parts: Mapping[str, Sequence[int]], representation: str) -> slice:
    if len(parts) == 1:
        return slice(*next(iter(parts.values())))
    checks.choice("representation", representation, parts, "does the gin file leave it out?")
    return slice(*parts[representation])


def cost_record(
    representation: str, feature: str, reports: Sequence[Mapping[str, Any]], dimension: int
) -> dict[str, Any]:
    """Return what computing a representation cost, over all shards of its feature.

    Parameters
    ----------
    representation, feature : str
        The feature may give several representations; the cost is that of all of them.
    reports : sequence of dict
        `Shard.report` of every shard.
    dimension : int
        Columns of the representation.

    Returns
    -------
    dict
        ``seconds`` (sum over shards), ``peak_memory_bytes`` (of the largest shard), ``n_signals``,
        ``dimension``, names, and ``not_run`` ("reason; remedy", or empty).
    """
    return {
        "representation": representation,
        "feature": feature,
        "dimension": dimension,
        "n_signals": sum(report["n_signals"] for report in reports),
        "seconds": sum(report.get("seconds", 0.0) for report in reports),
        "peak_memory_bytes": max(report.get("peak_memory_bytes", 0) for report in reports),
        "not_run": why_not_run(reports[0]),
    }
