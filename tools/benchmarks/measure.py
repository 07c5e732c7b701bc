"""One measurement in a process of its own: ``python -m tools.benchmarks.measure JSON``.

Runs in the project's interpreter and in the peers', so that it imports torch, NumPy, the standard
library and the contender alone. The request is ``{"job": ..., "output": path or ""}``, or
``{"rates": device, "threads": n}``. Standard output has a line ``FIRST seconds`` after the first
call and a line ``RESULT {...}`` at the end.
"""

from __future__ import annotations

import ctypes
import json
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tools.benchmarks.configurations import Configuration
from tools.benchmarks.contenders import CONTENDERS, PEER, Program
from tools.benchmarks.machine import NO_CUDA, Meter, measure_rates, now
from tools.benchmarks.records import FIRST, RESULT, RUN, SATURATING, Job, Result

LEAST_GAIN = 0.05  # of the time per signal, for which the batch is doubled once more
LARGEST_BATCH = 1024
_QUICK_REPEATS = 3
_PR_SET_PDEATHSIG = 1


def measure(job: Job, output: str = "") -> Result:
    """Run a job here and now; what cannot run gives a gap.

    Parameters
    ----------
    job : Job
    output : str
        Where to store the output of a forward pass as float32 ``.npy``; empty: nowhere.
    """
    if job.device == "cuda" and not torch.cuda.is_available():
        return Result(status=NO_CUDA)
    contender = CONTENDERS[job.contender]
    torch.set_num_threads(job.threads)
    torch.manual_seed(job.seed)
    try:
        return _measure(job, contender.build, job.repeats * contender.more_repeats, output)
    except ImportError as error:
        remedy = "; remedy: make peers" if contender.interpreter == PEER else ""
        return Result.gap(f"{error}{remedy}")
    except Exception as error:
        if _is_out_of_memory(error):
            return Result.gap("out of memory")
        return Result.gap(f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}")


def signals(configuration: Configuration, batch: int, seed: int) -> np.ndarray:
    """Return white noise [shape=(batch, N)], float32; a larger batch begins with a smaller one."""
    shape = (batch, configuration.n_samples)
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def _measure(
    job: Job, build: Callable[[Configuration, Tensor], Program], repeats: int, output: str
) -> Result:
    batch = job.batch or 1
    program = build(job.configuration, _input(job, batch))
    if job.batch == SATURATING:
        batch = saturating_batch(lambda b: _quick_seconds(program, job, b))
    x = _input(job, batch)
    meter = Meter(job.device)
    first, seconds, y = _time(_step(program, job.mode, x), job.device, repeats)
    peak = meter.peak_bytes()
    sizes = _sizes(y) if job.mode == "forward" else {}
    if output and sizes:
        np.save(output, y.float().cpu().numpy())
    return Result(
        status=RUN,
        seconds=seconds,
        first_seconds=first,
        batch=batch,
        peak_bytes=peak,
        memory_method=meter.method,
        **sizes,
        **planned(program.transform, batch, grad=job.mode == "training"),
        **_versions(CONTENDERS[job.contender].distribution),
    )


def _sizes(y: Tensor) -> dict[str, Any]:
    """Return what an output holds per signal; a loss holds nothing to count."""
    return {"paths": y.shape[1], "coefficients": y[0].numel()} if y.ndim else {}


def planned(transform: Any, batch: int, *, grad: bool) -> dict[str, Any]:
    """Return what a transform says that it must compute, empty if it says nothing."""
    if not hasattr(transform, "plan"):
        return {}
    plan = transform.plan(batch=batch, grad=grad)
    return {
        "flops": int(plan.flops),
        "least_bytes": int(plan.bytes),
        "planned_bytes": int(plan.peak_bytes),
    }


def saturating_batch(seconds: Callable[[int], float | None]) -> int:
    """Double the batch until the time per signal falls by less than 5 %, or memory is used up.

    Parameters
    ----------
    seconds : callable
        Seconds of one call with so many signals, None where memory does not do.

    Examples
    --------
    >>> saturating_batch(lambda batch: 8 + batch)
    128
    """
    batch, best = 1, seconds(1)
    while best is not None and 2 * batch <= LARGEST_BATCH:
        taken = seconds(2 * batch)
        if taken is None or taken / (2 * batch) > (1 - LEAST_GAIN) * best / batch:
            return batch
        batch, best = 2 * batch, taken
    return batch


def _quick_seconds(program: Program, job: Job, batch: int) -> float | None:
    try:
        step = _step(program, job.mode, _input(job, batch))
        return float(np.median(_time(step, job.device, _QUICK_REPEATS, quiet=True)[1]))
    except Exception as error:
        if not _is_out_of_memory(error):
            raise
        torch.cuda.empty_cache()
        return None


def _input(job: Job, batch: int) -> Tensor:
    x = torch.from_numpy(signals(job.configuration, batch, job.seed)).to(job.device)
    return x.requires_grad_(job.mode == "training")


def _step(program: Program, mode: str, x: Tensor) -> Callable[[], Tensor]:
    """Return what is repeated: forward without graph, or forward and backward to the input."""
    if mode == "training":
        return lambda: torch.autograd.grad(program.objective(program.call(x)), x)[0]

    @torch.no_grad()
    def forward() -> Tensor:
        return program.call(x)

    return forward


def _time(
    step: Callable[[], Tensor], device: str, repeats: int, *, quiet: bool = False
) -> tuple[float, tuple[float, ...], Tensor]:
    """Return seconds of the first call, of each further one, and the last result."""
    seconds: list[float] = []
    y: Tensor | None = None
    for _ in range(1 + repeats):
        y = None  # the last result must not add to the peak
        start = now(device)
        y = step()
        seconds.append(now(device) - start)
        if len(seconds) == 1 and not quiet:
            print(f"{FIRST}{seconds[0]}", flush=True)
    assert y is not None
    return seconds[0], tuple(seconds[1:]), y


def _is_out_of_memory(error: Exception) -> bool:
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and "allocate memory" in str(error)


def _versions(distribution: str) -> dict[str, Any]:
    tf32 = torch.cuda.is_available() and torch.backends.cuda.matmul.allow_tf32
    return {
        "version": f"{distribution} {metadata.version(distribution)}" if distribution else "",
        "torch": torch.__version__,
        "cuda": torch.version.cuda or "none",
        "tf32": "on" if tf32 else "off",
    }


def _end_with_parent() -> None:
    """Let the system end this process with the harness, and choose it first when memory is out."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def main() -> None:
    """Answer the request on the command line."""
    _end_with_parent()
    request = json.loads(sys.argv[1])
    if "rates" in request:
        torch.set_num_threads(request["threads"])
        answer: Any = measure_rates(request["rates"])
    else:
        answer = measure(Job.read(request["job"]), request["output"])
    print(RESULT + json.dumps(asdict(answer)), flush=True)


if __name__ == "__main__":
    main()
