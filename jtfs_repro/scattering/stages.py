"""Stages of the transform that keep nothing for the backward pass but their input.

A stage computes fast and in place, chunk by chunk, and has an adjoint of its own that recomputes
what it needs, chunk by chunk. Where derivatives of that adjoint are wanted (second order, forward
mode, ``torch.func``), the same result is written once more in plain differentiable operations.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from .watched import Rows, is_batched, is_forward_twice, is_traced


class Stage(ABC):
    """A function of tensors [shape=(B, ...)] to tensors [shape=(B, ...)], B a common batch."""

    @abstractmethod
    def run(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs; gradients are off."""

    @abstractmethod
    def adjoint(self, inputs: Sequence[Tensor], grads: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the gradients of the inputs, given those of the outputs; gradients are off."""

    @abstractmethod
    def plain(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return what `run` returns, differentiably."""

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Apply the stage."""
        if is_traced() or is_forward_twice():
            return self.plain(*inputs)
        return _Staged.apply(self, *inputs)  # pyright: ignore[reportReturnType]


def _gradients(stage: Stage, inputs: Sequence[Tensor], grads: Sequence[Tensor]) -> Sequence[Tensor]:
    """Return the gradients of the inputs, differentiably where gradients are on."""
    if not torch.is_grad_enabled():
        return stage.adjoint(inputs, grads)
    return torch.func.vjp(stage.plain, *inputs)[1](tuple(grads))


class _Staged(torch.autograd.Function):
    """Gives a stage to autograd, to forward mode and to ``torch.func``."""

    @staticmethod
    def forward(stage: Stage, *inputs: Tensor) -> tuple[Tensor, ...]:  # pyright: ignore
        # tangents are the business of `jvp`; worker threads would carry them along
        return stage.run(*(forward_ad.unpack_dual(x).primal for x in inputs))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.stage, *tensors = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore
        inputs = ctx.saved_tensors
        if not any(is_batched(x) for x in (*inputs, *grads)):
            return (None, *_gradients(ctx.stage, inputs, grads))
        rows, n = Rows((*inputs, *grads)), len(inputs)
        every = [rows.of(x) for x in (*inputs, *grads)]
        found = [
            _gradients(ctx.stage, [x[i] for x in every[:n]], tuple(x[i] for x in every[n:]))
            for i in range(rows.length)
        ]
        return (None, *(rows.joined(parts) for parts in zip(*found, strict=True)))

    @staticmethod
    def jvp(ctx: Any, _: None, *tangents: Tensor) -> tuple[Tensor, ...]:  # pyright: ignore
        """Return the derivative along `tangents`: the adjoint of the (linear) adjoint."""
        inputs = ctx.saved_tensors
        outputs, pull = torch.func.vjp(ctx.stage.plain, *inputs)[:2]
        push = torch.func.vjp(pull, tuple(torch.zeros_like(y) for y in outputs))[1]
        filled = [torch.zeros_like(x) if t is None else t for x, t in zip(inputs, tangents)]  # noqa: B905
        return push(tuple(filled))[0]

    @staticmethod
    def vmap(  # pyright: ignore
        info: Any, in_dims: tuple[Any, ...], stage: Stage, *inputs: Tensor
    ) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """Return the stage of the mapped axis as part of the batch."""
        n = info.batch_size
        fronts = [
            x.expand(n, *x.shape) if dim is None else x.movedim(dim, 0)
            for x, dim in zip(inputs, in_dims[1:], strict=True)
        ]
        outputs = stage(*(x.flatten(0, 1) for x in fronts))
        return tuple(y.unflatten(0, (n, -1)) for y in outputs), (0,) * len(outputs)
