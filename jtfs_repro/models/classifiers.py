"""The networks of Table 2: a front for the stored features of a clip, and a body.

One contract: ``Net(shapes=, statistics=, n_classes=)(features) -> logits``, with ``features`` a
dictionary of tensors (B, ...) of these ``shapes``, and the paper's settings as defaults.
Statistics are buffers: they are saved and loaded with the weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from jtfs_repro import checks
from jtfs_repro.models.convnets import HEAD_ORDERS, ConvNet
from jtfs_repro.models.fronts import CqtFront, JtfsFront, Scattering1dFront
from jtfs_repro.models.statistics import Shapes, Statistics

CQT_WIDTHS = (64, 128, 256)


class _Classifier(nn.Module):
    """A front, then a body."""

    def __init__(self, front: JtfsFront | Scattering1dFront | CqtFront, body: ConvNet) -> None:
        super().__init__()
        if min(front.shape[1:]) < body.smallest_size:
            rule = f"be >= {body.smallest_size} along every axis"
            checks.fail("map", front.shape[1:], rule, "too small for the pooling: longer clips?")
        self.front = front
        self.body = body

    @property
    def n_parameters(self) -> int:
        """Number of learnt values, those of the batch normalisation of the input included."""
        return sum(parameter.numel() for parameter in self.parameters())

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return the logits of a batch of features: Tensor [shape=(B, n_classes)]."""
        return self.body(self.front(features))


class JtfsNet(_Classifier):
    """Network on joint time-frequency scattering, orders 1 and 2.

    ValueError, TypeError: an argument is out of range, shapes or statistics do not fit, or the map
    is too small. Reference: Muradeli et al., DAFx 2022, section 4.3, figure 5 and table 1.

    Parameters
    ----------
    shapes : dict; of one clip: ``S1`` (rows of order 1, frames) and ``S2`` (paths, rows, frames)
    statistics : dict of Statistics; of ``S1`` per row and of ``S2`` per path
    n_classes : int >= 1; number of logits
    widths : three ints or None; channels after each block; None: C, 2C, 4C with C = 4 + paths
    se_reduction : int >= 1; reduction of squeeze and excitation
    head_order : {'linear_relu_dropout', 'dropout_linear_relu'}
        The paper's order of the head, or the original code's.
    dropout : float in [0, 1); share of units dropped in training
    c : float > 0; constant of the mu-log
    is_c_learnable : bool; whether that constant is learnt, path by path ("AdaLog")

    Examples
    --------
    >>> shapes = {"S1": (175, 32), "S2": (165, 44, 32)}
    >>> JtfsNet(shapes=shapes, statistics=Statistics.neutral(shapes), n_classes=8).n_parameters
    5002608
    """

    def __init__(
        self,
        *,
        shapes: Shapes,
        statistics: Mapping[str, Statistics],
        n_classes: int,
        widths: Sequence[int] | None = None,
        se_reduction: int = 16,
        head_order: str = HEAD_ORDERS[0],
        dropout: float = 0.5,
        c: float = 0.1,
        is_c_learnable: bool = False,
    ) -> None:
        front = JtfsFront(shapes=shapes, statistics=statistics, c=c, is_c_learnable=is_c_learnable)
        n_channels = front.shape[0]
        body = ConvNet(
            n_channels,
            (n_channels, 2 * n_channels, 4 * n_channels) if widths is None else widths,
            n_axes=2,
            n_classes=n_classes,
            se_reduction=se_reduction,
            head_order=head_order,
            dropout=dropout,
        )
        super().__init__(front, body)


class Scattering1dNet(_Classifier):
    """Network on time scattering, paths of orders 1 and 2 as channels.

    ValueError, TypeError: an argument is out of range, shapes or statistics do not fit, or the map
    is too small.

    Parameters
    ----------
    shapes : dict; of one clip: ``S`` (paths, frames)
    statistics : dict of Statistics; of ``S`` per path
    widths : three ints or None
        Channels after each block; None: floor(m / 2), m, 2m with m = floor(paths / 4).
    n_classes, se_reduction, head_order, dropout, c, is_c_learnable; see `JtfsNet`

    Examples
    --------
    >>> shapes = {"S": (1243, 32)}
    >>> statistics = Statistics.neutral(shapes)
    >>> Scattering1dNet(shapes=shapes, statistics=statistics, n_classes=8).n_parameters
    2270312
    """

    def __init__(
        self,
        *,
        shapes: Shapes,
        statistics: Mapping[str, Statistics],
        n_classes: int,
        widths: Sequence[int] | None = None,
        se_reduction: int = 16,
        head_order: str = HEAD_ORDERS[0],
        dropout: float = 0.5,
        c: float = 0.1,
        is_c_learnable: bool = False,
    ) -> None:
        front = Scattering1dFront(
            shapes=shapes, statistics=statistics, c=c, is_c_learnable=is_c_learnable
        )
        n_channels = front.shape[0]
        quarter = n_channels // 4
        body = ConvNet(
            n_channels,
            (quarter // 2, quarter, 2 * quarter) if widths is None else widths,
            n_axes=1,
            n_classes=n_classes,
            se_reduction=se_reduction,
            head_order=head_order,
            dropout=dropout,
        )
        super().__init__(front, body)


class CqtNet(_Classifier):
    """Network on the constant-Q transform in decibels.

    ValueError, TypeError: an argument is out of range, shapes or statistics do not fit, or the map
    is too small.

    Parameters
    ----------
    shapes : dict; of one clip: ``S`` (bins, frames)
    statistics : dict of Statistics; of ``S`` per bin, mean and std
    widths : three ints; channels after each block
    pool_after_block_3 : bool
        Whether block 3 ends with max pooling: true in the paper, false in the original code.
    n_classes, se_reduction, head_order, dropout
        See `JtfsNet`; the original code has ``se_reduction = 4``.

    Examples
    --------
    >>> shapes = {"S": (96, 257)}
    >>> CqtNet(shapes=shapes, statistics=Statistics.neutral(shapes), n_classes=8).n_parameters
    531362
    """

    def __init__(
        self,
        *,
        shapes: Shapes,
        statistics: Mapping[str, Statistics],
        n_classes: int,
        widths: Sequence[int] = CQT_WIDTHS,
        se_reduction: int = 16,
        head_order: str = HEAD_ORDERS[0],
        dropout: float = 0.5,
        pool_after_block_3: bool = True,
    ) -> None:
        front = CqtFront(shapes=shapes, statistics=statistics)
        body = ConvNet(
            front.shape[0],
            widths,
            n_axes=2,
            n_classes=n_classes,
            se_reduction=se_reduction,
            head_order=head_order,
            dropout=dropout,
            pool_after_block_3=pool_after_block_3,
        )
        super().__init__(front, body)


NETWORKS = {"jtfs": JtfsNet, "scattering1d": Scattering1dNet, "cqt": CqtNet}
