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
from dataclasses import replace
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
from jtfs_repro.experiments.verdict_rows import (
    PAPER_SCALE,
    Judgement,
    VerdictRow,
    ends,
    missing,
    run_command,
)
from jtfs_repro.provenance import Stamp

ALIGNED_RHO = 0.9
ABOUT_ONE = math.log2(1.1)
SHARE_OF_FLOOR = 0.9
PUBLISHED_CHIRPS = 4096
ALL_FEATURES = "features=[mfcc,scattering1d_q1,scattering1d_q8,jtfs,strf,openl3]"
WEIGHTS_OPTION = "openl3_download=always"
NO_SEED = "none: nothing is drawn"
PUBLISHED = {  # the paper's words, where the claim is a range
    "median_abs_log2": "about 1",
    "share_within_25_percent": "0.75-1.25",
    "share_0.75_to_1.5": "0.75-1.5",
}
WHY_ALIGNED = "the paper shows pictures and no number; 0.9 was fixed before any result"
WHY_ABOUT_ONE = "'about 1' read as 10 % off at most, half the time"
WHY_FLOOR = "40 neighbours have an edge bias that no representation can beat; a tenth of it is left"
WHY_INTERVALS = "intervals apart: the difference is larger than the choice of chirps"
WHY_ORDER = "the same order means a rank correlation of 1"
Row = Mapping[str, Any]


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
        'not run'. The number is the lowest Kendall correlation between two runs that differ in
        one setting only.

    Returns
    -------
    rows : list of dict
        The columns of `verdict_rows.VerdictRow`; ``reason`` also says how the scale differs from
        the paper's.

    Raises
    ------
    ValueError
        If ``mean`` is unknown.
    """
    checks.choice("mean", mean, MEANS)
    ratios = [row for row in knn if row["mean"] == mean]
    found = [(c, _embedding_judgement(c, embedding, stamp)) for c in EMBEDDING_CLAIMS]
    found += [(c, _ratio_judgement(c, ratios, stamp)) for c in RATIO_CLAIMS]
    found += [(STRF_CLAIM, _strf_judgement(ratios, stamp))]
    found += [(c, _order_judgement(ablation, s, stamp)) for s, c in ABLATION_CLAIMS.items()]
    scope = _scope(stamp, knn)
    return [
        _row(c, replace(j, reason=j.reason or scope), stamp=stamp, mean=mean).as_dict()
        for c, j in found
    ]


def _row(claim: Claim, judgement: Judgement, *, stamp: Stamp, mean: str) -> VerdictRow:
    return VerdictRow.judged(
        judgement,
        stamp=stamp,
        is_paper_scale=stamp.scale == PAPER_SCALE,
        id=claim.id,
        kind=claim.kind,
        section=claim.section,
        claim=claim.text,
        representation=claim.representation,
        parameter=claim.parameter,
        quantity=claim.quantity,
        unit=_unit(claim.quantity),
        value_there=_published(claim),
        mean=mean,
    )


def _unit(quantity: str) -> str:
    if quantity.startswith("share"):
        return "share of chirps"
    return "octaves" if "log2" in quantity else "correlation"


def _published(claim: Claim) -> str:
    if claim.kind != "paper":
        return ""
    if claim.quantity in PUBLISHED:
        words = PUBLISHED[claim.quantity]
        return words if claim.holds_above or words == "about 1" else f"outside {words}"
    return "aligned" if claim.holds_above else "not aligned"


def _judged(claim: Claim, value: float, threshold: float, **cells: Any) -> Judgement:
    """Compare a value with a threshold."""
    sign = ">=" if claim.holds_above else "<"
    rule = cells.pop("rule", "")
    return Judgement(
        value=value,
        tolerance=f"{sign} {threshold:.3g}{rule}",
        holds=(value >= threshold) == claim.holds_above,
        **cells,
    )


def _scope(stamp: Stamp, knn: Sequence[Row]) -> str:
    """Say how far a number is from the paper's scale; nothing at that scale."""
    if stamp.scale == PAPER_SCALE or not knn:
        return ""
    return f"{knn[0]['n_chirps']} chirps, the paper has {PUBLISHED_CHIRPS}"


