"""Learning-rate schedules: pure functions from step to a factor of the peak learning rate.

Steps are counted from 0 over all epochs. ``floor`` is the lowest factor, i.e. the lowest
learning rate divided by the peak.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from jtfs_repro import checks
from jtfs_repro.training.settings import TrainingSettings

WARMUP_EPOCHS_AS_CODED = 3


def build(settings: TrainingSettings, steps_per_epoch: int) -> Callable[[int], float]:
    """Return the function step -> factor of one training, see `paper` and `as_coded`.

    ValueError: ``schedule_steps`` is given for 'paper' or is shorter than an epoch.
    """
    given, floor = settings.schedule_steps, settings.lr_floor / settings.lr
    if settings.schedule == "paper":
        if given is not None:
            checks.fail("schedule_steps", given, "be None", "only as_coded reads it")
        lengths = {"epochs": settings.epochs, "warmup_epochs": settings.warmup_epochs}
        return partial(paper, steps_per_epoch=steps_per_epoch, floor=floor, **lengths)
    period = steps_per_epoch if given is None else given
    if period < steps_per_epoch:
        rule = f"be >= steps_per_epoch={steps_per_epoch}"
        checks.fail("schedule_steps", period, rule, "a cycle would end inside the epoch")
    return partial(as_coded, steps_per_epoch=steps_per_epoch, floor=floor, period=period)


def paper(
    step: int, *, steps_per_epoch: int, epochs: int, floor: float, warmup_epochs: int = 1
) -> float:
    r"""Return a linear warm-up from the floor to 1, then one cosine back to the floor.

    .. math:: r(s) = f + (1 - f) \begin{cases} s / W & s < W \\
              \frac12 (1 + \cos \pi \frac{s - W}{S - 1 - W}) & s \ge W \end{cases}

    with W warm-up steps of S: the peak is step W, the floor is the last step and all after it. If
    no epoch remains for the cosine, the warm-up is all there is. Section 4.4 of the paper: "cosine
    annealing to 1e-11, warm-up from the lowest point".

    Examples
    --------
    >>> [round(paper(s, steps_per_epoch=2, epochs=3, floor=0.0), 2) for s in range(6)]
    [0.0, 0.5, 1.0, 0.75, 0.25, 0.0]
    """
    warmup = warmup_epochs * steps_per_epoch  # ASSUME: one epoch, the paper states no length
    last = steps_per_epoch * epochs - 1
    if step < warmup:
        return floor + (1 - floor) * (step / warmup)
    return _cosine(floor, min((step - warmup) / max(last - warmup, 1), 1.0))


def as_coded(step: int, *, steps_per_epoch: int, floor: float, period: int) -> float:
    r"""Return the original code's schedule: a cosine walked backwards, then restarts every epoch.

    With i the step within epoch e and P the ``period``,

    .. math:: r = f + (1 - f) \begin{cases}
              \frac12 (1 + \cos \pi \frac{3P - 1 - (eP + i)}{3P}) & e < 3 \\
              \frac12 (1 + \cos \pi \frac{i}{P}) & e \ge 3 \end{cases}

    The period is the true number of steps of an epoch, or the 256 that the original divides by
    although its epochs have 182 steps (cycles then end at 71 %).

    Examples
    --------
    >>> [round(as_coded(s, steps_per_epoch=182, floor=1e-5, period=256), 3)
    ...  for s in (0, 181, 3 * 182, 4 * 182 - 1)]
    [0.0, 0.132, 1.0, 0.197]
    """
    epoch, i = divmod(step, steps_per_epoch)
    if epoch < WARMUP_EPOCHS_AS_CODED:
        length = WARMUP_EPOCHS_AS_CODED * period
        return _cosine(floor, (length - 1 - epoch * period - i) / length)
    return _cosine(floor, i / period)


def _cosine(floor: float, position: float) -> float:
    """Return half a cosine, from 1 at position 0 to the floor at 1."""
    return floor + (1 - floor) * (0.5 * (1 + math.cos(math.pi * position)))
