"""Predicted against measured: the makespan of a run from the jobs of another, or of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tools.scaling.costs import NOT_MEASURED
from tools.scaling.jobs import Job, measured_makespan, pauses, start_seconds
from tools.scaling.schedule import Machine, simulate


def wall_per_cpu(jobs: Sequence[Job], *, start_s: float) -> float:
    """Return the wall seconds of all jobs and starts over the processor seconds that they used.

    Near 1 on a machine that does nothing else; other work on it, and waiting for files, raise it.
    """
    cpu_s = sum(job.cpu_s for job in jobs)
    return sum(job.seconds + start_s for job in jobs) / cpu_s if cpu_s else 0.0


def row(
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
