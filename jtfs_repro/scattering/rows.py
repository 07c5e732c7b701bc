"""The log-frequency axis: its wavelets, and which rows each path keeps and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .filters import Filter
from .paths import Path, joint_path, split_rows


@dataclass(frozen=True, kw_only=True)
class Output:
    """Rows of one path: how many are kept, their stride in n1, the subsampling before phi_F.

    average : 'local' (phi_F), 'sum' (all rows of the axis), 'mean' (live rows), or None
    """

    kept: int
    log2_stride: int
    average: str | None


@dataclass(frozen=True, kw_only=True)
class RowBank:
    """Wavelets along log-frequency, and the rules of the output's rows.

    psi_fr : low-pass, then the wavelets of spin +1, then those of spin -1
    F, average : width of phi_F in rows; 'local' (phi_F), 'global' or False (none)
    N_fr : rows of the padded axis
    n_psi1 : first-order wavelets, the rows that are not padding
    """

    psi_fr: Sequence[Filter]
    F: float
    average: str | bool
    global_average: str
    log2_stride: int
    N_fr: int
    n_psi1: int
    is_joint: bool
    is_array: bool
    unpad_fr: bool
    keep_lost: bool

    @property
    def is_joint_array(self) -> bool:
        """All paths have the same rows."""
        return self.is_joint and self.is_array

    def output(self, psi: Filter, rows: int) -> Output:
        """Return the rows kept of the path of `psi` in a branch of `rows` first-order wavelets."""
        is_wavelet = psi.spin != 0
        if self.average == "global" and (is_wavelet or self.is_joint_array):
            return Output(kept=1, log2_stride=0, average=self.global_average)
        log2_stride = self._log2_stride(psi)
        # The reference labels, and cuts, the low-passed rows as if they were 2**J_fr apart.
        is_cut = not (is_wavelet or self.keep_lost or self.is_joint_array)
        kept = self._kept(rows, psi.j if is_cut else log2_stride)
        return Output(
            kept=min(kept, self.N_fr >> log2_stride),
            log2_stride=log2_stride,
            average="local" if self.average == "local" and is_wavelet else None,
        )

    def _log2_stride(self, psi: Filter) -> int:
        """Return log2 of the rows between two output rows."""
        if self.average != "local":
            return psi.j
        if psi.spin != 0 or self.is_joint_array:
            return self.log2_stride
        return min(psi.j, self.log2_stride)

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

    def paths(self, rows: dict[int | None, int]) -> list[Path]:
        """Return the output's paths, given the rows of the first order (n2 = None) and each n2."""
        paths = [] if self.is_joint_array else [Path(order=0)]
        for n2, count in rows.items():
            for n_fr, psi in enumerate(self.psi_fr):
                if n2 is None and psi.spin < 0:
                    continue
                path = joint_path(self.n1(psi, count), n2, n_fr)
                paths += [path] if self.is_joint else split_rows(path)
        return paths
