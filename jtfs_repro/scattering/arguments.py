"""What the transforms' arguments and inputs may be; errors are one line each."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any

import torch
from torch import Tensor

from .. import checks
from .watched import is_traced, plain_value


class OrderError(ValueError, NotImplementedError):
    """More layers than there are (Kymatio's type of error as well)."""


def check_type(x: Any) -> None:
    """Raise unless `x` is a real float tensor."""
    if not isinstance(x, Tensor):
        mistake = "torch.as_tensor(x, dtype=torch.float32)?"
        if type(x).__name__ == "Proxy":
            mistake = "torch.fx traces without values: use torch.export.export"
        raise TypeError(f"type(x)={type(x).__name__} must be torch.Tensor ({mistake})")
    if x.dtype not in (torch.float32, torch.float64):
        mistake = "complex input? take a real signal" if x.is_complex() else "x.float()?"
        raise TypeError(f"x.dtype={x.dtype} must be torch.float32 or torch.float64 ({mistake})")


def check_signal(x: Any, N: int, *, finite: bool) -> None:
    """Raise unless `x` is a real float tensor [shape=(..., N)] (of finite values, if asked for)."""
    check_type(x)
    if x.ndim < 1 or x.shape[-1] != N:
        mistake = "time is the last axis; its length is fixed at construction"
        if x.ndim < 1:
            mistake = "at least one axis is needed: time is the last"
        checks.fail("x.shape", tuple(x.shape), f"end in {N} samples", mistake)
    if finite:
        _check_finite(plain_value(x))


def _check_finite(x: Tensor) -> None:
    if is_traced():
        mistake = "look at values before what is traced, exported or compiled"
        checks.fail("check_finite", True, "be False in a graph", mistake)
    if not torch.isfinite(x).all():
        where = tuple(int(i) for i in torch.nonzero(~torch.isfinite(x))[0])
        checks.fail("x", x[where].item(), f"be finite, at index {where}", "NaN or Inf in the audio")


def signal_length(shape: Any) -> int:
    """Return N from an int or a 1-tuple."""
    if isinstance(shape, (tuple, list)):
        if len(shape) != 1:
            mistake = "signals are one-dimensional: exactly one element; the batch shape is free"
            checks.fail("shape", shape, "be an integer or a 1-tuple", mistake)
        (shape,) = shape
    if not isinstance(shape, Integral):
        mistake = "the number of samples of a signal"
        checks.fail("shape", shape, "be an integer or a 1-tuple", mistake)
    return checks.integer("shape", shape, low=2, mistake="the number of samples of a signal")


def quality_factors(name: str, Q: Any) -> tuple[int, int]:
    """Return (Q1, Q2) from an int, a 1-tuple or a 2-tuple."""
    values = (Q,) if isinstance(Q, Integral) else Q
    rule = "be an integer, a 1-tuple or a 2-tuple"
    if isinstance(values, (tuple, list)) and len(values) > 2:
        mistake = "Scattering transforms beyond order 2 are not implemented"
        raise OrderError(checks.message(name, Q, rule, mistake))
    mistake = f"{name} must always be >= 1, wavelets per octave"
    if not isinstance(values, (tuple, list)) or not values:
        checks.fail(name, Q, rule, mistake)
    Q1, Q2 = (*values, 1)[:2]
    Q1 = checks.integer(name, Q1, low=1, mistake=mistake)
    return Q1, checks.integer(f"{name}[1]", Q2, low=1, mistake=mistake)


def averaging_width(
    name: str, width: Any, log2_default: int, longest: int, unit: str
) -> tuple[float, str | bool]:
    """Return (width, 'local' | 'global' | False) of an averaging filter.

    None means ``2**log2_default``; 'global' and 0 keep that width for what is averaged even so.
    """
    default = 2**log2_default
    if width is None:
        return default, "local"
    if isinstance(width, str):
        checks.choice(name, width, ("global",), f"or a number of {unit}, 0 or None")
        return default, "global"
    value = checks.number(name, width, low=0)
    if value == 0:
        return default, False
    if value > longest:
        mistake = f"The support {name} of the low-pass filter cannot exceed the input"
        mistake += f"; for the average over everything pass {name}='global'"
        checks.fail(name, width, f"be <= {longest} {unit}", mistake)
    if value < 1:
        checks.fail(name, width, "be 0 or >= 1", f"{name} must be ==0 or >=1, in {unit}")
    return (int(value) if value.is_integer() else value), "local"


def dyadic_stride(
    name: str, stride: Any, width_name: str, width: Any, average: str | bool, log2_default: int
) -> int:
    """Return log2 of a stride; None means ``2**log2_default``."""
    if stride is None:
        return log2_default
    if not isinstance(stride, Integral):
        checks.fail(name, stride, "be an integer", f"{name} must be a power of two")
    stride = checks.power_of_two(name, stride)
    if average != "local":
        rule = f"be None with {width_name}={width!r}"
        checks.fail(name, stride, rule, "incompatible: a stride goes with a local average")
    return stride.bit_length() - 1


def quality_factor_fr(Q_fr: Any) -> int:
    """Return the wavelets per octave along log-frequency from an int or a 1-tuple."""
    rule = "be an integer or a 1-tuple"
    mistake = "Q_fr must be an integer or 1-tuple: there is one layer along log-frequency"
    if isinstance(Q_fr, (tuple, list)):
        if len(Q_fr) != 1:
            raise OrderError(checks.message("Q_fr", Q_fr, rule, mistake))
        (Q_fr,) = Q_fr
    if not isinstance(Q_fr, Integral):
        checks.fail("Q_fr", Q_fr, rule, "Q_fr must be >= 1, wavelets per octave")
    return checks.integer("Q_fr", Q_fr, low=1, mistake="Q_fr must be >= 1, wavelets per octave")


def frozen(value: Any) -> Any:
    """Return a tuple for a list, which could change later."""
    return tuple(value) if isinstance(value, list) else value


def width_of(name: str, width: Any, average_name: str, average: Any, default: int) -> Any:
    """Return the width of an averaging filter as `T` takes it, from Kymatio's former argument.

    The width and the average that a transform shows are that transform's again.
    """
    if average is None or average == "local":
        return width
    if isinstance(average, bool):
        text = f"{average_name} is deprecated in favour of {name}: {average_name}=False is {name}=0"
        warnings.warn(text, DeprecationWarning, stacklevel=7)
    if average is True:
        if not isinstance(width, str) and width == 0 and width is not None:
            checks.fail(average_name, average, f"be False or None with {name}=0", "T=None averages")
        return width
    if average is not False and average != "global":
        options = "None, True, False, 'local' or 'global'"
        checks.fail(average_name, average, f"be {options}", f"{name} decides")
    if width not in (None, average or 0, default):
        rule = f"be None or {'global' if average else 0!r} with {average_name}={average!r}"
        checks.fail(name, width, rule, f"{name} alone decides")
    return average or 0


def take_average(
    given: dict[str, Any], name: str, stride_name: str, average_name: str, default: int
) -> tuple[Any, Any]:
    """Return the width and the stride that Kymatio's former argument `average` stands for."""
    average, stride = given[average_name], given[stride_name]
    width = width_of(name, given[name], average_name, average, default)
    if (average is False or average == "global") and stride == default:
        stride = None  # as such a transform shows it
    given |= {name: width, stride_name: stride, average_name: None}
    return width, stride
