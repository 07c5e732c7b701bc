"""The jobs of a run as they were measured: what each took, read and wrote, and waited for.

They come from ``results/RUN/manifest.json``, which gathers what every stage recorded of itself.
A job's seconds begin when its stage has imported its libraries; what lies between the moment
when it could have begun and that one is its start: the scheduler, a Python process, the imports.
:func:`start_seconds` finds it from when the jobs began and ended.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jtfs_repro import checks, io
from jtfs_repro.provenance import Stamp

PAUSE_S = 60.0  # between two jobs: more was no waiting, the run was stopped and taken up again


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job: what it takes on one core, and which jobs it needs.

    Parameters
    ----------
    name : str
        Unique in its run.
    stage : str
        E.g. ``"extract_features"``.
    seconds : float >= 0
        Wall time without its start.
    cpu_s : float >= 0
        Processor time, imports included.
    memory_mb : float >= 0
        Peak memory in MB.
    threads : int >= 1
        Cores that it holds.
    can_use_gpu : bool
        Whether it takes ``--device``.
    bytes_read, bytes_written : int >= 0
        Through the file system.
    needs : tuple of str
        Names of jobs.
    started_s : float or None
        When it began, in seconds since the run's first job.

    Raises
    ------
    ValueError
        A quantity is negative or not finite.
    """

    name: str
    stage: str = ""
    seconds: float
    cpu_s: float = 0.0
    memory_mb: float = 0.0
    threads: int = 1
    can_use_gpu: bool = False
    bytes_read: int = 0
    bytes_written: int = 0
    needs: tuple[str, ...] = ()
    started_s: float | None = None

    def __post_init__(self) -> None:
        for name in ("seconds", "cpu_s", "memory_mb"):
            checks.number(name, getattr(self, name), low=0)
        for name in ("bytes_read", "bytes_written"):
            checks.integer(name, getattr(self, name), low=0)
        checks.integer("threads", self.threads, low=1)

    @property
    def ended_s(self) -> float:
        """When it ended, in seconds since the run's first job; it must have begun."""
        if self.started_s is None:
            raise ValueError(f"started_s=None must be known of {self.name} (not a measured job?)")
        return self.started_s + self.seconds


def load_run(path: str | os.PathLike[str]) -> tuple[list[Job], dict[str, str]]:
    """Return the jobs that a manifest lists, and its stamp.

    Parameters
    ----------
    path : path
        ``manifest.json``; the files that it names are relative to the working directory.

    Raises
    ------
    FileError
        The file is missing or not JSON, lists no jobs, or an entry lacks something.
    """
    manifest = io.load_json(path)
    entries = manifest.get("jobs") if isinstance(manifest, dict) else None
    if not isinstance(entries, list) or not entries:
        raise io.FileError(f"{path}: it lists no jobs (made before jobs were; run snakemake again)")
    try:
        return _jobs(entries), Stamp.common([manifest]).as_dict()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise io.corrupt(path, "a manifest of jobs", error) from None


def _jobs(entries: Sequence[Mapping[str, Any]]) -> list[Job]:
    makers = {path: _name(entry) for entry in entries for path in entry["outputs"]}
    sizes = {path: _bytes(out) for entry in entries for path, out in entry["outputs"].items()}
    dates = [datetime.fromisoformat(entry["started"]).timestamp() for entry in entries]
    first = min(dates)
    return [
        Job(
            name=_name(entry),
            stage=stage_of(entry),
            seconds=entry["wall_s"],
            cpu_s=entry["cpu_s"],
            memory_mb=entry["peak_memory_mb"],
            threads=entry["threads"].get("torch") or 1,
            can_use_gpu="--device" in entry["arguments"],
            bytes_read=sum(sizes.get(p) or _size(p) for p in entry["inputs"]),
            bytes_written=sum(sizes[p] for p in entry["outputs"]),
            needs=_needs(entry, makers),
            started_s=date - first,
        )
        for entry, date in zip(entries, dates, strict=True)
    ]


def _name(entry: Mapping[str, Any]) -> str:
    return f"{stage_of(entry)} {min(entry['outputs'])}"


def _needs(entry: Mapping[str, Any], makers: Mapping[str, str]) -> tuple[str, ...]:
    found = {makers[path] for path in entry["inputs"] if path in makers}
    return tuple(sorted(found - {_name(entry)}))


def _bytes(output: Mapping[str, Any] | None) -> int:
    """Return an output's bytes; 0 where the manifest has none: one gone since, many as one."""
    return (output or {}).get("bytes", 0)


def _size(path: str) -> int:
    return os.path.getsize(path) if os.path.isfile(path) else 0


def pauses(jobs: Sequence[Job]) -> list[float]:
    """Return the stretches of more than `PAUSE_S` in which no job ran, in seconds."""
    order = sorted(jobs, key=_start)
    found, end = [], _start(order[0])
    for job in order:
        if _start(job) - end > PAUSE_S:
            found.append(_start(job) - end)
        end = max(end, job.ended_s)
    return found


def measured_makespan(jobs: Sequence[Job]) -> float:
    """Return the seconds from the first job's begin to the last one's end, without `pauses`.

    Examples
    --------
    >>> measured_makespan([Job(name="a", seconds=3.0, started_s=0.0),
    ...                    Job(name="b", seconds=2.0, started_s=4.0)])
    6.0
    """
    first, last = min(map(_start, jobs)), max(job.ended_s for job in jobs)
    return last - first - sum(pauses(jobs))


def _start(job: Job) -> float:
    return job.ended_s - job.seconds


def start_seconds(jobs: Sequence[Job], *, cores: int) -> float:
    """Return the mean start of a job, in seconds, on the machine that ran them.

    A job could have begun when the last job that it needs had ended and a core was free. The time
    from then to its begin is its start. Jobs that began first, or after a pause, do not count.

    Parameters
    ----------
    jobs : sequence of Job
        Each with `started_s`.
    cores : int >= 1
        How many jobs of one thread ran at a time.

    Returns
    -------
    seconds : float
        0 if no job followed another.

    Raises
    ------
    ValueError
        A job has no `started_s`, or `cores` is no positive integer.
    """
    checks.integer("cores", cores, low=1)
    ends = {job.name: job.ended_s for job in jobs}
    found = []
    for job in jobs:
        before = [ends[other.name] for other in jobs if _start(other) < _start(job)]
        if len(before) < cores:
            continue
        free = sorted(before)[-cores]  # the core of the job that ended `cores` jobs ago
        ready = max([free, *(ends[name] for name in job.needs if name in ends)])
        if 0 <= _start(job) - ready <= PAUSE_S:
            found.append(_start(job) - ready)
    return statistics.fmean(found) if found else 0.0


def stage_of(entry: Mapping[str, Any]) -> str:
    """Return the stage that a job ran, or the name of its script."""
    return entry.get("stage") or Path(entry["script"]).stem
