"""Run all jobs, each in a process of its own; keep every result at once; go on where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from jtfs_repro import io, provenance
from jtfs_repro.io import load_array
from tools.benchmarks.contenders import BY_STUDY, CONTENDERS, PEER
from tools.benchmarks.plan import ALLOCATORS, Settings
from tools.benchmarks.records import FIRST, RESULT, RUN, Job, Rates, Result, Row

ROOT = Path(__file__).parents[2]
_KILLED = -9
FOLDER, ROWS = "partial", "rows.json"
_PEERS_OF_OURS = tuple(c for c in BY_STUDY["transform"] if c.peer)
_LATE = re.compile(r"not run: over the limit of ([\d.e+]+) s")
_RATES_LIMIT_S = 300.0


class Store:
    """Rows and outputs in ``output/partial/``.

    Parameters
    ----------
    output : Path
        Folder of the results.
    resume : bool
        Keep what an earlier run measured.

    Raises
    ------
    FileError
        An unfinished run is there and ``resume`` does not say what to do with it, or its file is
        not readable.
    """

    def __init__(self, output: Path, *, resume: bool) -> None:
        self.folder = output / FOLDER
        self.path = self.folder / ROWS
        self._rows: dict[tuple[str, str], Row] = {}
        if not self.path.is_file():
            return
        entries = io.load_json(self.path)
        if resume:
            rows = [Row.read(entry) for entry in entries["rows"]]
            self._rows = {(row.job.key, row.result.machine): row for row in rows}
        elif not entries["finished"]:
            raise io.FileError(f"{self.path}: of an unfinished run (add --resume, or delete it)")
        else:
            shutil.rmtree(self.folder)

    def add(self, row: Row) -> None:
        """Keep a row, on the disk when this returns."""
        self._rows[row.job.key, row.result.machine] = row
        self._save(finished=False)

    def finish(self) -> None:
        """Note that no job is left; drop the outputs that nothing was compared with."""
        self._save(finished=True)
        for path in self.folder.glob("*.npy"):
            path.unlink()

    def _save(self, *, finished: bool) -> None:
        rows = [asdict(row) for row in self._rows.values()]
        io.save_json(self.path, {"finished": finished, "rows": rows})

    def output(self, job: Job) -> Path:
        """Return where a job's output is kept until it is compared."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(job.key.encode()).hexdigest()[:16]
        return self.folder.resolve() / f"{name}.npy"

    def rows(self, jobs: list[Job], machines: Mapping[str, str]) -> list[Row]:
        """Return the rows of these jobs on this machine, in order."""
        keys = [(job.key, machines[job.device]) for job in jobs]
        return [self._rows[key] for key in keys if key in self._rows]

    def pending(self, jobs: list[Job], machines: Mapping[str, str], *, limit_s: float) -> list[Job]:
        """Return the jobs to run: without a result, or whose gap may be gone by now.

        Ours is run again, too, before a peer whose output it must be compared with.
        """
        open_keys = {
            job.key
            for job in jobs
            if self._is_open(self._rows.get((job.key, machines[job.device])), limit_s)
        }
        waiting = {job.group for job in jobs if job.key in open_keys and compares(job)}
        return [
            job
            for job in jobs
            if job.key in open_keys
            or (job.contender == "ours" and job.group in waiting and not self._has_output(job))
        ]

    def _is_open(self, row: Row | None, limit_s: float) -> bool:
        if row is None:
            return True
        late = _LATE.match(row.result.status)
        return float(late[1]) < limit_s if late else not row.result.is_run

    def _has_output(self, job: Job) -> bool:
        return self.output(job).is_file()


def compares(job: Job) -> bool:
    """Return whether the job's output is compared with ours."""
    return job.mode == "forward" and CONTENDERS[job.contender] in _PEERS_OF_OURS


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
