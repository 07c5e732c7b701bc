"""One measurement: the job that asks for it, the result that answers it, both as JSON.

Only the standard library is imported here: the peers' interpreters read this file as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tools.benchmarks.configurations import Configuration

RUN = "run"
FIRST, RESULT = "FIRST ", "RESULT "  # begin the lines that a measuring process prints
SATURATING = 0  # as the batch of a job: the smallest one that keeps the device busy


@dataclass(frozen=True, kw_only=True)
class Job:
    """One contender, one configuration, one mode, in a process of its own.

    Parameters
    ----------
    contender : str
        A name in `tools.benchmarks.contenders`.
    configuration : Configuration
    mode : {'forward', 'training'}
        Training is forward, and backward to the input.
    device : {'cpu', 'cuda'}
    allocator : str
        A name in `tools.benchmarks.plan.ALLOCATORS`.
    batch : int
        Signals at once; `SATURATING` lets the process find it.
    threads, repeats, seed : int
    study : {'transform', 'loss', 'samples', 'batch'}
        The table that the measurement is for.
    """

    contender: str
    configuration: Configuration
    mode: str
    device: str = "cpu"
    allocator: str = "default"
    batch: int = 1
    threads: int = 2
    repeats: int = 5
    seed: int = 0
    study: str = "transform"

    @classmethod
    def read(cls, entries: Mapping[str, Any]) -> Job:
        """Return the job of a JSON object."""
        return cls(**{**entries, "configuration": Configuration.read(entries["configuration"])})

    @property
    def key(self) -> str:
        """All that tells this job from others."""
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def group(self) -> str:
        """What jobs share whose outputs must be equal."""
        return json.dumps({**asdict(self), "contender": ""}, sort_keys=True)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came out of a job.

    Parameters
    ----------
    status : str
        'run', or 'not run: why'.
    seconds : tuple of float
        Of each repetition.
    first_seconds : float
        Of the call before them, which may build tables.
    batch : int
        Signals at once.
    peak_bytes : int
        Most memory in use during the calls, less what was in use before the first.
    memory_method : str
        How the peak was read.
    paths, coefficients : int
        Length of the output's path axis; numbers per signal.
    flops, least_bytes, planned_bytes : int
        The transform's own count, where it gives one.
    relative_difference : float
        L2 norm of the difference from our output by that of the peer's.
    note : str
        What else to know, e.g. that shapes differ.
    load : float
        Load average of the last minute when the job began.
    version : str
        Of the package that the program comes from.
    torch, cuda, tf32 : str
    commit, machine : str
        Which source, on which processor or GPU.
    """

    status: str
    seconds: tuple[float, ...] = ()
    first_seconds: float | None = None
    batch: int | None = None
    peak_bytes: int | None = None
    memory_method: str = ""
    paths: int | None = None
    coefficients: int | None = None
    flops: int | None = None
    least_bytes: int | None = None
    planned_bytes: int | None = None
    relative_difference: float | None = None
    note: str = ""
    load: float | None = None
    version: str = ""
    torch: str = ""
    cuda: str = ""
    tf32: str = ""
    commit: str = ""
    machine: str = ""

    @classmethod
    def read(cls, entries: Mapping[str, Any]) -> Result:
        """Return the result of a JSON object."""
        return cls(**{**entries, "seconds": tuple(entries.get("seconds", ()))})

    @classmethod
    def gap(cls, reason: str) -> Result:
        """Return the result of a job that did not run."""
        return cls(status=f"not run: {reason}")

    @property
    def is_run(self) -> bool:
        """Whether there is something measured."""
        return self.status == RUN


@dataclass(frozen=True, kw_only=True)
class Rates:
    """What the machine can do at most, in single precision.

    Parameters
    ----------
    status : str
        'run', or 'not measured: why'.
    flops_per_s : float
        Of a matrix product, two per multiply-add.
    bytes_per_s : float
        Of a copy far beyond the cache, read and written bytes together.
    gpu : str
        Name, or empty.
    """

    status: str
    flops_per_s: float = 0.0
    bytes_per_s: float = 0.0
    gpu: str = ""

    def bound(self, flops: int | None, least_bytes: int | None) -> float | None:
        """Return the least seconds for so much arithmetic and traffic, None if unknown.

        Examples
        --------
        >>> Rates(status="run", flops_per_s=1e9, bytes_per_s=1e8).bound(10**9, 10**9)
        10.0
        """
        if flops is None or least_bytes is None or self.status != RUN:
            return None
        return max(flops / self.flops_per_s, least_bytes / self.bytes_per_s)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A job and its result."""

    job: Job
    result: Result

    @classmethod
    def read(cls, entries: Mapping[str, Any]) -> Row:
        """Return the row of a JSON object."""
        return cls(job=Job.read(entries["job"]), result=Result.read(entries["result"]))

    @property
    def median(self) -> float | None:
        """Seconds of the call in the middle."""
        return quantile(self.result.seconds, 0.5)


def quantile(values: tuple[float, ...], share: float) -> float | None:
    """Return a quantile by linear interpolation, None if there is no value.

    Examples
    --------
    >>> quantile((3.0, 1.0, 2.0), 0.5), quantile((1.0, 2.0), 0.25)
    (2.0, 1.25)
    """
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
