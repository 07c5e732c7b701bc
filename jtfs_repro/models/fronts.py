"""Fronts: from the stored features of a clip to the map that a convolutional body reads.

A front normalises with the training set's statistics, brings the parts to one map and ends with
batch normalisation. ``shape`` is the shape of that map without batch: (channels, rows, frames),
or (channels, frames). Rows: index 0 is the highest frequency for JTFS, the lowest for the CQT.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from jtfs_repro import checks
from jtfs_repro.models.mu_log import MuLog, Standardise
from jtfs_repro.models.statistics import Shapes, Statistics, feature_shape, take, vectors

S1_FILTERS = 4
S1_KERNEL = 16  # rows: one octave at Q = 16
S1_POOL = 4  # rows: the stride of S2 along log-frequency, F = 4
CQT_POOL = (3, 8)  # bins, frames


class JtfsFront(nn.Module):
    """First order through learnt filters along log-frequency, joined to the second order.

    S1, normalised, passes ``Conv2d`` (1 -> 4, kernel 16 rows, no padding), ReLU and average
    pooling over 4 rows; zero rows are put on top (highest frequencies) up to the height of S2.
    The four channels come first, then the paths of S2, normalised; then batch normalisation
    (Muradeli et al., DAFx 2022, section 4.3 and figure 5). Arguments are those of
    `classifiers.JtfsNet`. ValueError, TypeError: fewer than 16 rows in S1, fewer rows in S2 than S1
    has after pooling, other frames, or features of another shape.

    Examples
    --------
    >>> shapes = {"S1": (175, 32), "S2": (165, 44, 32)}
    >>> front = JtfsFront(shapes=shapes, statistics=Statistics.neutral(shapes))
    >>> front.shape, front.n_zero_rows
    ((169, 44, 32), 3)
    """

    def __init__(
        self,
        *,
        shapes: Shapes,
        statistics: Mapping[str, Statistics],
        c: float = 0.1,
        is_c_learnable: bool = False,
    ) -> None:
        super().__init__()
        self.S1_shape = feature_shape(shapes, "S1", ("rows", "frames"))
        self.S2_shape = feature_shape(shapes, "S2", ("paths", "rows", "frames"))
        self.n_zero_rows = self._zero_rows()
        self.mu_log_1 = _mu_log(statistics, "S1", self.S1_shape[0], c, is_c_learnable)
        self.mu_log_2 = _mu_log(statistics, "S2", self.S2_shape[0], c, is_c_learnable)
        self.shape = (S1_FILTERS + self.S2_shape[0], *self.S2_shape[1:])
        self.filters = nn.Conv2d(1, S1_FILTERS, kernel_size=(S1_KERNEL, 1))
        # ASSUME: two padding rows at either end count as zeros in the average (torch's default).
        self.pool = nn.AvgPool2d((S1_POOL, 1), padding=(S1_POOL // 2, 0))
        self.norm = nn.BatchNorm2d(self.shape[0])

    def _zero_rows(self) -> int:
        """Return how many rows S2 has more than S1 after its filters and pooling."""
        rows_1, rows_2 = self.S1_shape[0], self.S2_shape[1]
        if self.S1_shape[1] != self.S2_shape[2]:
            mistake = "one stride in time for both orders"
            rule = f"equal those of S1, {self.S1_shape[1]}"
            checks.fail("shapes['S2'].frames", self.S2_shape[2], rule, mistake)
        if rows_1 < S1_KERNEL:
            mistake = "S1 before frequency scattering, one row per first-order wavelet"
            checks.fail("shapes['S1'].rows", rows_1, f"be >= {S1_KERNEL}", mistake)
        pooled = (rows_1 - S1_KERNEL + 1) // S1_POOL + 1
        if rows_2 < pooled:
            rule = f"be >= {pooled}, the rows of S1 after pooling"
            mistake = f"{rows_1} rows and F = {S1_POOL} belong together"
            checks.fail("shapes['S2'].rows", rows_2, rule, mistake)
        return rows_2 - pooled

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return the map: Tensor [shape=(B, 4 + paths, rows, frames)]."""
        first = self.first_order(take(features, "S1", self.S1_shape))
        second = self.mu_log_2(take(features, "S2", self.S2_shape))
        return self.norm(torch.cat([first, second], dim=1))

    def first_order(self, S1: Tensor) -> Tensor:
        """Return the branch of S1, zero rows included: Tensor [shape=(B, 4, rows, frames)]."""
        pooled = self.pool(torch.relu(self.filters(self.mu_log_1(S1)[:, None])))
        return functional.pad(pooled, (0, 0, self.n_zero_rows, 0))


class Scattering1dFront(nn.Module):
    """Normalised paths of orders 1 and 2, then batch normalisation; see `Scattering1dNet`.

    Examples
    --------
    >>> shapes = {"S": (1243, 32)}
    >>> Scattering1dFront(shapes=shapes, statistics=Statistics.neutral(shapes)).shape
    (1243, 32)
    """

    def __init__(
        self,
        *,
        shapes: Shapes,
        statistics: Mapping[str, Statistics],
        c: float = 0.1,
        is_c_learnable: bool = False,
    ) -> None:
        super().__init__()
        self.shape = feature_shape(shapes, "S", ("paths", "frames"))
        self.mu_log = _mu_log(statistics, "S", self.shape[0], c, is_c_learnable)
        self.norm = nn.BatchNorm1d(self.shape[0])

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return the map: Tensor [shape=(B, paths, frames)]."""
        return self.norm(self.mu_log(take(features, "S", self.shape)))


class CqtFront(nn.Module):
    """Standardised bins, average pooling (3 bins, 8 frames), one channel, batch normalisation.

    Bins and frames beyond the last whole pooling window are dropped: (96, 257) becomes (32, 32).
    ValueError, TypeError: less than one pooling window, or features of another shape.

    Examples
    --------
    >>> shapes = {"S": (96, 257)}
    >>> CqtFront(shapes=shapes, statistics=Statistics.neutral(shapes)).shape
    (1, 32, 32)
    """

    def __init__(self, *, shapes: Shapes, statistics: Mapping[str, Statistics]) -> None:
        super().__init__()
        self.S_shape = feature_shape(shapes, "S", ("bins", "frames"))
        for name, size, window in zip(("bins", "frames"), self.S_shape, CQT_POOL, strict=True):
            checks.integer(f"shapes['S'].{name}", size, low=window, mistake="a shorter hop?")
        n_bins, n_frames = self.S_shape
        _, mean, std = vectors(statistics, "S", n_bins)
        self.standardise = Standardise(mean, std)
        self.shape = (1, n_bins // CQT_POOL[0], n_frames // CQT_POOL[1])
        self.norm = nn.BatchNorm2d(1)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return the map: Tensor [shape=(B, 1, bins // 3, frames // 8)]."""
        standardised = self.standardise(take(features, "S", self.S_shape))
        return self.norm(functional.avg_pool2d(standardised, CQT_POOL)[:, None])


def _mu_log(
    statistics: Mapping[str, Statistics], name: str, n: int, c: float, is_learnable: bool
) -> MuLog:
    return MuLog(*vectors(statistics, name, n), c=c, is_learnable=is_learnable)
