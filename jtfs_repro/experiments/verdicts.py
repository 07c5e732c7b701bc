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

A later experiment adds its claims as another list of `Claim` and its own reader of values.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jtfs_repro import checks
from jtfs_repro.datasets.chirps import PARAMETERS
from jtfs_repro.experiments.knn import MEANS
from jtfs_repro.experiments.scores import FLOOR, RUN
from jtfs_repro.provenance import Stamp

ALIGNED_RHO = 0.9
ABOUT_ONE = math.log2(1.1)
SHARE_OF_FLOOR = 0.9
PUBLISHED_SCALE, PUBLISHED_CHIRPS = "paper", 4096
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim and how it is tested.

    Parameters
    ----------
    section : str
        Where the paper states it.
    text : str
        The claim in few words.
    representation, parameter : str
        Whose number is looked at; ``parameter`` is empty for a whole embedding.
    quantity : str
        Column of the table of scores, or 'lowest_direction_rho'.
    holds_above : bool
        Whether the claim holds at and above the threshold, or below it.
    """

    section: str
    text: str
    representation: str
    parameter: str
    quantity: str
    holds_above: bool = True


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A value with its threshold; ``why`` says why there is none."""

    value: float | None = None
    threshold: float | None = None
    rule: str = ""
    why: str = ""


def _aligned(representation: str, text: str, parameters: str, *, holds: bool = True) -> list[Claim]:
    return [
        Claim(
            section="3, Fig. 3",
            text=f"{text}: {p} {'aligned' if holds else 'not aligned'}",
            representation=representation,
            parameter=p,
            quantity="direction_rho",
            holds_above=holds,
        )
        for p in parameters.split()
    ]


def _dimension(representation: str, text: str, *, three: bool) -> Claim:
    return Claim(
        section="3, Fig. 3",
        text=text,
        representation=representation,
        parameter="",
        quantity="lowest_direction_rho",
        holds_above=three,
    )


_RANGES = {
    "about 1": "median_abs_log2",
    "0.75-1.25": "share_within_25_percent",
    "0.75-1.5": "share_0.75_to_1.5",
}


def _ratio(representation: str, parameter: str, span: str, *, holds: bool = True) -> Claim:
    side = "" if holds else "outside "
    return Claim(
        section="3, Fig. 4",
        text=f"error ratio of {parameter} {side}{span}",
        representation=representation,
        parameter=parameter,
        quantity=_RANGES[span],
        holds_above=holds and span != "about 1",  # an error holds below its threshold
    )


_ALL = "f_c f_m gamma"
EMBEDDING_CLAIMS: tuple[Claim, ...] = (
    _dimension("mfcc", "MFCC lies on a curved 2-D manifold", three=False),
    *_aligned("mfcc", "MFCC", "f_c"),
    *_aligned("mfcc", "MFCC", "f_m gamma", holds=False),
    _dimension("scattering1d_q1", "Scattering1D at Q=1 is a 3-D mesh", three=True),
    *_aligned("scattering1d_q1", "Scattering1D at Q=1", _ALL),
    _dimension("jtfs", "JTFS at Q=8 is a 3-D mesh", three=True),
    *_aligned("jtfs", "JTFS at Q=8", _ALL),
    _dimension("scattering1d_q8", "Scattering1D at Q=8 is 2-D", three=False),
    *_aligned("scattering1d_q8", "Scattering1D at Q=8", "f_m", holds=False),
    *_aligned("strf", "STRF", "f_m", holds=False),
    *_aligned("strf_real", "STRF, complex mean as in the original code", "f_m", holds=False),
    *_aligned("openl3", "OpenL3", "f_m", holds=False),
)
RATIO_CLAIMS: tuple[Claim, ...] = (
    *(_ratio(name, "f_c", "about 1") for name in ("mfcc", "scattering1d_q1", "jtfs")),
    *(_ratio(name, "f_c", "about 1") for name in ("strf", "strf_real", "openl3")),
    *(_ratio(name, "f_m", "0.75-1.5") for name in ("scattering1d_q1", "jtfs")),
    *(_ratio(name, "f_m", "0.75-1.5", holds=False) for name in ("mfcc", "openl3")),
    *(_ratio(name, "f_m", "0.75-1.5", holds=False) for name in ("strf", "strf_real")),
    *(_ratio(name, "gamma", "0.75-1.25") for name in ("scattering1d_q1", "jtfs")),
    *(_ratio(name, "gamma", "0.75-1.25") for name in ("strf", "strf_real", "openl3")),
    _ratio("mfcc", "gamma", "0.75-1.25", holds=False),
)


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
        section, claim, representation, parameter, quantity, value, tolerance, verdict (within,
        outside or not run), why (the reason for 'not run'; else how the scale differs from the
        paper's), mean, at_paper_scale, and the stamp.

    Raises
    ------
    ValueError
        If ``mean`` is unknown.
    """
    checks.choice("mean", mean, MEANS)
    ratios = [row for row in knn if row["mean"] == mean]
    judged = [_judge(c, _embedding_finding(c, embedding)) for c in EMBEDDING_CLAIMS]
    judged += [_judge(c, _ratio_finding(c, ratios)) for c in RATIO_CLAIMS]
    judged += [_judge(_STRF_CLAIM, _strf_finding(ratios))]
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


_STRF_CLAIM = Claim(
    section="3, Fig. 4 (finding of this project)",
    text="averaging complex responses harms STRF on f_m: averaging their modulus has a smaller"
    " error (95 % intervals apart)",
    representation="strf_real",
    parameter="f_m",
    quantity="log2_rmse_low",
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
_ABLATION_TEXTS = {
    "f_m range": "same order of representations by error with f_m 4-16 and 4-32 Hz",
    "J": "same order of representations by error with J = 12, 13 and 14",
}


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
    return [_judge(_ablation_claim(s), _order_finding(orders, s)) for s in _ABLATION_TEXTS]


def _ablation_claim(setting: str) -> Claim:
    return Claim(
        section="3 (finding of this project)",
        text=_ABLATION_TEXTS[setting],
        representation="all",
        parameter="all",
        quantity="kendall_tau",
    )


def _order_finding(orders: Sequence[Row] | None, setting: str) -> Finding:
    if orders is None:
        return Finding(why=ABLATION_COMMAND)
    rows = [r for r in orders if r["differs_in"] == setting and r["parameter"] == "all"]
    taus = [float(row["kendall_tau"]) for row in rows]
    if not taus:
        return Finding(why=f"no two runs differ in {setting} alone; {ABLATION_COMMAND}")
    return Finding(value=min(taus), threshold=1.0, rule=f" (lowest of {len(taus)} pairs of runs)")
