"""How many signals are computed together, so that their memory fits into a budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from .. import checks
from .plan import Memory
from .stages import Stage

FREE_SHARE = 0.8  # of the free memory that may be used where no budget is given
UNCHECKED = 2**26  # bytes below which free memory is not looked up


@dataclass(frozen=True, kw_only=True)
class Rerun(Stage):
    """A part of the batch that keeps only its input and is computed again in the backward pass."""

    function: Callable[[Tensor], Sequence[Tensor]]

    def plain(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """See `Stage`."""
        return tuple(self.function(*inputs))

    def run(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """See `Stage`."""
        return tuple(self.function(*inputs))

    def adjoint(self, inputs: Sequence[Tensor], grads: Sequence[Tensor]) -> Sequence[Tensor]:
        """See `Stage`."""
        with torch.enable_grad():
            leaf = inputs[0].detach().requires_grad_()
            return torch.autograd.grad(self.function(leaf), leaf, grads)


@dataclass(frozen=True, kw_only=True)
class Portions:
    """How many signals are computed together, and whether the backward pass makes them again."""

    together: int
    rerun: bool
    peak_bytes: int


def portions(
    memory: Memory,
    batch: int,
    together: int,
    *,
    grad: bool,
    budget: float | None,
    device: torch.device,
) -> Portions:
    """Return portions of at most `together` signals that fit into `budget`.

    Raises
    ------
    ValueError
        A given budget does not hold one signal.
    """
    together = max(1, min(batch, together))
    peak = memory.peak(batch, together, grad=grad)
    if budget is None and peak <= UNCHECKED:
        return Portions(together=together, rerun=False, peak_bytes=peak)
    limit = free_bytes(device) * FREE_SHARE if budget is None else budget
    rerun = grad and memory.peak(batch, 1, grad=True) > limit
    need = lambda n: _rerun_peak(memory, batch, n) if rerun else memory.peak(batch, n, grad=grad)  # noqa: E731
    while together > 1 and need(together) > limit:
        together = (together + 1) // 2
    if budget is not None and need(1) > budget:
        rule = f"be >= {need(1)} bytes for {batch} signals"
        checks.fail("memory_budget", budget, rule, "results, tables and one signal are the least")
    return Portions(together=together, rerun=rerun, peak_bytes=need(together))


def _rerun_peak(memory: Memory, batch: int, together: int) -> int:
    """Return the bytes where only results are kept, and one portion is at work."""
    work = memory.peak(min(batch, together), together, grad=True)
    return work + batch * memory.results


def free_bytes(device: torch.device) -> float:
    """Return the free memory of `device`; infinity where the system does not say."""
    if device.type == "cuda":
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + unused
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return float("inf")
    found = [float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")]
    return found[0] if found else float("inf")
