"""Powers of two that bring signals and gradients into the middle of the number range."""

from __future__ import annotations

import torch
from torch import Tensor

# dtype -> least and largest exponent: neither 1 / scale, nor a derivative that is divided by it,
# leaves the range
EXPONENTS = {torch.float32: (-100, 125), torch.float64: (-960, 1020)}


def power_of_two(peak: Tensor) -> Tensor:
    """Return the power of two at or below each element of `peak` >= 0; 1 for 0."""
    least, largest = EXPONENTS[peak.dtype]
    return torch.exp2(torch.where(peak > 0, peak.log2().floor(), 0).clamp(least, largest))
