"""Base class of descents: a point, its error, a step of one evaluation, a state to save."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from jtfs_repro import checks
from jtfs_repro.resynthesis.objective import Evaluation, Objective

SMALLEST_STEP = 1e-7  # of the point's norm: about what float32 resolves


@dataclass(frozen=True, kw_only=True)
class Step:
    """What one iteration did: the trial's error, its step size, whether it was accepted."""

    trial_error: float
    step_size: float
    accepted: bool


class Descent(ABC):
    """A way down the error. One step is one evaluation of the objective.

    An exception that leaves the objective leaves the descent as it was before the step. ``point``
    and ``gradient`` (of the squared error) have [shape=(channels, N)]; ``step_size`` is that of the
    next step, in the descent's own unit; ``is_collapsed``: that step is too short to move the
    point.
    """

    STATE: ClassVar[tuple[str, ...]] = ("point", "squared_error", "gradient", "step_size")
    SETTINGS: ClassVar[tuple[str, ...]] = ()

    point: Tensor
    squared_error: float
    gradient: Tensor
    step_size: float

    @property
    def error(self) -> float:
        """The error of the current point."""
        return root(self.squared_error)

    @property
    def is_monotonic(self) -> bool:
        """Whether a step that raises the error is undone."""
        return True

    @property
    def returns_last(self) -> bool:
        """Whether the result is the last point rather than the best one."""
        return False

    def start(self, objective: Objective, y: Tensor, target: Tensor) -> None:
        """Take the first point y, the initial noise [shape=(channels, N)], at one evaluation.

        Of the target only its level is read, where a step size is relative to it. ValueError: the
        error of the noise is not finite.
        """
        found = objective.evaluate(y)
        if found.gradient is None:
            mistake = "are samples beyond what the transform can square?"
            checks.fail("initial error", found.squared_error, "be finite", mistake)
        self._move(y, found)
        self.step_size = self._first_step_size(target)

    def _move(self, y: Tensor, found: Evaluation) -> None:
        assert found.gradient is not None
        self.point, self.squared_error, self.gradient = y, found.squared_error, found.gradient

    @abstractmethod
    def _first_step_size(self, target: Tensor) -> float: ...

    @abstractmethod
    def step(self, objective: Objective) -> Step:
        """Try one step; move the point if the step is accepted."""

    @property
    @abstractmethod
    def is_collapsed(self) -> bool:
        """Whether the next step is too short to move the point."""

    def _is_short(self, length: float) -> bool:
        return not length > SMALLEST_STEP * norm(self.point)

    def settings(self) -> dict[str, Any]:
        """Return the settings, for facts and checkpoints."""
        return {name: getattr(self, name) for name in self.SETTINGS}

    def state_dict(self) -> dict[str, Any]:
        """Return tensors and plain values from which the descent goes on to the bit."""
        return {name: getattr(self, name) for name in self.STATE}

    def load_state_dict(self, state: dict[str, Any], *, device: torch.device) -> None:
        """Take over what `state_dict` returned."""
        for name in self.STATE:
            setattr(self, name, _to(state[name], device))


def factor(name: str, value: float, *, low: float | None = None) -> float:
    """Return a number below 1, above 0 or from ``low`` on; ValueError if it is not."""
    checks.number(name, value, low=low, above=0 if low is None else None)
    if value >= 1:
        checks.fail(name, value, "be < 1", "a factor")
    return value


def root(squared: float) -> float:
    """Return the square root; NaN stays NaN."""
    return math.sqrt(squared) if squared >= 0 else math.nan


def norm(x: Tensor) -> float:
    """Return the L2 norm over all channels."""
    return torch.linalg.vector_norm(x, dtype=torch.float64).item()


def dot(x: Tensor, y: Tensor) -> float:
    """Return the inner product over all channels."""
    return torch.sum(x * y, dtype=torch.float64).item()


def rms(x: Tensor) -> float:
    """Return the root of the mean square over all channels."""
    return norm(x) / math.sqrt(x.numel())


def _to(value: Any, device: torch.device) -> Any:
    if isinstance(value, Tensor):
        return value.to(device)
    return [_to(item, device) for item in value] if isinstance(value, list) else value


Row = dict[str, Any]


def first_row(descent: Descent, *, evaluations: int) -> Row:
    """Return the row of the initial noise: it has no trial."""
    return {
        "iteration": 0,
        "evaluations": evaluations,
        "error": descent.error,
        "trial_error": "",
        "step_size": "",
        "accepted": "",
        "best_error": descent.error,
    }


def next_row(rows: Sequence[Row], descent: Descent, step: Step, *, evaluations: int) -> Row:
    """Return the row of an iteration.

    ``error`` is that of the current point, after the step was accepted or undone; ``trial_error``
    is empty where it was not finite; ``evaluations`` counts transforms of the whole estimate.
    """
    return {
        "iteration": rows[-1]["iteration"] + 1,
        "evaluations": evaluations,
        "error": descent.error,
        "trial_error": step.trial_error if math.isfinite(step.trial_error) else "",
        "step_size": step.step_size,
        "accepted": "yes" if step.accepted else "no",
        "best_error": min(rows[-1]["best_error"], descent.error),
    }


def gain(rows: Sequence[Row], iterations: int) -> float:
    """Return by what share the best error fell in the last ``iterations``; inf if there are fewer.

    Examples
    --------
    >>> gain([{"best_error": 1.0}, {"best_error": 0.75}], 1)
    0.25
    """
    if len(rows) <= iterations:
        return math.inf
    before = rows[-1 - iterations]["best_error"]
    return 1 - rows[-1]["best_error"] / before if before else 0.0
