"""Run all jobs, each in a process of its own; keep every result at once; go on where it stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from jtfs_repro import provenance
from jtfs_repro.io import load_array
from tools.benchmarks.contenders import CONTENDERS, PEER
from tools.benchmarks.plan import ALLOCATORS, Settings
from tools.benchmarks.records import FIRST, RESULT, RUN, Job, Rates, Result, Row
from tools.benchmarks.store import Store, compares

ROOT = Path(__file__).parents[2]
_RATES_LIMIT_S = 300.0
_KILLED = -9


class Harness:
    """Runs jobs and keeps what they give.

    Parameters
    ----------
    store : Store
        Where results go.
    peer_python : Path
        Interpreter of the peers; it need not exist.
    limit_s : float
        Seconds after which a measurement is given up.
    """

    def __init__(self, store: Store, *, peer_python: Path, limit_s: float) -> None:
        self.store, self.limit_s = store, limit_s
        self.peer_python = peer_python.absolute()  # links kept: they lead to the environment
        self.commit = _commit()

    def rates(self, settings: Settings) -> dict[str, Rates]:
        """Measure what each device can do at most; device -> rates."""
        return {device: self._rates(device, settings.threads) for device in settings.devices}

    def _rates(self, device: str, threads: int) -> Rates:
        say(f"rates of {device}: ", end="")
        request = {"rates": device, "threads": threads}
        python, environment = Path(sys.executable), _environment("tuned", threads)
        answer = _ask(python, request, environment, _RATES_LIMIT_S)
        found = Rates(status=answer) if isinstance(answer, str) else Rates(**answer)
        numbers = f"{found.flops_per_s / 1e9:.0f} GFLOP/s, {found.bytes_per_s / 1e9:.1f} GB/s"
        say(numbers if found.status == RUN else found.status)
        return found

    def run(self, jobs: list[Job], rates: Mapping[str, Rates]) -> list[Row]:
        """Run those jobs that have no result yet; return the rows of all, in order."""
        machines = {device: _machine(found) for device, found in rates.items()}
        compared = {job.group for job in jobs if compares(job)}
        pending = self.store.pending(jobs, machines, limit_s=self.limit_s)
        for number, job in enumerate(pending, start=1):
            is_there = rates[job.device].status == RUN
            say(f"[{number}/{len(pending)}] {_title(job)}: " if is_there else "", end="")
            output = self.store.output(job) if job.group in compared else None
            result = self._result(job, rates[job.device], output)
            self.store.add(Row(job=job, result=replace(result, machine=machines[job.device])))
            say(_outcome(result) + "\n" if is_there else "", end="")
        return self.store.rows(jobs, machines)

    def _result(self, job: Job, rates: Rates, output: Path | None) -> Result:
        load = os.getloadavg()[0]
        if rates.status != RUN:
            return Result(status=rates.status, load=load)
        result = replace(self._measured(job, output), load=load, commit=self.commit)
        if job.contender == "ours" or output is None or not output.is_file():
            return result
        return self._compared(job, output, result)

    def _measured(self, job: Job, output: Path | None) -> Result:
        is_peer = CONTENDERS[job.contender].interpreter == PEER
        python = self.peer_python if is_peer else Path(sys.executable)
        if is_peer and not python.is_file():
            return Result.gap("peers are not installed; remedy: make peers")
        request = {"job": asdict(job), "output": str(output or "")}
        environment = _environment(job.allocator, job.threads)
        answer = _ask(python, request, environment, self.limit_s)
        return Result(status=answer) if isinstance(answer, str) else Result.read(answer)

    def _compared(self, job: Job, output: Path, result: Result) -> Result:
        """Compare a peer's output with ours of the same group; then neither is needed again."""
        path = self.store.output(replace(job, contender="ours"))
        if not path.is_file():
            return replace(result, note="not compared: no output of ours")
        ours, theirs = load_array(path), load_array(output)
        output.unlink()
        path.unlink()
        count = min(len(ours), len(theirs))  # saturating batches may differ
        if ours.shape[1:] != theirs.shape[1:]:
            return replace(result, note=f"shapes differ: {ours.shape} and {theirs.shape}")
        difference = relative_difference(ours[:count], theirs[:count])
        return replace(result, relative_difference=difference)


def relative_difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return ||ours - theirs|| / ||theirs||, in double precision.

    Examples
    --------
    >>> relative_difference(np.array([3.0, 5.0]), np.array([3.0, 4.0]))
    0.2
    """
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def _ask(
    python: Path, request: Mapping[str, Any], environment: Mapping[str, str], limit_s: float
) -> dict[str, Any] | str:
    """Return what a measuring process answers, or why there is no answer."""
    command = [os.fspath(python), "-m", "tools.benchmarks.measure", json.dumps(request)]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=dict(environment), capture_output=True, timeout=limit_s
        )
    except subprocess.TimeoutExpired as late:
        return f"not run: over the limit of {limit_s:g} s{_first(late.stdout)}"
    except OSError as error:
        return f"not run: {python}: {error.strerror}"
    answers = _marked(done.stdout, RESULT)
    if done.returncode == 0 and answers:
        return json.loads(answers[-1])
    return f"not run: {_why(done)}"


def _marked(stdout: bytes | None, mark: str) -> list[str]:
    lines = (stdout or b"").decode(errors="replace").splitlines()
    return [line.removeprefix(mark) for line in lines if line.startswith(mark)]


def _first(stdout: bytes | None) -> str:
    firsts = _marked(stdout, FIRST)
    return f" (the first call took {float(firsts[-1]):.3g} s)" if firsts else ""


def _why(done: subprocess.CompletedProcess[bytes]) -> str:
    if done.returncode == _KILLED:
        return "out of memory (killed by the system)"
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"exit status {done.returncode}"


def _environment(allocator: str, threads: int) -> dict[str, str]:
    """Return the environment of a measurement: nothing of ours about allocators or threads."""
    tuning = {name for settings in ALLOCATORS.values() for name in settings}
    rest = {name: value for name, value in os.environ.items() if name not in tuning}
    counts = {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    return {**rest, **counts, **ALLOCATORS.get(allocator, {})}


def _commit() -> str:
    found = provenance.commit()
    return f"{(found['sha'] or 'unknown')[:8]}{'+' if found['dirty'] else ''}"


def _machine(rates: Rates) -> str:
    return rates.gpu or str(provenance.hardware()["processor"])


def _title(job: Job) -> str:
    batch = f"batch {job.batch}" if job.batch else "saturating batch"
    what = f"{job.configuration.name} {job.configuration.n_samples} {batch} {job.mode}"
    return f"{job.study}: {what}, {job.device}, {job.allocator}: {CONTENDERS[job.contender].label}"


def _outcome(result: Result) -> str:
    if not result.is_run:
        return result.status
    median = Row(job=None, result=result).median  # type: ignore[arg-type]
    memory = (result.peak_bytes or 0) / 1e6
    return f"{median:.3g} s, {memory:.0f} MB"


def say(text: str, *, end: str = "\n") -> None:
    """Show progress."""
    print(text, end=end, file=sys.stderr, flush=True)
