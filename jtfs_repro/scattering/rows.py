"""Which rows each joint path keeps, at which stride in n1, and how they are averaged."""

from __future__ import annotations

from dataclasses import dataclass

from .filters import Filter
from .frequency import Output


@dataclass(frozen=True, kw_only=True)
class RowLayout:
    """Rules of the output's frequency axis.

    N_fr : rows of the padded axis
    n_psi1 : first-order wavelets, the rows that are not padding
    average_fr : 'local' (phi_F), 'global' or False
    """

    N_fr: int
    n_psi1: int
    log2_stride_fr: int
    average_fr: str | bool
    global_average: str
    is_joint: bool
    is_array: bool
    unpad_fr: bool
    keep_lost: bool

    @property
    def is_joint_array(self) -> bool:
        """All paths have the same rows."""
        return self.is_joint and self.is_array

    def output(self, psi: Filter, rows: int) -> Output:
        """Return the rows kept of the path of `psi` in a slice of `rows` first-order wavelets."""
        is_wavelet = psi.spin != 0
        if self.average_fr == "global" and (is_wavelet or self.is_joint_array):
            return Output(kept=1, log2_stride=0, average=self.global_average)
        log2_stride = self._log2_stride(psi)
        # The reference labels, and cuts, the low-passed rows as if they were 2**J_fr apart.
        is_cut = not (is_wavelet or self.keep_lost or self.is_joint_array)
        kept = self._kept(rows, psi.j if is_cut else log2_stride)
        return Output(
            kept=min(kept, self.N_fr >> log2_stride),
            log2_stride=log2_stride,
            average="local" if self.average_fr == "local" and is_wavelet else None,
        )

    def _log2_stride(self, psi: Filter) -> int:
        """Return log2 of the rows between two output rows."""
        if self.average_fr != "local":
            return psi.j
        if psi.spin != 0 or self.is_joint_array:
            return self.log2_stride_fr
        return min(psi.j, self.log2_stride_fr)

    def _kept(self, rows: int, log2_stride: int) -> int:
        """Return the number of output rows."""
        if self.is_joint_array:
            rows = self.n_psi1 if self.unpad_fr else self.N_fr
        extra = self.is_joint and not self.is_array and not self.unpad_fr
        return 1 + (rows >> log2_stride) if extra else -(-rows >> log2_stride)

    def n1(self, psi: Filter, rows: int) -> range:
        """Return the first-order indices at the output rows of a path, at their true stride."""
        out = self.output(psi, rows)
        stride = rows if out.average in ("sum", "mean") else 1 << out.log2_stride
        return range(0, out.kept * stride, stride)
