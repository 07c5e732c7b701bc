"""The loop of a descent: history, best point, snapshots, early stop, checkpoints, progress."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from jtfs_repro import checks
from jtfs_repro.resynthesis.checkpoint import Checkpoint
from jtfs_repro.resynthesis.descent import Descent, Row, first_row, gain, next_row
from jtfs_repro.resynthesis.interrupts import Interrupted, Interrupts
from jtfs_repro.resynthesis.objective import Objective

FINISHED = "finished"


@dataclass(frozen=True, kw_only=True)
class LoopSettings:
    """How long a descent goes on, and what is kept of it.

    Parameters
    ----------
    iterations : int >= 0; at most; each is one evaluation of the error
    snapshots : sequence of int >= 0; iterations whose point is kept, 0 for the initial noise
    tolerance : float >= 0; the descent stops when the error is not above it
    patience : int >= 0; it stops when the best error has fallen by less than the share `least_gain`
        in so many iterations; 0: never
    least_gain : float in [0, 1]
    divergence : float > 1
        It stops when the error is so many times that of the noise, or not finite.
    checkpoint_iterations : int >= 1
    checkpoint_seconds : float > 0
        A checkpoint is written after so many iterations or seconds, whichever comes first.
    """

    iterations: int = 100
    snapshots: Sequence[int] = (0, 5, 20, 100)
    tolerance: float = 0.0
    patience: int = 0
    least_gain: float = 1e-4
    divergence: float = 10.0
    checkpoint_iterations: int = 50
    checkpoint_seconds: float = 60.0

    def __post_init__(self) -> None:
        checks.integer("iterations", self.iterations, low=0)
        for number in self.snapshots:
            checks.integer("snapshots", number, low=0, mistake="iterations")
        checks.number("tolerance", self.tolerance, low=0, mistake="relative error, 0.03 is 3 %")
        checks.integer("patience", self.patience, low=0)
        checks.number("least_gain", self.least_gain, low=0, high=1)
        checks.number("divergence", self.divergence, above=1)
        checks.integer("checkpoint_iterations", self.checkpoint_iterations, low=1)
        checks.number("checkpoint_seconds", self.checkpoint_seconds, above=0)


@dataclass(kw_only=True)
class Course:
    """What a descent has been through so far: rows (see `history`), snapshots, seconds a step.

    ``best`` [shape=(channels, N)] is the point of the lowest error; ``best_iteration`` found it;
    ``snapshots`` are (iteration, error, Tensor).
    """

    rows: list[Row]
    best: Tensor
    best_iteration: int = 0
    snapshots: list[tuple[int, float, Tensor]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def iteration(self) -> int:
        """Number of iterations done."""
        return self.rows[-1]["iteration"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The end of a descent: its course, its status, and the point that is its result."""

    course: Course
    status: str
    point: Tensor
    iteration: int
    error: float

    def snapshots(self) -> list[tuple[int, float, Tensor]]:
        """Return the snapshots before the result, then the result itself."""
        before = [shot for shot in self.course.snapshots if shot[0] < self.iteration]
        return [*before, (self.iteration, self.error, self.point)]


def descend(
    objective: Objective,
    descent: Descent,
    noise: Tensor,
    target: Tensor,
    *,
    settings: LoopSettings,
    checkpoint: Checkpoint | None = None,
    progress: bool | None = None,
    label: str = "",
) -> Outcome:
    """Take a descent down from the noise to the target [shape=(channels, N)].

    With a checkpoint, SIGTERM and Ctrl-C are heeded after the segment that is being transformed:
    the state of the last whole iteration is written, then the signal acts as usual. A descent that
    goes on from a checkpoint ends with the same bits as one that was never stopped. The caller
    removes the checkpoint when the outputs are written. ValueError: the error of the noise is not
    finite.
    """
    state = checkpoint.load() if checkpoint else None
    if state is None:
        descent.start(objective, noise, target)
        course = _begin(objective, descent, settings)
    else:
        course = _restore(state, objective, descent, device=noise.device)
    bar = tqdm(
        total=settings.iterations,
        initial=course.iteration,
        desc=label,
        unit="it",
        disable=None if progress is None else not progress,
    )
    with bar:
        if checkpoint is None:
            status = _run(objective, descent, course, settings, None, bar)
        else:
            status = _run_interruptibly(objective, descent, course, settings, checkpoint, bar)
    return _outcome(descent, course, status)


