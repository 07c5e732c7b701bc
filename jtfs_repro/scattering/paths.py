"""The path table: which wavelets made each coefficient, in the order of the output.

A scattering path is a choice of wavelets: n1 (first order), n2 (second order), n_fr (log-frequency,
with a spin). The labels here are built beside the layout of the output, never from it, and are
tested to have its length and order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .filters import Filter


@dataclass(frozen=True, kw_only=True)
class Path:
    """One output path.

    order : 0, 1 or 2
    n1 : index of the first-order wavelet, the range of those that a joint path holds, or None
    n2, n_fr : indices of the wavelets in time and in log-frequency, or None
    key : what identifies the path in dictionaries and lists
    """

    order: int
    n1: int | range | None = None
    n2: int | None = None
    n_fr: int | None = None
    key: tuple[int, ...] = ()


def joint_path(n1: range, n2: int | None, n_fr: int) -> Path:
    """Return the path of a whole frequency axis: key (n_fr) or (n2, n_fr)."""
    key = (n_fr,) if n2 is None else (n2, n_fr)
    return Path(order=len(key), n1=n1, n2=n2, n_fr=n_fr, key=key)


def split_rows(path: Path) -> list[Path]:
    """Return one path per row of a joint path, n1 in front of the key."""
    assert isinstance(path.n1, range)
    return [
        Path(order=path.order, n1=n1, n2=path.n2, n_fr=path.n_fr, key=(n1, *path.key))
        for n1 in path.n1
    ]


def time_meta(
    paths: Sequence[Path], psi1: Sequence[Filter], psi2: Sequence[Filter], max_order: int
):
    """Return the arrays describing `paths`: order, key, n, and xi, sigma, j [shape=(C, max_order)].

    Where a path has no wavelet of an order, the entry is NaN; so it is for the first order of a
    joint path, whose n1 is a range.
    """
    meta: dict[str, Any] = {
        "order": np.array([p.order for p in paths]),
        "key": [p.key for p in paths],
    }
    banks = (psi1, psi2)[:max_order]
    chosen = [(p.n1, p.n2)[:max_order] for p in paths]
    meta["n"] = np.empty((len(paths), max_order), dtype=object)
    for c, n in enumerate(chosen):
        meta["n"][c] = [np.nan if m is None else m for m in n]
    for field in ("xi", "sigma", "j"):
        meta[field] = np.array(
            [
                [_field(bank, n, field) for bank, n in zip(banks, row, strict=True)]
                for row in chosen
            ],
            dtype=float,
        ).reshape(len(paths), max_order)
    return meta


def joint_meta(
    paths: Sequence[Path],
    psi1: Sequence[Filter],
    psi2: Sequence[Filter],
    psi_fr: Sequence[Filter],
):
    """Return :func:`time_meta` with n_fr, xi_fr, sigma_fr, j_fr and spin [shape=(C,)]."""
    meta = time_meta(paths, psi1, psi2, 2)
    meta["n_fr"] = np.array([np.nan if p.n_fr is None else p.n_fr for p in paths], dtype=float)
    for field in ("xi", "sigma", "j"):
        column = [_field(psi_fr, p.n_fr, field) for p in paths]
        meta[f"{field}_fr"] = np.array(column, dtype=float)
    meta["spin"] = np.sign(meta["xi_fr"])
    return meta


def path_table(
    paths: Sequence[Path],
    banks: tuple[Sequence[Filter], Sequence[Filter], Sequence[Filter]],
    *,
    Q1: int,
    sr: float | None,
    strides: Sequence[int],
) -> dict[str, Any]:
    """Return one column per property of `paths`, NaN where a path has none; see `paths()`."""
    first = [p.n1.start if isinstance(p.n1, range) else p.n1 for p in paths]
    is_range = [isinstance(p.n1, range) for p in paths]
    table: dict[str, Any] = {
        "order": np.array([p.order for p in paths]),
        "n1": _column(first),
        "n1_stop": _column([p.n1.stop if isinstance(p.n1, range) else np.nan for p in paths]),
        "n1_step": _column([p.n1.step if isinstance(p.n1, range) else np.nan for p in paths]),
        "n2": _column([p.n2 for p in paths]),
        "n_fr": _column([p.n_fr for p in paths]),
    }
    singles = [None if many else n for n, many in zip(first, is_range, strict=True)]
    columns = (singles, [p.n2 for p in paths], [p.n_fr for p in paths])
    for suffix, bank, chosen in zip(("1", "2", "_fr"), banks, columns, strict=True):
        for field in ("j", "xi"):
            table[field + suffix] = np.array([_field(bank, n, field) for n in chosen], dtype=float)
    hz = np.nan if sr is None else sr
    table["frequency_hz"] = table["xi1"] * hz
    table["rate_hz"] = table["xi2"] * hz
    table["scale"] = np.abs(table["xi_fr"]) * Q1
    table["spin"] = np.sign(table["xi_fr"])
    table["stride"] = np.array(strides)
    return table


def _column(values: Sequence[Any]) -> Any:
    return np.array([np.nan if v is None else v for v in values], dtype=float)


def _field(bank: Sequence[Filter], n: int | range | None, field: str) -> float:
    return getattr(bank[n], field) if isinstance(n, int) else np.nan
