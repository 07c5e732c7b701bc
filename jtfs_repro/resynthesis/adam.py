r"""Adam on the squared error, with a learning rate relative to the level of the target.

.. math::
    m &\leftarrow \beta_1 m + (1 - \beta_1) g \\
    v &\leftarrow \beta_2 v + (1 - \beta_2) g^2 \\
    y &\leftarrow y - \eta \, \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

g is the gradient times the target's RMS and the number of samples, which makes it a pure number of
the order of one: epsilon then means the same at every level. The steps are those of
`torch.optim.Adam`; own code, because a step that is interrupted must leave its state untouched.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from jtfs_repro import checks
from jtfs_repro.resynthesis.descent import Descent, Step, factor, rms, root
from jtfs_repro.resynthesis.objective import Objective


class Adam(Descent):
    """Adam; every step is kept, whether the error falls or not.

    Parameters
    ----------
    lr : float > 0; learning rate, as a share of the target's RMS
    beta_1, beta_2 : float in [0, 1)
    epsilon : float > 0
    """

    STATE: ClassVar = (*Descent.STATE, "_unit", "_t", "_m", "_v")
    SETTINGS: ClassVar = ("lr", "beta_1", "beta_2", "epsilon")

    def __init__(
        self, *, lr: float = 0.03, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8
    ) -> None:
        self.lr = checks.number("lr", lr, above=0)
        self.epsilon = checks.number("epsilon", epsilon, above=0)
        self.beta_1, self.beta_2 = factor("beta_1", beta_1, low=0), factor("beta_2", beta_2, low=0)
        self._unit, self._t = 1.0, 0

    def _first_step_size(self, target: Tensor) -> float:
        self._unit, self._t = rms(target) * target.numel(), 0
        self._m = self._v = torch.zeros_like(self.point)
        return self.lr * rms(target)

    @property
    def is_monotonic(self) -> bool:
        """Whether a step that raises the error is undone: no."""
        return False

    @property
    def is_collapsed(self) -> bool:
        """Whether the gradient is zero."""
        return not bool(self.gradient.any())

    def step(self, objective: Objective) -> Step:
        """Take one step; it is undone only where the error is not finite."""
        t, g = self._t + 1, self._unit * self.gradient
        m = self.beta_1 * self._m + (1 - self.beta_1) * g
        v = self.beta_2 * self._v + (1 - self.beta_2) * g.square()
        scale = (v / (1 - self.beta_2**t)).sqrt() + self.epsilon
        y = self.point - self.step_size / (1 - self.beta_1**t) * m / scale
        found = objective.evaluate(y, limit=math.inf)
        accepted = found.gradient is not None
        if accepted:
            self._t, self._m, self._v = t, m, v
            self._move(y, found)
        return Step(
            trial_error=root(found.squared_error), step_size=self.step_size, accepted=accepted
        )