def _find(rows: Iterable[Row], **cells: str) -> Row | None:
    matches = (row for row in rows if all(row[name] == cell for name, cell in cells.items()))
    return next(matches, None)


def _missing(row: Row | None, name: str, stamp: Stamp, *, link: str) -> Judgement | None:
    """Return 'not run' where a row gives no number, or None."""
    options = (WEIGHTS_OPTION,) if name == "openl3" else ()
    if row is None:
        why = f"{name} is not in the list of representations; add it in config/config.yaml"
        return missing(why, run_command(stamp, ALL_FEATURES, *options), link=link)
    if row["status"] != RUN:
        why = str(row["status"]).removeprefix("not run: ")
        return missing(why, run_command(stamp, *options), link=link)
    return None


def _embedding_judgement(claim: Claim, rows: Sequence[Row], stamp: Stamp) -> Judgement:
    row = _find(rows, representation=claim.representation)
    absent = _missing(row, claim.representation, stamp, link="embedding")
    if row is None or absent:
        return absent or Judgement()
    names = [f"direction_rho_{p}" for p in PARAMETERS if claim.parameter in ("", p)]
    value = min(float(row[name]) for name in names)
    cells = {"tolerance_reason": WHY_ALIGNED, "link": "embedding", "seeds": NO_SEED}
    return _judged(claim, value, ALIGNED_RHO, **cells)


def _ratio_judgement(claim: Claim, rows: Sequence[Row], stamp: Stamp) -> Judgement:
    row = _find(rows, representation=claim.representation, parameter=claim.parameter)
    floor = _find(rows, representation=FLOOR, parameter=claim.parameter)
    absent = _missing(row, claim.representation, stamp, link="knn")
    if absent:
        return absent
    if row is None or floor is None:
        return missing("no floor: no representation was run", run_command(stamp), link="knn")
    value = float(row[claim.quantity])
    cells = {"link": "knn", "seeds": NO_SEED}
    if claim.quantity == "median_abs_log2":
        return _judged(claim, value, ABOUT_ONE, tolerance_reason=WHY_ABOUT_ONE, **cells)
    best = float(floor[claim.quantity])
    rule = f" ({SHARE_OF_FLOOR:g} x floor {best:.3g})"
    cells |= {"tolerance_reason": WHY_FLOOR, "rule": rule}
    return _judged(claim, value, SHARE_OF_FLOOR * best, **cells)


def _strf_judgement(rows: Sequence[Row], stamp: Stamp) -> Judgement:
    """Compare the lower end of the complex mean's interval with the modulus' upper end."""
    names = ("strf_real", "strf")
    pair = [_find(rows, representation=name, parameter="f_m") for name in names]
    for name, row in zip(names, pair, strict=True):
        if absent := _missing(row, name, stamp, link="knn"):
            return absent
    real, modulus = (row for row in pair if row is not None)
    return _judged(
        STRF_CLAIM,
        float(real["log2_rmse_low"]),
        float(modulus["log2_rmse_high"]),
        rule=" (upper end of the modulus' 95 % interval)",
        tolerance_reason=WHY_INTERVALS,
        interval=ends(real["log2_rmse_low"], real["log2_rmse_high"]),
        seeds="0 (of the resampling)",
        link="knn",
    )


ABLATION_MISSING = "the six runs over the range of f_m and J have not been made at this scale"


def _order_judgement(orders: Sequence[Row] | None, setting: str, stamp: Stamp) -> Judgement:
    """Judge by the lowest Kendall correlation between two runs that differ in one setting."""
    claim = ABLATION_CLAIMS[setting]
    command = run_command(stamp).replace("--cores all", "--cores all ablation")
    if orders is None:
        return missing(ABLATION_MISSING, command, link="ablation")
    rows = [r for r in orders if r["differs_in"] == setting and r["parameter"] == "all"]
    taus = [float(row["kendall_tau"]) for row in rows]
    if not taus:
        why = f"no two runs differ in {setting} alone"
        return missing(why, command, link="ablation")
    rule = f" (lowest of {len(taus)} pairs of runs)"
    cells = {"tolerance_reason": WHY_ORDER, "link": "ablation", "seeds": NO_SEED}
    return _judged(claim, min(taus), 1.0, rule=rule, **cells)
