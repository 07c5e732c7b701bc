r"""OpenL3's audio network: seven convolutions with batch normalisation, and an embedding layer.

.. code-block:: text

    image (1, H, W), dB
    BN -> [Conv 64, BN, ReLU] x2 -> MaxPool 2 -> [Conv 128, BN, ReLU] x2 -> MaxPool 2
       -> [Conv 256, BN, ReLU] x2 -> MaxPool 2 -> Conv 512, BN, ReLU
       -> Conv 512 (the embedding layer, linear) -> MaxPool "same" -> flatten in H, W, C order

Convolutions are 3 x 3 with zero padding and bias. Batch normalisation uses the running statistics
and Keras's epsilon, 1e-3:

.. math:: y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + 10^{-3}}} + \beta

After a convolution it is folded into that convolution's kernel and bias, anew at each call: a few
million products against ten thousand million, and nothing that could go stale.
"""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from jtfs_repro import checks

CHANNELS = (1, 64, 64, 128, 128, 256, 256, 512, 512)
POOLED = (1, 3, 5)  # convolutions followed by a 2 x 2 pooling
EPSILON = 1e-3  # Keras's default, not torch's 1e-5
POOL_SIZES = {
    ("mel128", 6144): (4, 8),
    ("mel128", 512): (16, 24),
    ("mel256", 6144): (8, 8),
    ("mel256", 512): (32, 24),
}
EMBEDDING_SIZES = (6144, 512)


def fold(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Return the kernel and bias of ``norm(conv(x))``."""
    gain, shift = affine(norm)
    assert conv.bias is not None
    return conv.weight * gain[:, None, None, None], conv.bias * gain + shift


def affine(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Return gain and shift [shape=(C,)] of a normalisation by its running statistics."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    gain = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    return gain, norm.bias - gain * norm.running_mean


def max_pool_same(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Pool with windows ``size`` apart, padded as Keras's ``padding='same'`` does.

    The padding is minus infinity: it never wins, whatever the sign of the input. It is split in
    two halves, the larger one behind.
    """
    (behind_h, front_h), (behind_w, front_w) = (
        ((-n % s + 1) // 2, (-n % s) // 2) for n, s in zip(x.shape[-2:], size, strict=True)
    )
    padding = (front_w, behind_w, front_h, behind_h)
    return functional.max_pool2d(functional.pad(x, padding, value=-torch.inf), size)


class Network(nn.Module):
    """The network, with random weights until `weights.load_weights` fills them.

    Input (1, 256, 199) or (1, 128, 199); output (4, 3, 512) or (1, 1, 512), flattened to
    ``embedding_size``. ValueError: any other value.
    """

    def __init__(self, *, input_repr: str = "mel256", embedding_size: int = 6144) -> None:
        super().__init__()
        checks.choice("input_repr", input_repr, ("mel256", "mel128"))
        checks.choice("embedding_size", embedding_size, EMBEDDING_SIZES)
        self.pool = POOL_SIZES[input_repr, embedding_size]
        self.convs = nn.ModuleList(
            nn.Conv2d(c_in, c_out, 3, padding=1) for c_in, c_out in pairwise(CHANNELS)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(c, eps=EPSILON) for c in CHANNELS[:-1])
        self.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> Network:
        """Stay in evaluation mode: the running statistics are part of the representation."""
        return super().train(False)

    def forward(self, x: Tensor) -> Tensor:
        """Return embeddings [shape=(B, D)] of images ``x`` [shape=(B, 1, H, W)]."""
        return max_pool_same(self.maps(x), self.pool).permute(0, 2, 3, 1).flatten(1)

    def maps(self, x: Tensor) -> Tensor:
        """Return the embedding layer [shape=(B, 512, H // 8, W // 8)]."""
        convs, norms = cast(list[nn.Conv2d], self.convs), cast(list[nn.BatchNorm2d], self.norms)
        gain, shift = affine(norms[0])
        x = gain * x + shift  # zero padding follows it: cannot be folded into the convolution
        x = x.contiguous(
            memory_format=torch.channels_last
        )  # a third faster on the CPU, half the memory
        for i, norm in enumerate(norms[1:]):
            x = functional.conv2d(x, *fold(convs[i], norm), padding=1)
            # ReLU and maximum commute: pool first, then fewer values to rectify
            x = functional.max_pool2d(x, 2).relu_() if i in POOLED else x.relu_()
        return convs[-1](x)
