"""Body: a convolutional network of three blocks, from a map to logits; and what it is made of.

=======  =============================  ==============================
stage    two axes                       one axis
=======  =============================  ==============================
block 1  conv 7x7, BN, ReLU, max 2x2    conv 7, BN, ReLU, max 2
block 2  conv 5x5, BN, SE, ReLU         conv 5, BN, SE, ReLU, max 2
block 3  conv 3x3, BN, SE, ReLU         conv 3, BN, SE, ReLU
head     mean over the map, Linear, ReLU, Dropout, Linear
=======  =============================  ==============================

Convolutions have stride 1, zero padding to the same size and no bias. Initial weights are torch's
own, drawn from its global generator.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from jtfs_repro import checks

KERNEL_SIZES = (7, 5, 3)
LAYERS = {
    1: (nn.Conv1d, nn.BatchNorm1d, nn.MaxPool1d),
    2: (nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d),
}
POOLS = {1: (True, True), 2: (True, False)}  # of blocks 1 and 2, by the number of axes
POOL = 2  # of MaxPool, along every axis
N_HIDDEN = 64  # units of the head
HEAD_ORDERS = ("linear_relu_dropout", "dropout_linear_relu")


class ConvNet(nn.Module):
    """Body for maps (B, channels, rows, frames), or (B, channels, frames).

    ValueError, TypeError: an argument is outside its range. Reference: Muradeli et al., DAFx 2022,
    table 1.

    Parameters
    ----------
    n_channels : int >= 1; channels of the map
    widths : three ints >= 1; channels after each block
    n_axes : {1, 2}; frames, or rows and frames
    n_classes : int >= 1; number of logits
    se_reduction : int >= 1; reduction of squeeze and excitation in blocks 2 and 3
    head_order : {'linear_relu_dropout', 'dropout_linear_relu'}
        The paper's order of the head, or the original code's.
    dropout : float in [0, 1); share of units dropped in training
    pool_after_block_3 : bool; whether block 3 ends with max pooling, as block 1 does

    Examples
    --------
    >>> ConvNet(3, (16, 16, 16), n_axes=2, n_classes=8)(torch.zeros(2, 3, 10, 12)).shape
    torch.Size([2, 8])
    """

    def __init__(
        self,
        n_channels: int,
        widths: Sequence[int],
        *,
        n_axes: int,
        n_classes: int,
        se_reduction: int = 16,
        head_order: str = HEAD_ORDERS[0],
        dropout: float = 0.5,
        pool_after_block_3: bool = False,
    ) -> None:
        super().__init__()
        checks.choice("n_axes", n_axes, tuple(LAYERS))
        sizes = [checks.integer("n_channels", n_channels, low=1), *_three_widths(widths)]
        pools = (*POOLS[n_axes], pool_after_block_3)
        blocks = [
            conv_block(
                sizes[k],
                sizes[k + 1],
                n_axes=n_axes,
                kernel_size=kernel_size,
                se_reduction=se_reduction if k else None,
                has_pool=pools[k],
            )
            for k, kernel_size in enumerate(KERNEL_SIZES)
        ]
        self.blocks = nn.Sequential(*blocks)
        self.head = head(sizes[-1], n_classes, n_hidden=N_HIDDEN, order=head_order, dropout=dropout)
        self.smallest_size = POOL ** sum(pools)
        if n_axes == 2:
            # Channels innermost, which the maps take over from the weights: a training step on a
            # CPU takes about 15 % less time.
            nn.utils.convert_conv2d_weight_memory_format(self.blocks, torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of a map ``x`` [shape=(B, C, ...)]: Tensor [shape=(B, n_classes)]."""
        maps = self.blocks(x)
        return self.head(maps.mean(dim=tuple(range(2, maps.ndim))))


def _three_widths(widths: Sequence[int]) -> list[int]:
    found = list(widths)
    if len(found) != len(KERNEL_SIZES):
        checks.fail("widths", widths, f"be {len(KERNEL_SIZES)} integers", "one per block")
    mistake = "channels after each block; too few input channels?"
    return [checks.integer(f"widths[{k}]", w, low=1, mistake=mistake) for k, w in enumerate(found)]


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
