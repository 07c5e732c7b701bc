"""A simulated machine: when measured jobs would begin and end there, beside when they did.

Jobs are placed as Snakemake's greedy scheduler does: whatever can begin, begins, those that read
most first. A job goes through phases: its start, reading, computing, writing. It keeps its cores
throughout. Jobs that transfer at the same time share the bandwidth of the storage equally; nothing
else slows one job because of another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jtfs_repro import checks
from tools.scaling.jobs import Job, measured_makespan, pauses, start_seconds

NOT_MEASURED = "not measured"
START, STORAGE, COMPUTE = "start", "storage", "compute"
_DONE = 1e-9  # of a phase's amount, seconds or bytes: less than this is rounding


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What jobs share.

    Parameters
    ----------
    cores : int >= 1
    gpus : int >= 0
        Jobs that can use a GPU take one, if there is any, besides their cores.
    gpu_speedup : float > 0
        Seconds of computing on one core over those on one GPU; an assumption, not a measurement.
    start_s : float >= 0
        Seconds that every job takes before it begins, see `jobs.start_seconds`.
    storage : float > 0
        Bytes per second of the file system that all jobs share.

    Raises
    ------
    ValueError
        A quantity is out of its range.
    """

    cores: int
    gpus: int = 0
    gpu_speedup: float = 1.0
    start_s: float = 0.0
    storage: float = math.inf

    def __post_init__(self) -> None:
        checks.integer("cores", self.cores, low=1)
        checks.integer("gpus", self.gpus, low=0)
        checks.number("gpu_speedup", self.gpu_speedup, above=0)
        checks.number("start_s", self.start_s, low=0)
        if not self.storage > 0:
            checks.fail("storage", self.storage, "be > 0")

    def gpus_of(self, job: Job) -> int:
        """Return how many GPUs a job holds here."""
        return int(job.can_use_gpu and self.gpus > 0)

    def phases(self, job: Job) -> list[tuple[str, float]]:
        """Return what a job goes through here: kind of phase, seconds or bytes."""
        speedup = self.gpu_speedup if self.gpus_of(job) else 1.0
        is_slow = math.isfinite(self.storage)
        return [
            (START, self.start_s),
            (STORAGE, job.bytes_read if is_slow else 0),
            (COMPUTE, job.seconds / speedup),
            (STORAGE, job.bytes_written if is_slow else 0),
        ]

    def pace(self, kind: str, n_jobs: int) -> float:
        """Return how much of a phase of this kind each of `n_jobs` does per second."""
        return self.storage / n_jobs if kind == STORAGE else 1.0

    def alone(self, job: Job) -> float:
        """Return the seconds that a job takes here by itself."""
        return sum(amount / self.pace(kind, 1) for kind, amount in self.phases(job))


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When jobs ran on a simulated machine.

    Parameters
    ----------
    begins, ends : mapping
        Job -> seconds; a job's begin is that of its start.
    bounds : mapping
        What alone would take at least so many seconds: 'cores', 'gpus', 'storage' with perfect
        use, and 'chain', the longest chain of jobs that need each other.
    """

    begins: Mapping[str, float]
    ends: Mapping[str, float]
    bounds: Mapping[str, float]

    @property
    def makespan(self) -> float:
        """Seconds from the first begin to the last end."""
        return max(self.ends.values())

    @property
    def limit(self) -> str:
        """What saturates first: the key of the largest bound."""
        return max(self.bounds, key=lambda name: self.bounds[name])

    def busy(self, resource: str) -> float:
        """Return the share of the makespan for which a resource was used, between 0 and 1."""
        return self.bounds[resource] / self.makespan if self.makespan else 0.0


@dataclass(kw_only=True)
class _Running:
    job: Job
    phases: list[tuple[str, float]]

    def is_done(self) -> bool:
        """Drop the phases that ended; return whether none is left."""
        while self.phases and self.phases[0][1] <= _DONE:
            self.phases.pop(0)
        return not self.phases


@dataclass(kw_only=True)
class _State:
    """What runs on a machine."""

    machine: Machine
    running: list[_Running] = field(default_factory=list)

    def fits(self, job: Job) -> bool:
        held = [item.job for item in self.running]
        return (
            _cores(job, self.machine) + sum(_cores(j, self.machine) for j in held)
            <= self.machine.cores
            and self.machine.gpus_of(job) + sum(map(self.machine.gpus_of, held))
            <= self.machine.gpus
        )

    def is_full(self) -> bool:
        return sum(_cores(item.job, self.machine) for item in self.running) >= self.machine.cores

    def run_until_end(self) -> tuple[float, list[str]]:
        """Go on until a job ends; return the seconds until then, and who ended."""
        passed = 0.0
        while not (done := [item.job.name for item in self.running if item.is_done()]):
            passed += self._advance()
        self.running = [item for item in self.running if item.phases]
        return passed, done

    def _advance(self) -> float:
        """Go on to the moment when some phase ends; return the seconds until then."""
        kinds = [item.phases[0][0] for item in self.running]
        rates = [self.machine.pace(kind, kinds.count(kind)) for kind in kinds]
        pairs = list(zip(self.running, rates, strict=True))
        step = min(item.phases[0][1] / rate for item, rate in pairs)
        for item, rate in pairs:
            kind, amount = item.phases[0]
            left = amount - rate * step
            item.phases[0] = (kind, left if left > _DONE * max(amount, 1.0) else 0.0)
        return step


def simulate(jobs: Sequence[Job], machine: Machine) -> Schedule:
    """Return when jobs would run on a machine.

    Parameters
    ----------
    jobs : sequence of Job
        Needs that are not in the sequence count as done.
    machine : Machine

    Raises
    ------
    ValueError
        Two jobs have one name, or jobs need each other in a circle.

    Examples
    --------
    >>> jobs = [Job(name=name, seconds=2.0) for name in "abc"]
    >>> simulate(jobs, Machine(cores=2, start_s=1.0)).makespan
    6.0
    """
    order = sorted(jobs, key=lambda job: (-job.bytes_read, job.name))
    known = {job.name for job in order}
    if len(known) != len(order):
        checks.fail("jobs", len(order), "have different names", "two manifests in one list?")
    waiting = {job.name: set(job.needs) & known for job in order}
    begins: dict[str, float] = {}
    ends: dict[str, float] = {}
    state, now, left = _State(machine=machine), 0.0, order
    while left or state.running:
        for job in _placed(left, waiting, state):
            begins[job.name] = now
        left = [job for job in left if job.name not in begins]
        if not state.running:
            names = [job.name for job in left[:3]]
            checks.fail("jobs", names, "not need each other in a circle")
        passed, done = state.run_until_end()
        now += passed
        ends.update(dict.fromkeys(done, now))
        for needs in waiting.values():
            needs.difference_update(done)
    return Schedule(begins=begins, ends=ends, bounds=_bounds(order, machine))


def _placed(jobs: Sequence[Job], waiting: Mapping[str, set[str]], state: _State) -> list[Job]:
    """Begin every job that can; return them."""
    found = []
    for job in jobs:
        if state.is_full():
            break
        if not waiting[job.name] and state.fits(job):
            state.running.append(_Running(job=job, phases=state.machine.phases(job)))
            found.append(job)
    return found


def _cores(job: Job, machine: Machine) -> int:
    """Return the cores that a job holds: all of them, if it asks for more, as in Snakemake."""
    return min(job.threads, machine.cores)


def _bounds(jobs: Sequence[Job], machine: Machine) -> dict[str, float]:
    """Return the seconds that each resource alone would need, see `Schedule`."""
    alone = {job.name: machine.alone(job) for job in jobs}
    on_gpu = sum(alone[job.name] for job in jobs if machine.gpus_of(job))
    through = sum(job.bytes_read + job.bytes_written for job in jobs)
    return {
        "cores": sum(alone[j.name] * _cores(j, machine) for j in jobs) / machine.cores,
        "gpus": on_gpu / machine.gpus if machine.gpus else 0.0,
        "storage": through / machine.storage,
        "chain": _chain(jobs, alone),
    }


def _chain(jobs: Sequence[Job], seconds: Mapping[str, float]) -> float:
    """Return the length of the longest chain of needs, in seconds."""
    needs = {job.name: [name for name in job.needs if name in seconds] for job in jobs}
    reach: dict[str, float] = {}
    while len(reach) < len(needs):
        for name, before in needs.items():
            if name not in reach and all(other in reach for other in before):
                reach[name] = seconds[name] + max((reach[other] for other in before), default=0.0)
    return max(reach.values())


def wall_per_cpu(jobs: Sequence[Job], *, start_s: float) -> float:
    """Return the wall seconds of all jobs and starts over the processor seconds that they used.

    Near 1 on a machine that does nothing else; other work on it, and waiting for files, raise it.
    """
    cpu_s = sum(job.cpu_s for job in jobs)
    return sum(job.seconds + start_s for job in jobs) / cpu_s if cpu_s else 0.0


def prediction(
    jobs: Sequence[Job],
    machine: Machine,
    *,
    made_on: int,
    stamp: Mapping[str, str],
    against: Sequence[Job] | None = None,
) -> dict[str, Any]:
    """Return the predicted makespan of measured jobs on a machine, beside a measured one.

    Parameters
    ----------
    jobs : sequence of Job
        Measured on `made_on` cores.
    machine : Machine
        Its `start_s` is replaced by the one found in `jobs`.
    made_on : int >= 1
    stamp : mapping
        Scale, preset, device and variant of the jobs.
    against : sequence of Job, optional
        The same jobs measured on such a machine; by default `jobs` themselves, if the machine has
        as many cores as they were made on.

    Returns
    -------
    row : dict
        jobs, made_on_cores, cores, gpus, start_s, predicted_s (from the first job's begin without
        its start to the last one's end), measured_s, error_percent,
        error_percent_equal_load (the prediction times the ratio of the two runs' wall_per_cpu:
        what is left when other work on the machine is allowed for), limit, busy share of the
        cores, pauses taken out of measured_s. What does not apply is 'not measured'.
    """
    start_s = start_seconds(jobs, cores=made_on)
    schedule = simulate(jobs, replace(machine, start_s=start_s))
    predicted_s = schedule.makespan - start_s
    is_itself = against is None and machine.cores == made_on and not machine.gpus
    return {
        "jobs": len(jobs),
        "made_on_cores": made_on,
        "cores": machine.cores,
        "gpus": machine.gpus,
        "start_s": start_s,
        "predicted_s": predicted_s,
        **_measured(predicted_s, jobs, start_s, jobs if is_itself else against, machine.cores),
        "limit": schedule.limit,
        "cores_busy": schedule.busy("cores"),
        **stamp,
    }


def _measured(
    predicted_s: float,
    jobs: Sequence[Job],
    start_s: float,
    target: Sequence[Job] | None,
    cores: int,
) -> dict[str, Any]:
    names = ("measured_s", "error_percent", "error_percent_equal_load", "pauses")
    if target is None:
        return dict.fromkeys(names, NOT_MEASURED)
    measured_s = measured_makespan(target)
    load = wall_per_cpu(jobs, start_s=start_s)
    its_load = wall_per_cpu(target, start_s=start_seconds(target, cores=cores))
    equal = predicted_s * its_load / load if load else predicted_s
    values = (measured_s, _error(predicted_s, measured_s), _error(equal, measured_s))
    return dict(zip(names, (*values, len(pauses(target))), strict=True))


def _error(predicted_s: float, measured_s: float) -> float:
    return 100 * (predicted_s / measured_s - 1)
