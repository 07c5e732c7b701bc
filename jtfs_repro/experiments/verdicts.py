"""Verdicts on the claims of the paper's Section 3.

A claim is a sentence or a range of the paper, made into one number and one tolerance, fixed before
any result was known. The rules:

aligned
    The |rank correlation| of the best linear direction of the 3-D Isomap embedding with the
    parameter's logarithm is at least 0.9; "not aligned" or "lost" is the opposite.
3-D mesh
    All three parameters are aligned; "2-D" is the opposite (the lowest of the three correlations
    is below 0.9). Residual variances are tabulated but not judged: they depend on how far each
    parameter stretches the embedding.
about 1
    The median of |log2 r| is below log2(1.1): the typical estimate is off by less than 10 %.
0.75-1.25, 0.75-1.5
    The share of error ratios inside is at least 0.9 times that of the index grid's floor;
    "outside" is the opposite.

The floor (a perfect representation with the same grid and number of neighbours) is 0.94 to 1 at
the paper's 4096 chirps and smaller on a smaller grid, whose edges weigh more; hence the factor.
Every row says at which scale its number was made and whether that is the paper's: a verdict at
smoke or demo scale is a verdict about that scale.

The claims are listed in `claims`. Those of Section 4 are judged by `medley_verdicts`, whose rows
have the same columns.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jtfs_repro import checks
from jtfs_repro.datasets.chirps import PARAMETERS
from jtfs_repro.experiments.claims import (
    ABLATION_CLAIMS,
    EMBEDDING_CLAIMS,
    RATIO_CLAIMS,
    STRF_CLAIM,
    Claim,
)
from jtfs_repro.experiments.knn import MEANS
from jtfs_repro.experiments.scores import FLOOR, RUN
from jtfs_repro.provenance import Stamp

ALIGNED_RHO = 0.9
ABOUT_ONE = math.log2(1.1)
SHARE_OF_FLOOR = 0.9
PUBLISHED_SCALE, PUBLISHED_CHIRPS = "paper", 4096
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A value with its threshold; ``why`` says why there is none."""

    value: float | None = None
    threshold: float | None = None
    rule: str = ""
    why: str = ""


def verdicts(
    knn: Sequence[Row],
    embedding: Sequence[Row],
    *,
    stamp: Stamp,
    mean: str = "arithmetic",
    ablation: Sequence[Row] | None = None,
) -> list[dict[str, Any]]:
    """Judge every claim.

    Parameters
    ----------
    knn, embedding : sequences of rows
        The tables knn_scores and embedding_scores; cells may be numbers or text.
    stamp : Stamp
        Scale, preset and device of those tables.
    mean : {'arithmetic', 'geometric'}
        Which K-NN estimate is judged.
    ablation : sequence of rows, optional
        `Ablation.orders`, from the runs over the range of f_m and J; without it that finding is
        'not run'.

    Returns
    -------
    rows : list of dict
        section, claim, representation, parameter, quantity, value, published (the paper's number
        where there is one), tolerance, verdict (within, outside or not run), why (the reason for
        'not run'; else how the scale differs from the paper's), mean, at_paper_scale, and the
        stamp.

    Raises
    ------
    ValueError
        If ``mean`` is unknown.
    """
    checks.choice("mean", mean, MEANS)
    ratios = [row for row in knn if row["mean"] == mean]
    judged = [_judge(c, _embedding_finding(c, embedding)) for c in EMBEDDING_CLAIMS]
    judged += [_judge(c, _ratio_finding(c, ratios)) for c in RATIO_CLAIMS]
    judged += [_judge(STRF_CLAIM, _strf_finding(ratios))]
    judged += ablation_verdicts(ablation)
    scope = _scope(stamp, knn)
    return [{**row, "why": row["why"] or scope, **_provenance(stamp, mean)} for row in judged]


def _judge(claim: Claim, finding: Finding) -> dict[str, Any]:
    verdict = "not run"
    if finding.value is not None and finding.threshold is not None:
        above = finding.value >= finding.threshold
        verdict = "within" if above == claim.holds_above else "outside"
    sign = ">=" if claim.holds_above else "<"
    tolerance = "" if finding.threshold is None else f"{sign} {finding.threshold:.3g}"
    return {
        "section": claim.section,
        "claim": claim.text,
        "representation": claim.representation,
        "parameter": claim.parameter,
        "quantity": claim.quantity,
        "value": finding.value,
        "published": "",  # Section 3 states ranges, which the tolerance holds, and no number
        "tolerance": f"{tolerance}{finding.rule}",
        "verdict": verdict,
        "why": finding.why,
    }


