"""Features of a clip set: shards on disk, each one array, with an index of where each part lies.

A shard is a ``.npy`` of shape (clips, D), written batch by batch, and a ``.json`` beside it that
says how its columns are named and shaped (`jtfs_repro.features.clip_tensors`), which settings and
which clips made it, and what it cost. `clip_store` reads all shards as one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from jtfs_repro import io
from jtfs_repro.datasets.clips import ClipSet, Reading
from jtfs_repro.devices import choose_device
from jtfs_repro.features.clip_tensors import ClipTensors
from jtfs_repro.features.extraction import (
    Stream,
    choose_batch_size,
    not_run_report,
    run_report,
    shard_rows,
)


def extract_clips(
    clips: ClipSet,
    destination: str | os.PathLike[str],
    *,
    shard: int,
    n_shards: int,
    feature: Callable[..., ClipTensors],
    reading: Reading | None = None,
    device: str = "auto",
    memory_budget_gb: float = 2.0,
    max_batch_size: int = 64,
    progress: bool = True,
) -> dict[str, Any]:
    """Compute one shard of a clip set and write it, float32 [shape=(clips of this shard, D)].

    ``feature(sr=, n_samples=)`` returns the module; where the set was not run the array is empty.
    Result: dict; as `extraction.Shard.report`, and ``shapes`` (name -> axes), ``first`` and
    ``n_clips`` (where the shard lies in the set of how many clips), ``bytes`` on disk and
    ``clips_per_second``. ValueError: an argument is out of range, one clip exceeds the budget, CUDA
    is asked for where there is none, or a feature is not finite. FileError: a clip cannot be read
    or is not what the index records, or the disk is full.
    """
    chosen = choose_device(device)
    if clips.not_run is not None:
        io.save_array(destination, np.empty((0, 0), dtype=np.float32))
        return not_run_report(clips.not_run, n_signals=0, device=chosen)
    clips = replace(clips, reading=reading or Reading())
    rows = shard_rows(len(clips), shard, n_shards)
    module = feature(sr=clips.reading.sr_hz, n_samples=clips.shape[1]).to(chosen).eval()
    batch_size = choose_batch_size(module, memory_budget_gb, max_batch_size, len(rows))
    stream = Stream(module, device=chosen, batch_size=batch_size)
    label = f"{type(module).__name__} {shard + 1}/{n_shards}"
    start = time.perf_counter()
    with io.array_writer(destination, (len(rows), module.dimension)) as append:
        for _, values in stream.batches(clips, rows, label=label, progress=progress):
            append(values)
    seconds = time.perf_counter() - start
    return run_report(module, len(rows), stream.batch_size, chosen, seconds) | {
        "shapes": {name: list(shape) for name, shape in module.shapes.items()},
        "first": rows.start,
        "n_clips": len(clips),
        "bytes": Path(destination).stat().st_size,
        "clips_per_second": len(rows) / seconds,
    }
