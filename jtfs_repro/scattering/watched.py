"""What of torch watches or changes the operations of the calling thread, and of it alone."""

# pyright: reportPrivateImportUsage=false, reportAttributeAccessIssue=false
from __future__ import annotations

import sys
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.overrides import _get_current_function_mode_stack
from torch.utils._device import DeviceContext

SMALLEST = 5e-324  # a number that is 0 where denormals are


def is_watched() -> bool:
    """Return whether the thread's operations are counted, profiled, traced or transformed.

    Such modes belong to a thread: the work is then done in it, whatever the number of threads.
    """
    return (
        torch._C._len_torch_dispatch_stack() > 0
        or torch.autograd._profiler_enabled()
        or is_transformed()
        or torch.jit.is_tracing()
        or torch.compiler.is_compiling()
        or any(not isinstance(m, DeviceContext) for m in _get_current_function_mode_stack())
    )


def is_transformed() -> bool:
    """Return whether operations are those of ``torch.func`` or of forward-mode derivatives."""
    levels = torch._C._functorch.peek_interpreter_stack()
    return levels is not None or forward_ad._current_level >= 0


def is_forward_twice() -> bool:
    """Return whether forward-mode derivatives are taken of each other.

    Of a function with its own rule, torch gets the second wrong.
    """
    levels = torch._C._functorch.get_interpreter_stack() or ()
    return sum(level.key() == torch._C._functorch.TransformType.Jvp for level in levels) > 1


def is_traced() -> bool:
    """Return whether operations are written down, to be run with other inputs."""
    is_fake = torch._C._get_dispatch_mode(torch._C._TorchDispatchModeKey.FAKE) is not None
    return torch.jit.is_tracing() or torch.compiler.is_compiling() or is_fake


def plain_value(x: Tensor) -> Tensor:
    """Return the numbers of `x` without the levels of ``torch.func``."""
    while torch._C._functorch.is_functorch_wrapped_tensor(x):
        x = torch._C._functorch.get_unwrapped(x)
    return x


def uncompiled(function: Any) -> Any:
    """Return `function` such that ``torch.compile`` leaves it, and what it calls, alone."""
    if "torch._dynamo" not in sys.modules:  # nothing is compiled; its import takes a second
        return function
    return torch.compiler.disable(function)


def flushes_denormals() -> bool:
    """Return whether the thread takes denormal numbers for zero."""
    return SMALLEST * 1.0 == 0.0


class Rows:
    """The tensors that ``torch.autograd.grad(is_grads_batched=True)`` batches, one by one."""

    def __init__(self, tensors: Any) -> None:
        self._level = torch._C._vmapmode_increment_nesting() - 1
        torch._C._vmapmode_decrement_nesting()
        batched = [x for x in tensors if is_batched(x)]
        self.length = torch._remove_batch_dim(batched[0], self._level, 1, 0).shape[0]

    def of(self, x: Tensor) -> Tensor:
        """Return `x` with the batch as its first axis."""
        return torch._remove_batch_dim(x, self._level, self.length, 0)

    def joined(self, rows: Any) -> Tensor:
        """Return the batched tensor of these rows."""
        return torch._add_batch_dim(torch.stack(rows), 0, self._level)


def is_batched(x: Any) -> bool:
    """Return whether `x` is a batch of gradients that torch treats as one."""
    return isinstance(x, Tensor) and torch._C._functorch.is_legacy_batchedtensor(x)