def _begin(objective: Objective, descent: Descent, settings: LoopSettings) -> Course:
    rows = [first_row(descent, evaluations=objective.evaluations)]
    course = Course(rows=rows, best=descent.point)
    _keep_snapshot(course, descent, settings)
    return course


def _run_interruptibly(
    objective: Objective,
    descent: Descent,
    course: Course,
    settings: LoopSettings,
    checkpoint: Checkpoint,
    bar: tqdm[Any],
) -> str:
    try:
        with Interrupts() as interrupts:
            objective.pause = interrupts.check
            status = _run(objective, descent, course, settings, checkpoint, bar)
            interrupts.check()
            return status
    except Interrupted as interrupted:
        objective.evaluations = course.rows[-1]["evaluations"]
        checkpoint.save(_state(objective, descent, course))
        bar.close()
        where = f"stopped after iteration {course.iteration}; kept in {checkpoint.path}"
        print(f"{where} (the same command goes on from there)", file=sys.stderr)
        signal.raise_signal(interrupted.number)
        raise
    finally:
        objective.pause = lambda: None


def _run(
    objective: Objective,
    descent: Descent,
    course: Course,
    settings: LoopSettings,
    checkpoint: Checkpoint | None,
    bar: tqdm[Any],
) -> str:
    """Iterate until there is a reason to stop; return it."""
    saved, saved_at = course.iteration, time.monotonic()
    while not (status := _status(descent, course, settings)):
        begin = time.perf_counter()
        step = descent.step(objective)
        course.rows.append(next_row(course.rows, descent, step, evaluations=objective.evaluations))
        course.seconds.append(time.perf_counter() - begin)
        _keep_best(course, descent)
        _keep_snapshot(course, descent, settings)
        bar.set_postfix_str(f"error {100 * descent.error:.2f} %", refresh=False)
        bar.update()
        if checkpoint and (
            course.iteration - saved >= settings.checkpoint_iterations
            or time.monotonic() - saved_at >= settings.checkpoint_seconds
        ):
            checkpoint.save(_state(objective, descent, course))
            saved, saved_at = course.iteration, time.monotonic()
    return status


def _status(descent: Descent, course: Course, settings: LoopSettings) -> str:
    """Return why the descent ends here, an empty string if it goes on."""
    rows, at = course.rows, f"at iteration {course.iteration}"
    is_finite = course.iteration == 0 or rows[-1]["trial_error"] != ""
    if not (is_finite or descent.is_monotonic):
        return f"diverged {at}: the error is not finite"
    if descent.error > settings.divergence * rows[0]["error"]:
        return f"diverged {at}: {settings.divergence:g} times the error of the noise"
    if course.iteration >= settings.iterations:
        return FINISHED
    if descent.error <= settings.tolerance:
        return f"early stop {at}: the error is not above {settings.tolerance:g}"
    if settings.patience and gain(rows, settings.patience) < settings.least_gain:
        return f"early stop {at}: no gain in {settings.patience} iterations"
    if descent.is_collapsed:
        return f"early stop {at}: the step is too short to move the sound"
    return ""


def _keep_best(course: Course, descent: Descent) -> None:
    if descent.error < course.rows[course.best_iteration]["error"]:
        course.best, course.best_iteration = descent.point, course.iteration


def _keep_snapshot(course: Course, descent: Descent, settings: LoopSettings) -> None:
    if course.iteration in settings.snapshots:
        course.snapshots.append((course.iteration, descent.error, descent.point))


def _outcome(descent: Descent, course: Course, status: str) -> Outcome:
    returns_last = descent.returns_last and not status.startswith("diverged")
    iteration = course.iteration if returns_last else course.best_iteration
    return Outcome(
        course=course,
        status=status,
        point=descent.point if returns_last else course.best,
        iteration=iteration,
        error=course.rows[iteration]["error"],
    )


def _state(objective: Objective, descent: Descent, course: Course) -> dict[str, Any]:
    return {
        "evaluations": objective.evaluations,
        "descent": descent.state_dict(),
        "rows": course.rows,
        "best": course.best,
        "best_iteration": course.best_iteration,
        "snapshots": course.snapshots,
        "seconds": course.seconds,
    }


def _restore(
    state: dict[str, Any], objective: Objective, descent: Descent, *, device: torch.device
) -> Course:
    descent.load_state_dict(state["descent"], device=device)
    objective.evaluations = state["evaluations"]
    names = ("rows", "best", "best_iteration", "snapshots", "seconds")
    return Course(**{name: state[name] for name in names})
