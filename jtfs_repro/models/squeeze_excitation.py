"""Squeeze and excitation: scale every channel by what the whole map says about it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jtfs_repro import checks


class SqueezeExcitation(nn.Module):
    r"""Scale channels by a gate computed from their means over space.

    .. math:: y_k = x_k \cdot \mathrm{sigmoid}(W_2 \max(W_1 \bar x + b_1, 0) + b_2)_k

    with the mean :math:`\bar x` over all axes but batch and channel, and floor(C / r) hidden units.
    ValueError, TypeError: an argument is outside its range. Reference: Hu, Shen and Sun,
    "Squeeze-and-excitation networks", CVPR 2018, section 3.

    Parameters
    ----------
    n_channels : int >= 1; C
    reduction : int in [1, n_channels]; r

    Examples
    --------
    >>> SqueezeExcitation(32, reduction=16)(torch.zeros(2, 32, 5, 4)).shape
    torch.Size([2, 32, 5, 4])
    """

    def __init__(self, n_channels: int, *, reduction: int = 16) -> None:
        super().__init__()
        checks.integer("n_channels", n_channels, low=1)
        mistake = "floor(n_channels / reduction) units must remain: lower se_reduction or widen"
        checks.integer("reduction", reduction, low=1, high=n_channels, mistake=mistake)
        self.squeeze = nn.Linear(n_channels, n_channels // reduction)
        self.excite = nn.Linear(n_channels // reduction, n_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` [shape=(B, C, ...)], every channel scaled by its gate in (0, 1)."""
        means = x.mean(dim=tuple(range(2, x.ndim)))
        gates = torch.sigmoid(self.excite(torch.relu(self.squeeze(means))))
        return x * gates.view(*gates.shape, *[1] * (x.ndim - 2))
