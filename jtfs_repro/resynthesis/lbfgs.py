r"""Limited-memory BFGS on the squared error, at one evaluation per iteration.

The direction is ``-H g``, with H the inverse Hessian that the last pairs ``s = y_{k+1} - y_k`` and
``q = g_{k+1} - g_k`` suggest (two-loop recursion, Nocedal and Wright, Algorithm 7.4). The next
iteration tries the whole step: if the squared error does not rise the step is kept, otherwise it is
shortened, and the iteration after that tries again. Nothing here depends on the level of the sound.

Own code, for two reasons. `torch.optim.LBFGS` with its strong Wolfe line search was measured to
need two evaluations per step and to be worse after equal numbers of evaluations, here the whole
cost; and this one goes on from a checkpoint to the last bit. A pair is stored only where its
curvature ``s . q`` is positive, which a line search for strong Wolfe conditions would guarantee.

Memory: ``2 * history + 6`` times that of the sound.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from jtfs_repro import checks
from jtfs_repro.resynthesis.descent import Descent, Step, dot, factor, norm, root
from jtfs_repro.resynthesis.objective import Evaluation, Objective

LEAST_CURVATURE = 1e-8  # cosine between s and q from which a pair is stored


class Lbfgs(Descent):
    """L-BFGS with one trial per iteration.

    Parameters
    ----------
    history : int >= 1; pairs that are kept
    first_step : float > 0; length of the first step, as a share of the norm of the initial noise or
        of the target, whichever is larger
    shrink : float in (0, 1); factor of the step after a failure
    failures : int >= 1; failures in a row after which the pairs are dropped: the descent goes on
        along the gradient, by the length of the last step that was kept
    """

    STATE: ClassVar = (*Descent.STATE, "_s", "_q", "_direction", "_length", "_failed")
    SETTINGS: ClassVar = ("history", "first_step", "shrink", "failures")

    def __init__(
        self, *, history: int = 20, first_step: float = 0.1, shrink: float = 0.4, failures: int = 5
    ) -> None:
        self.history = checks.integer("history", history, low=1)
        self.first_step = checks.number("first_step", first_step, above=0)
        self.shrink = factor("shrink", shrink)
        self.failures = checks.integer("failures", failures, low=1)
        self._s: list[Tensor] = []
        self._q: list[Tensor] = []
        self._failed = 0

    def _first_step_size(self, target: Tensor) -> float:
        self._s, self._q, self._failed = [], [], 0
        loudest = max(norm(self.point), norm(target))
        self._length = self.first_step * loudest  # of the last step that was kept
        self._direction = self._steepest()
        return 1.0

    def _steepest(self) -> Tensor:
        length = norm(self.gradient)
        return -self.gradient * (self._length / length if length else 0.0)

    @property
    def is_collapsed(self) -> bool:
        """Whether the next step is too short to move the point."""
        return self._is_short(self.step_size * norm(self._direction))

    def step(self, objective: Objective) -> Step:
        """Try the direction; keep the point if the squared error does not rise."""
        s = self.step_size * self._direction
        y = self.point + s
        found = objective.evaluate(y, limit=self.squared_error)
        accepted = found.gradient is not None
        step = Step(
            trial_error=root(found.squared_error), step_size=self.step_size, accepted=accepted
        )
        if accepted:
            self._accept(y, s, found)
        else:
            self._fail()
        return step

    def _accept(self, y: Tensor, s: Tensor, found: Evaluation) -> None:
        assert found.gradient is not None
        q = found.gradient - self.gradient
        if dot(s, q) > LEAST_CURVATURE * norm(s) * norm(q):
            self._s = [*self._s, s][-self.history :]
            self._q = [*self._q, q][-self.history :]
        self._length, self._failed, self.step_size = norm(s), 0, 1.0
        self._move(y, found)
        self._direction = self._newton() if self._s else self._steepest()

    def _fail(self) -> None:
        self._failed += 1
        self.step_size *= self.shrink
        if self._s and self._failed >= self.failures:
            self._s, self._q, self._failed, self.step_size = [], [], 0, 1.0
            self._direction = self._steepest()

    def _newton(self) -> Tensor:
        """Return ``-H g`` by the two-loop recursion."""
        r, weights = self.gradient.clone(), []
        for s, q in zip(reversed(self._s), reversed(self._q), strict=True):
            weights.append(dot(s, r) / dot(s, q))
            r -= weights[-1] * q
        s, q = self._s[-1], self._q[-1]
        r *= dot(s, q) / dot(q, q)
        for s, q, weight in zip(self._s, self._q, reversed(weights), strict=True):
            r += (weight - dot(q, r) / dot(s, q)) * s
        return -r
