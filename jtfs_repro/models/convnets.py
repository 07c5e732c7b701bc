"""Bodies: convolutional networks of three blocks, from a map to logits.

=======  =============================  ==============================
stage    ConvNet2d                      ConvNet1d
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
from jtfs_repro.models.blocks import HEAD_ORDERS, POOL, conv_block, head

KERNEL_SIZES = (7, 5, 3)
N_HIDDEN = 64  # units of the head


class _ConvNet(nn.Module):
    """Three blocks and a head."""

    def __init__(
        self,
        n_channels: int,
        widths: Sequence[int],
        *,
        n_axes: int,
        pools: Sequence[bool],
        n_classes: int,
        se_reduction: int,
        head_order: str,
        dropout: float,
    ) -> None:
        super().__init__()
        sizes = [checks.integer("n_channels", n_channels, low=1), *_three_widths(widths)]
        self.blocks = nn.Sequential(
            *(
                conv_block(
                    sizes[k],
                    sizes[k + 1],
                    n_axes=n_axes,
                    kernel_size=KERNEL_SIZES[k],
                    se_reduction=se_reduction if k else None,
                    has_pool=pools[k],
                )
                for k in range(len(KERNEL_SIZES))
            )
        )
        self.head = head(sizes[-1], n_classes, n_hidden=N_HIDDEN, order=head_order, dropout=dropout)
        self.smallest_size = POOL ** sum(pools)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of a map ``x`` [shape=(B, C, ...)]: Tensor [shape=(B, n_classes)]."""
        maps = self.blocks(x)
        return self.head(maps.mean(dim=tuple(range(2, maps.ndim))))


class ConvNet2d(_ConvNet):
    """Body for maps (B, channels, rows, frames).

    ValueError, TypeError: an argument is outside its range. Reference: Muradeli et al., DAFx 2022,
    table 1.

    Parameters
    ----------
    n_channels : int >= 1; channels of the map
    widths : three ints >= 1; channels after each block
    n_classes : int >= 1; number of logits
    se_reduction : int >= 1; reduction of squeeze and excitation in blocks 2 and 3
    head_order : {'linear_relu_dropout', 'dropout_linear_relu'}
        The paper's order of the head, or the original code's.
    dropout : float in [0, 1); share of units dropped in training
    pool_after_block_3 : bool; whether block 3 ends with max pooling, as block 1 does

    Examples
    --------
    >>> ConvNet2d(3, (16, 16, 16), n_classes=8)(torch.zeros(2, 3, 10, 12)).shape
    torch.Size([2, 8])
    """

    def __init__(
        self,
        n_channels: int,
        widths: Sequence[int],
        *,
        n_classes: int,
        se_reduction: int = 16,
        head_order: str = HEAD_ORDERS[0],
        dropout: float = 0.5,
        pool_after_block_3: bool = False,
    ) -> None:
        super().__init__(
            n_channels,
            widths,
            n_axes=2,
            pools=(True, False, pool_after_block_3),
            n_classes=n_classes,
            se_reduction=se_reduction,
            head_order=head_order,
            dropout=dropout,
        )
        # Channels innermost, which the maps take over from the weights: a training step on a CPU
        # takes about 15 % less time.
        nn.utils.convert_conv2d_weight_memory_format(self.blocks, torch.channels_last)


class ConvNet1d(_ConvNet):
    """Body for maps (B, channels, frames); arguments and errors are those of `ConvNet2d`.

    Examples
    --------
    >>> ConvNet1d(5, (16, 16, 16), n_classes=8)(torch.zeros(2, 5, 32)).shape
    torch.Size([2, 8])
    """

    def __init__(
        self,
        n_channels: int,
        widths: Sequence[int],
        *,
        n_classes: int,
        se_reduction: int = 16,
        head_order: str = HEAD_ORDERS[0],
        dropout: float = 0.5,
    ) -> None:
        super().__init__(
            n_channels,
            widths,
            n_axes=1,
            pools=(True, True, False),
            n_classes=n_classes,
            se_reduction=se_reduction,
            head_order=head_order,
            dropout=dropout,
        )


def _three_widths(widths: Sequence[int]) -> list[int]:
    found = list(widths)
    if len(found) != len(KERNEL_SIZES):
        checks.fail("widths", widths, f"be {len(KERNEL_SIZES)} integers", "one per block")
    mistake = "channels after each block; too few input channels?"
    return [checks.integer(f"widths[{k}]", w, low=1, mistake=mistake) for k, w in enumerate(found)]
