"""Batches in portions of signals, each computed by itself into one result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .stages import Stage


@dataclass(frozen=True, kw_only=True)
class Portions(Stage):
    """A function of signals [shape=(b, N)] for any number of them, `signals` at once.

    As a stage it keeps its input alone, and computes each portion again in the backward pass.
    """

    function: Callable[[Tensor], tuple[Tensor, ...]]
    signals: int

    def run(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """See `Stage`: each portion is written into the result, which is made once."""
        (x,) = inputs
        if len(x) <= self.signals:
            return self.function(x)
        whole: list[Tensor] = []
        for start in range(0, len(x), self.signals):
            parts = self.function(x[start : start + self.signals])
            whole = whole or [part.new_empty(len(x), *part.shape[1:]) for part in parts]
            for result, part in zip(whole, parts, strict=True):
                result[start : start + self.signals] = part
        return tuple(whole)

    def joined(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return the portions, one after the other, with what autograd keeps of each."""
        parts = [self.function(portion) for portion in x.split(self.signals)]
        return parts[0] if len(parts) == 1 else tuple(map(torch.cat, zip(*parts, strict=True)))

    def plain(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """See `Stage`."""
        return self.joined(*inputs)

    def adjoint(self, inputs: Sequence[Tensor], grads: Sequence[Tensor]) -> Sequence[Tensor]:
        """See `Stage`."""
        (x,) = inputs
        gradient = torch.empty_like(x, memory_format=torch.contiguous_format)
        for start in range(0, len(x), self.signals):
            those = slice(start, start + self.signals)
            with torch.enable_grad():
                leaf = x[those].detach().requires_grad_()
                outputs = self.function(leaf)
            (gradient[those],) = torch.autograd.grad(outputs, leaf, [g[those] for g in grads])
            del outputs  # and the graph, before the next one is made
        return (gradient,)
