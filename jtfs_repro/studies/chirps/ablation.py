"""Ablation of the range of f_m and of the octaves J: how the ranking of representations changes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from jtfs_repro import checks
from jtfs_repro.datasets.chirps import PARAMETERS
from jtfs_repro.provenance import Stamp
from jtfs_repro.studies.chirps.knn import MEANS
from jtfs_repro.studies.chirps.scores import RUN, YARDSTICKS

Row = dict[str, Any]
Errors = dict[str, np.ndarray]  # representation -> log2-RMSE of f_c, f_m, gamma and of all three


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """Rows of two tables: the errors of every run, and the order of every pair of runs."""

    errors: list[Row]
    orders: list[Row]


def ablation(
    tables: Mapping[str, Sequence[Mapping[str, Any]]], *, stamp: Stamp, mean: str = "arithmetic"
) -> Ablation:
    """Compare the orders of representations between runs.

    ``tables`` maps a variant (`fm<highest f_m>_J<octaves>`) to the rows of its knn_scores table.
    ``errors``: log2-RMSE per parameter and over all three (root mean square), rank by the latter.
    ``orders``: for every pair of variants that differ in one setting, Kendall's tau of the two
    orders (1: the same) and the largest change of a log2-RMSE in octaves. ValueError: a variant has
    another name, or no two runs can be compared.
    """
    checks.choice("mean", mean, MEANS)
    settings = {variant: _settings(variant) for variant in tables}
    errors = {variant: _errors(rows, mean) for variant, rows in tables.items()}
    pairs = [(a, b, _difference(settings[a], settings[b])) for a, b in combinations(tables, 2)]
    compared = [pair for pair in pairs if pair[2]]
    if not compared:
        checks.fail("tables", list(tables), "hold two runs that differ in one setting")
    return Ablation(
        errors=[row | stamp.as_dict() for v in tables for row in _error_rows(v, errors[v])],
        orders=[
            {**_order_row(a, b, setting, column, errors), **stamp.as_dict()}
            for a, b, setting in compared
            for column in range(len(PARAMETERS) + 1)
        ],
    )


def _settings(variant: str) -> tuple[int, int]:
    """Return (highest f_m in Hz, J) of a variant's name."""
    match = re.fullmatch(r"fm(\d+)_J(\d+)", variant)
    if match is None:
        checks.fail("variant", variant, "read fm<Hz>_J<octaves>", "e.g. fm16_J12")
    return int(match[1]), int(match[2])


def _difference(a: tuple[int, int], b: tuple[int, int]) -> str:
    """Return which single setting differs, or an empty string."""
    names = [name for name, x, y in zip(("f_m range", "J"), a, b, strict=True) if x != y]
    return names[0] if len(names) == 1 else ""


def _errors(rows: Sequence[Mapping[str, Any]], mean: str) -> Errors:
    chosen = [r for r in rows if r["mean"] == mean and r["status"] == RUN]
    table: dict[str, dict[str, float]] = {}
    for row in chosen:
        if row["representation"] not in YARDSTICKS:
            errors = table.setdefault(row["representation"], {})
            errors[row["parameter"]] = float(row["log2_rmse"])
    columns = {name: np.array([e[p] for p in PARAMETERS]) for name, e in table.items()}
    return {n: np.append(e, np.sqrt(np.mean(e**2))) for n, e in columns.items()}


def _error_rows(variant: str, errors: Errors) -> list[Row]:
    f_m_high, octaves = _settings(variant)
    ranks = sorted(errors, key=lambda name: errors[name][-1])
    return [
        {
            "run": variant,
            "f_m_high_hz": f_m_high,
            "J": octaves,
            "representation": name,
            **{f"log2_rmse_{p}": e for p, e in zip((*PARAMETERS, "all"), values, strict=True)},
            "rank": ranks.index(name) + 1,
        }
        for name, values in errors.items()
    ]


def _order_row(a: str, b: str, setting: str, column: int, errors: Mapping[str, Errors]) -> Row:
    names = [name for name in errors[a] if name in errors[b]]
    first, second = (np.array([errors[run][n][column] for n in names]) for run in (a, b))
    changes = np.abs(first - second)
    return {
        "run": a,
        "other_run": b,
        "differs_in": setting,
        "parameter": (*PARAMETERS, "all")[column],
        "n_representations": len(names),
        "kendall_tau": _kendall_tau(first, second),
        "largest_change_oct": float(changes.max()),
        "changed_most": names[int(changes.argmax())],
        "order": " < ".join(names[i] for i in np.argsort(first, kind="stable")),
        "other_order": " < ".join(names[i] for i in np.argsort(second, kind="stable")),
    }


def _kendall_tau(first: np.ndarray, second: np.ndarray) -> float:
    from scipy.stats import kendalltau  # slow to import

    return float(np.asarray(kendalltau(first, second)[0]))
