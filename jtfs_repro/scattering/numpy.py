"""The transforms for NumPy: arrays in, arrays out; same classes, arguments and values.

They compute with torch on the CPU, without gradients.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from . import scattering1d, transform
from .functional import jtfs as torch_jtfs
from .stream import Stream

__all__ = ["Scattering1D", "TimeFrequencyScattering", "jtfs"]

ROUGH = {np.dtype(np.float16): np.float32}  # floating-point types that torch does not transform


def to_tensor(x: Any) -> Tensor:
    """Return an array of real numbers as a float32 or float64 tensor; integers become float64."""
    array = np.asarray(x)
    if array.dtype.kind not in "fiu" or array.dtype.itemsize > 8:
        mistake = "complex or not numeric? x.astype(numpy.float64)"
        raise TypeError(f"x.dtype={array.dtype} must be real, of 64 bits at most ({mistake})")
    double = np.float64 if array.dtype.kind in "iu" else array.dtype.newbyteorder("=")
    array = np.ascontiguousarray(array, dtype=ROUGH.get(np.dtype(double), double))
    return torch.from_numpy(array if array.flags.writeable else array.copy())


def to_arrays(output: Any) -> Any:
    """Return an output of any type with arrays for tensors."""
    if isinstance(output, Tensor):
        return output.numpy()
    if isinstance(output, dict):
        return {key: to_arrays(value) for key, value in output.items()}
    if isinstance(output, list):
        return [to_arrays(value) for value in output]
    return output


class _Arrays:
    """A transform whose inputs and outputs are arrays; what it calls itself with are tensors."""

    FRONTEND = "numpy"

    def forward(self, x: Any) -> Any:
        """Return the coefficients, as arrays.

        Parameters
        ----------
        x : array of real numbers [shape=(..., N)], or a list of arrays of different lengths;
            float64 and integers give float64, float32 and float16 give float32
        """
        transformed = super().forward  # pyright: ignore[reportAttributeAccessIssue]
        if isinstance(x, Tensor):
            return transformed(x)
        is_list = isinstance(x, (list, tuple)) and any(np.ndim(item) > 0 for item in x)
        if is_list and isinstance(x[0], Tensor):
            return transformed(x)
        with torch.inference_mode():
            given = [to_tensor(item) for item in x] if is_list else to_tensor(x)
            return to_arrays(transformed(given))

    def blocks(self, x: Any, *, longest: int | None = None) -> Iterator[tuple[int, Any]]:
        """Yield (first frame, output) of a long sound, as arrays."""
        blocks = super().blocks(x, longest=longest)  # pyright: ignore[reportAttributeAccessIssue]
        with torch.no_grad():
            for first, output in blocks:
                yield first, to_arrays(output)

    def stream(
        self, sr: float | None = None, *, length: int | None = None, longest: int | None = None
    ) -> Stream:
        """Return a stream of arrays."""
        return _ArrayStream(self, sr, length, longest)


class _ArrayStream(Stream):
    def push(self, x: Any) -> list[Any]:
        with torch.no_grad():
            return to_arrays(super().push(to_tensor(x)))

    def finish(self) -> list[Any]:
        with torch.no_grad():
            return to_arrays(super().finish())


class Scattering1D(_Arrays, scattering1d.Scattering1D):
    """`jtfs_repro.scattering.Scattering1D` for arrays.

    >>> S = Scattering1D(J=6, shape=1024, Q=8)
    >>> S(np.random.randn(2, 1024)).shape
    (2, 126, 16)
    """


class TimeFrequencyScattering(_Arrays, transform.TimeFrequencyScattering):
    """`jtfs_repro.scattering.TimeFrequencyScattering` for arrays.

    >>> S = TimeFrequencyScattering(J=8, J_fr=3, Q=8, shape=4096, format="joint")
    >>> S(np.random.randn(2, 4096)).shape
    (2, 59, 17, 16)
    """


def jtfs(x: Any, *, J: int, J_fr: int, Q: int | tuple[int, ...], **options: Any) -> Any:
    """Return the joint scattering coefficients of an array; see `jtfs_repro.scattering.jtfs`."""
    x = to_tensor(x)
    with torch.inference_mode():
        return to_arrays(torch_jtfs(x, J=J, J_fr=J_fr, Q=Q, **options))
