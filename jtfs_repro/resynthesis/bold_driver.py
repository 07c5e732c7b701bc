r"""Gradient descent whose step size follows its success: the paper's descent.

.. math:: y \leftarrow y - \mu \nabla E(y)

on the error itself, not its square, without momentum (the paper's Eq. 12 prints a plus: a slip of
sign). mu grows by a tenth where the error did not rise, and shrinks to 0.55 where it did.

mu has a unit: E has none and y that of samples, so mu is in squared samples. Sounds of half the
level need a quarter of it, and sounds of twice the length twice as much. The paper's first step
size, 100, was for recordings as they were; the sounds of this project have an RMS level of 0.1.
`step_unit` 'target_power' multiplies it by ``(RMS of the target / 0.1)**2``, so that the level of
the sound does not matter.
"""

from __future__ import annotations

import math
from typing import ClassVar

from torch import Tensor

from jtfs_repro import checks
from jtfs_repro.resynthesis.descent import Descent, Step, factor, norm, rms, root
from jtfs_repro.resynthesis.objective import Objective

RULES = ("reject", "as_coded")
STEP_UNITS = ("absolute", "target_power")
REFERENCE_RMS = 0.1


class BoldDriver(Descent):
    """Gradient descent with the bold driver's step size.

    With the rule 'reject', a step that raises the error, or leads where it is not finite, is
    undone: the point and its gradient are restored, mu shrinks, and the next iteration tries
    again. It needs no gradient of its own.

    Parameters
    ----------
    mu_0 : float > 0; first step size, see `step_unit`
    grow : float > 1
    shrink : float in (0, 1)
    step_unit : {'absolute', 'target_power'}
        'absolute': `mu_0` in squared samples, whatever the level of the sound.
    bold_driver : {'reject', 'as_coded'}; 'as_coded' is the original's: the error is compared after
        the step, the worse point is kept, and the gradient is not cleared after it, so that the
        next step is about twice as long; the last point is the result, not the best
    """

    STATE: ClassVar = (*Descent.STATE, "_pile")
    SETTINGS: ClassVar = ("mu_0", "grow", "shrink", "step_unit", "bold_driver")

    def __init__(
        self,
        *,
        mu_0: float = 100.0,
        grow: float = 1.1,
        shrink: float = 0.55,
        step_unit: str = "absolute",
        bold_driver: str = "reject",
    ) -> None:
        self.mu_0 = checks.number("mu_0", mu_0, above=0)
        self.grow = checks.number("grow", grow, above=1)
        self.shrink = factor("shrink", shrink)
        self.step_unit = checks.choice("step_unit", step_unit, STEP_UNITS)
        self.bold_driver = checks.choice("bold_driver", bold_driver, RULES)
        self._pile: Tensor | None = None  # gradients that the original did not clear

    @property
    def returns_last(self) -> bool:
        """Whether the result is the last point: as coded."""
        return self.bold_driver == "as_coded"

    @property
    def is_monotonic(self) -> bool:
        """Whether a step that raises the error is undone: not as coded."""
        return not self.returns_last

    def _first_step_size(self, target: Tensor) -> float:
        level = 1.0 if self.step_unit == "absolute" else (rms(target) / REFERENCE_RMS) ** 2
        return self.mu_0 * level

    def _gradient_of_error(self) -> Tensor:
        """Gradient of E: that of its square over 2 E; zero where the error is."""
        return self.gradient / (2 * self.error) if self.error else self.gradient

    @property
    def is_collapsed(self) -> bool:
        """Whether the next step is too short to move the point."""
        return self._is_short(self.step_size * norm(self._gradient_of_error()))

    def step(self, objective: Objective) -> Step:
        """Try one step, see the class."""
        slope = self._gradient_of_error()
        if self._pile is not None:
            slope = slope + self._pile
        y = self.point - self.step_size * slope
        keeps_all = self.returns_last
        limit = math.inf if keeps_all else self.squared_error
        found = objective.evaluate(y, limit=limit)
        is_lower = found.squared_error <= self.squared_error
        accepted = found.gradient is not None
        step = Step(
            trial_error=root(found.squared_error), step_size=self.step_size, accepted=accepted
        )
        self._pile = slope if keeps_all and not is_lower else None
        self.step_size *= self.grow if is_lower else self.shrink
        if accepted:
            self._move(y, found)
        return step
