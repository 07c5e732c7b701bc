"""Checks of arguments at the public boundary.

Every message is one line: ``name=value must <rule> (<likely mistake>)``. Each check returns the
value, so that a constructor can read ``self.J = checks.integer("J", J, low=1)``.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from numbers import Integral, Real
from typing import Any, NoReturn


def fail(name: str, value: object, rule: str, mistake: str = "") -> NoReturn:
    """Raise ``ValueError('name=value must rule (mistake)')``."""
    raise ValueError(message(name, value, rule, mistake))


def message(name: str, value: object, rule: str, mistake: str = "") -> str:
    """Return the one-line message of a failed check."""
    hint = f" ({mistake})" if mistake else ""
    return f"{name}={value!r} must {rule}{hint}"


def integer(
    name: str, value: Any, *, low: int | None = None, high: int | None = None, mistake: str = ""
) -> int:
    """Return ``value`` as int; it must be an integer (not bool) within ``[low, high]``."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(message(name, value, "be an integer", mistake))
    return int(_within(name, value, low, high, mistake))


def number(
    name: str,
    value: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    mistake: str = "",
) -> float:
    """Return ``value`` as float; it must be finite, within ``[low, high]`` and ``> above``."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(message(name, value, "be a number", mistake))
    if not math.isfinite(value):
        fail(name, value, "be finite", mistake)
    if above is not None and value <= above:
        fail(name, value, f"be > {above:g}", mistake)
    return float(_within(name, value, low, high, mistake))


def _within(name: str, value: Any, low: Any, high: Any, mistake: str) -> Any:
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = [f">= {low}"] * (low is not None) + [f"<= {high}"] * (high is not None)
        fail(name, value, "be " + " and ".join(bounds), mistake)
    return value


def choice(name: str, value: Any, options: Collection[Any], mistake: str = "") -> Any:
    """Return ``value``; it must be one of ``options``."""
    if value not in options:
        fail(name, value, f"be one of {', '.join(map(repr, options))}", mistake)
    return value


def power_of_two(name: str, value: Any, *, mistake: str = "") -> int:
    """Return ``value`` as int; it must be a positive power of two."""
    value = integer(name, value, low=1, mistake=mistake)
    if value & (value - 1):
        fail(name, value, "be a power of two", mistake or f"nearest: {1 << value.bit_length() - 1}")
    return value


def signal_batch(x: Any, n_samples: int) -> Any:
    """Return ``x``; it must be a real floating tensor of shape ``(B, n_samples)``, ``B >= 1``."""
    if not (hasattr(x, "is_floating_point") and hasattr(x, "shape")):
        raise TypeError(message("type(x)", type(x).__name__, "be torch.Tensor", "torch.as_tensor?"))
    if not x.is_floating_point():
        fail("x.dtype", x.dtype, "be real floating point", "complex or integer input?")
    shape = tuple(x.shape)
    if len(shape) != 2 or shape[0] < 1 or shape[1] != n_samples:
        expected = f"be (B, {n_samples}) with B >= 1"
        fail("x.shape", shape, expected, "one signal: x[None]; other length: rebuild the feature")
    return x
