"""Convolutional block and head, of which the bodies are made."""

from __future__ import annotations

from torch import nn

from jtfs_repro import checks
from jtfs_repro.models.squeeze_excitation import SqueezeExcitation

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
