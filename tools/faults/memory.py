"""Whether ``memory_gb`` of the config is honoured: peak memory of an extraction, measured."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from jtfs_repro import io
from tools.faults import running
from tools.faults.layout import CHIRPS, extraction
from tools.faults.rig import Rig, Tree, Trial

BUDGETS_GB = (0.05, 0.1, 0.2, 0.4)
_ALLOCATOR = dict.fromkeys(("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"), str(2**30))


def memory_budget(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Extract the chirps with several budgets; compare the peaks with that of a single chirp."""
    with rig.fresh("memory", source=rig.undisturbed) as tree:
        n = len(io.load_array(tree.folder / CHIRPS, mmap=True))
        alone, _ = peak_gb(tree, budget_gb=max(BUDGETS_GB), shards=n)
        for budget in BUDGETS_GB[:rounds]:
            peak, batch = peak_gb(tree, budget_gb=budget, shards=1)
            rise = peak - alone
            note = f"{budget:g} GB: {rise:.3f} GB above one chirp, in batches of {batch}"
            yield Trial(survived=rise <= budget, note=note)


def peak_gb(tree: Tree, *, budget_gb: float, shards: int) -> tuple[float, int]:
    """Return the peak resident memory of an extraction's first shard in GB, and its batch size.

    Raises
    ------
    RuntimeError
        The extraction failed.
    """
    features = tree.folder / "data/memory.npy"
    wanted = extraction(features, gin=tree.folder / "gin", n_shards=shards, memory_gb=budget_gb)
    command = [sys.executable, *wanted]
    status, kilobytes = _measured(command, tree.folder)
    if status:
        raise RuntimeError(f"the extraction ended with status {status}")
    return kilobytes * 1024 / 1e9, io.load_json(features.with_suffix(".json"))["batch_size"]


def _measured(command: list[str], folder: Path) -> tuple[int, int]:
    """Run a command; return its status and its peak resident memory in kB."""
    environment = running.environment({**_ALLOCATOR, "PYTHONPATH": os.fspath(folder)})
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=quiet, stderr=quiet, start_new_session=True
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss
