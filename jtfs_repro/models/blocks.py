"""Squeeze and excitation, convolutional block and head, of which the bodies are made."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jtfs_repro import checks


class SqueezeExcitation(nn.Module):
    r"""Scale channels by a gate computed from their means over space.

    .. math:: y_k = x_k \cdot \mathrm{sigmoid}(W_2 \max(W_1 \bar x + b_1, 0) + b_2)_k

    with the mean :math:`\bar x` over all axes but batch and channel, and floor(C / r) hidden units;
    C is ``n_channels``, r ``reduction``, from 1 to C. ValueError, TypeError: an argument is outside
    its range. Reference: Hu, Shen and Sun, "Squeeze-and-excitation networks", CVPR 2018, section 3.

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


LAYERS = {
    1: (nn.Conv1d, nn.BatchNorm1d, nn.MaxPool1d),
    2: (nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d),
}
HEAD_ORDERS = ("linear_relu_dropout", "dropout_linear_relu")
POOL = 2  # of MaxPool, along every axis


def conv_block(
    n_in: int,
    n_out: int,
    *,
    n_axes: int,
    kernel_size: int,
    se_reduction: int | None,
    has_pool: bool,
) -> nn.Sequential:
    """Return convolution -> batch normalisation -> [SE] -> ReLU -> [maximum over 2].

    ``n_axes`` is 1 (time) or 2 (log-frequency and time), the odd kernel as wide along each; stride
    1, zero padding to the same size, no bias; ``se_reduction`` None leaves squeeze and excitation
    out.

    Examples
    --------
    >>> block = conv_block(1, 4, n_axes=2, kernel_size=3, se_reduction=None, has_pool=True)
    >>> [type(layer).__name__ for layer in block]
    ['Conv2d', 'BatchNorm2d', 'ReLU', 'MaxPool2d']
    """
    conv, norm, pool = LAYERS[n_axes]
    layers = [conv(n_in, n_out, kernel_size, padding="same", bias=False), norm(n_out)]
    if se_reduction is not None:
        layers.append(SqueezeExcitation(n_out, reduction=se_reduction))
    layers.append(nn.ReLU())
    if has_pool:
        layers.append(pool(POOL))
    return nn.Sequential(*layers)


def head(n_in: int, n_classes: int, *, n_hidden: int, order: str, dropout: float) -> nn.Sequential:
    """Return the layers from the averaged map to the logits, in the paper's order or as coded.

    Examples
    --------
    >>> layers = head(16, 8, n_hidden=4, order="dropout_linear_relu", dropout=0.5)
    >>> [type(layer).__name__ for layer in layers]
    ['Dropout', 'Linear', 'ReLU', 'Linear']
    """
    checks.choice("head_order", order, HEAD_ORDERS)
    checks.integer("n_hidden", n_hidden, low=1)
    checks.integer("n_classes", n_classes, low=1)
    if checks.number("dropout", dropout, low=0) >= 1:
        checks.fail("dropout", dropout, "be < 1", "the share that is dropped, not kept")
    hidden, drop = [nn.Linear(n_in, n_hidden), nn.ReLU()], [nn.Dropout(dropout)]
    first = hidden + drop if order == "linear_relu_dropout" else drop + hidden
    return nn.Sequential(*first, nn.Linear(n_hidden, n_classes))