def _scope(stamp: Stamp, knn: Sequence[Row]) -> str:
    """Say how far a number is from the paper's scale; nothing at that scale."""
    if stamp.scale == PUBLISHED_SCALE or not knn:
        return ""
    return f"{knn[0]['n_chirps']} chirps, the paper has {PUBLISHED_CHIRPS}"


def _provenance(stamp: Stamp, mean: str) -> dict[str, str]:
    published = "yes" if stamp.scale == PUBLISHED_SCALE else "no"
    return {"mean": mean, "at_paper_scale": published, **stamp.as_dict()}


def _find(rows: Iterable[Row], **cells: str) -> Row | None:
    matches = (row for row in rows if all(row[name] == cell for name, cell in cells.items()))
    return next(matches, None)


def _missing(row: Row | None) -> Finding | None:
    """Return the reason why a row gives no number, or None if it does."""
    if row is None:
        return Finding(why="not in the list of representations; add it in config/config.yaml")
    if row["status"] != RUN:
        return Finding(why=str(row["status"]).removeprefix("not run: "))
    return None


def _embedding_finding(claim: Claim, rows: Sequence[Row]) -> Finding:
    row = _find(rows, representation=claim.representation)
    missing = _missing(row)
    if row is None or missing:
        return missing or Finding()
    names = [f"direction_rho_{p}" for p in PARAMETERS if claim.parameter in ("", p)]
    return Finding(value=min(float(row[name]) for name in names), threshold=ALIGNED_RHO)


def _ratio_finding(claim: Claim, rows: Sequence[Row]) -> Finding:
    row = _find(rows, representation=claim.representation, parameter=claim.parameter)
    floor = _find(rows, representation=FLOOR, parameter=claim.parameter)
    missing = _missing(row)
    if row is None or floor is None or missing:
        return missing or Finding(why="no floor: no representation was run")
    if claim.quantity == "median_abs_log2":
        return Finding(value=float(row[claim.quantity]), threshold=ABOUT_ONE)
    best = float(floor[claim.quantity])
    return Finding(
        value=float(row[claim.quantity]),
        threshold=SHARE_OF_FLOOR * best,
        rule=f" ({SHARE_OF_FLOOR:g} x floor {best:.3g})",
    )


def _strf_finding(rows: Sequence[Row]) -> Finding:
    """Compare the lower end of the complex mean's interval with the modulus' upper end."""
    pair = [_find(rows, representation=n, parameter="f_m") for n in ("strf_real", "strf")]
    for row in pair:
        if missing := _missing(row):
            return missing
    real, modulus = (row for row in pair if row is not None)
    return Finding(
        value=float(real["log2_rmse_low"]),
        threshold=float(modulus["log2_rmse_high"]),
        rule=" (upper end of the modulus' 95 % interval)",
    )


ABLATION_COMMAND = "run `snakemake ablation`"


def ablation_verdicts(orders: Sequence[Row] | None) -> list[dict[str, Any]]:
    """Judge whether the range of f_m and J change the order of the representations.

    Parameters
    ----------
    orders : sequence of rows or None
        `Ablation.orders`.

    Returns
    -------
    rows : list of dict
        The number is the lowest Kendall rank correlation between two runs that differ in that
        one setting; the claim holds if it is 1 (the same order everywhere).
    """
    return [_judge(claim, _order_finding(orders, s)) for s, claim in ABLATION_CLAIMS.items()]


def _order_finding(orders: Sequence[Row] | None, setting: str) -> Finding:
    if orders is None:
        return Finding(why=ABLATION_COMMAND)
    rows = [r for r in orders if r["differs_in"] == setting and r["parameter"] == "all"]
    taus = [float(row["kendall_tau"]) for row in rows]
    if not taus:
        return Finding(why=f"no two runs differ in {setting} alone; {ABLATION_COMMAND}")
    return Finding(value=min(taus), threshold=1.0, rule=f" (lowest of {len(taus)} pairs of runs)")
