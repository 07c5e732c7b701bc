"""Verdicts on the claims of the paper's Sections 2 and 5: spins, resynthesis.

The rules; their numbers are the paper's, or were fixed before any resynthesis was scored:

concentrates on a spin
    At least twice the energy of the other spin: the ratio, over all rates and scales, is 3 dB or
    more on the side that the claim says.
error after k iterations
    The best error up to iteration k, in percent, is at most the paper's number. A descent that
    ended of itself before k counts with its last error; one that was given fewer iterations is
    'not run'.
recovers synchrony
    JTFS keeps at least 0.5 of the synchrony between subbands (0: initial noise, 1: original), and
    at least 0.2 more than Scattering1D by the same descent. Judged from 100 iterations on.
time per iteration
    The median is at most the paper's, on any GPU and at the paper's number of samples; of several
    descents and sounds the slowest.

The paper's recordings cannot be had under a licence, so every verdict here is about another sound;
``why`` says which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jtfs_repro import io
from jtfs_repro.experiments.texture_claims import (
    ERROR_CLAIMS,
    SPIN_CLAIMS,
    SYNCHRONY_CLAIMS,
    TIME_CLAIM,
    ErrorClaim,
    SpinClaim,
    SynchronyClaim,
    TimeClaim,
)
from jtfs_repro.provenance import Stamp

SPIN_DB = 3.0
KEPT, KEPT_MORE = 0.5, 0.2
JUDGED_FROM = 100  # iterations
PUBLISHED_SCALE = "paper"
NO_TABLE = "Sections 2 and 5 are not part of this run; name sounds in config/config.yaml"
FINISHED = "finished"
OWN_SOUNDS = {
    "am_chirp": "an AM chirp of this project, not the paper's file",
    "dizi": "a glissando in the style of the dizi, synthesised; not the paper's recording",
    "gull": "gull-like calls, synthesised; not the paper's recording, which has no licence",
    "hawk": "hawk-like calls, synthesised; not the paper's recording, which has no licence",
}
Row = Mapping[str, Any]
Claim = SpinClaim | ErrorClaim | SynchronyClaim | TimeClaim


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A verdict with its value and tolerance; ``why`` says why there is none, or its scope."""

    value: float | None = None
    tolerance: str = ""
    holds: bool | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class TextureTables:
    """The tables that are judged, as text or numbers; empty where they were not made.

    Parameters
    ----------
    spins : sequence of rows
        signal, ratio_db (spin +1 over spin -1, all rates and scales) and the stamp.
    resynthesis : sequence of rows
        `resynthesis_table`.
    cost : sequence of rows
        `cost_table`.
    """

    spins: Sequence[Row] = ()
    resynthesis: Sequence[Row] = ()
    cost: Sequence[Row] = ()


def texture_verdicts(tables: TextureTables, *, stamp: Stamp) -> list[dict[str, Any]]:
    """Judge every claim.

    Parameters
    ----------
    tables : TextureTables
    stamp : Stamp
        Used where there are no tables; else theirs is.

    Returns
    -------
    rows : list of dict
        The columns of `verdicts.verdicts`; ``parameter`` is the sound and ``published`` the paper's
        number.
    """
    rows = [_row(claim, _spin(claim, tables)) for claim in SPIN_CLAIMS]
    rows += [_row(claim, _error(claim, tables)) for claim in ERROR_CLAIMS]
    rows += [_row(claim, _synchrony(claim, tables)) for claim in SYNCHRONY_CLAIMS]
    rows += [_row(TIME_CLAIM, _time(TIME_CLAIM, tables))]
    stamped = [*tables.spins, *tables.resynthesis]
    stamp = Stamp.common(stamped) if stamped else stamp
    scale = "yes" if stamp.scale == PUBLISHED_SCALE else "no"
    return [{**row, "mean": "", "at_paper_scale": scale, **stamp.as_dict()} for row in rows]


def _row(claim: Claim, judgement: Judgement) -> dict[str, Any]:
    subject, parameter, quantity, published = _labels(claim)
    verdict = {None: io.NOT_RUN, True: "within", False: "outside"}[judgement.holds]
    return {
        "section": claim.section,
        "claim": claim.text,
        "representation": subject,
        "parameter": parameter,
        "quantity": quantity,
        "value": judgement.value,
        "published": published,
        "tolerance": judgement.tolerance,
        "verdict": verdict,
        "why": judgement.why,
    }


def _labels(claim: Claim) -> tuple[str, str, str, float | str]:
    """Return representation, parameter, quantity and the published number of a claim."""
    match claim:
        case SpinClaim():
            return "jtfs", claim.signal, "spin_ratio_db", ""
        case ErrorClaim():
            return "jtfs", claim.sound, "error_percent", claim.percent
        case SynchronyClaim():
            return "jtfs - scattering1d", claim.sound, "synchrony_kept", ""
        case TimeClaim():
            return "jtfs", "", "seconds_per_iteration", claim.seconds


def _number(cell: Any) -> float | None:
    """Return a cell as a number; None where it is blank or NaN."""
    number = None if cell in (None, "") else float(cell)
    return None if number is None or number != number else number


def _spin(claim: SpinClaim, tables: TextureTables) -> Judgement:
    row = next((row for row in tables.spins if row["signal"] == claim.signal), None)
    if row is None:
        missing = f"{claim.signal} is not in the table of spins; run `snakemake --cores 1`"
        return Judgement(why=missing if tables.spins else NO_TABLE)
    ratio = _number(row["ratio_db"])
    if ratio is None:
        return Judgement(why=f"{claim.signal} has no energy with a spin; run at a larger scale")
    rule = f">= {SPIN_DB:g} dB" if claim.spin > 0 else f"<= {-SPIN_DB:g} dB"
    return Judgement(
        value=ratio,
        tolerance=f"{rule} (spin +1 over spin -1)",
        holds=claim.spin * ratio >= SPIN_DB,
        why=OWN_SOUNDS[claim.signal],
    )


def _method(
    tables: TextureTables, sound: str, representation: str, descent: str
) -> tuple[Row | None, str]:
    """Return the row of one resynthesis, or why there is none."""
    wanted = {"sound": sound, "representation": representation, "descent": descent}
    for row in tables.resynthesis:
        if all(row[name] == value for name, value in wanted.items()):
            return row, ""
    if not tables.resynthesis:
        return None, NO_TABLE
    what = f"no resynthesis of {sound} from {representation} by {descent} in this run"
    return None, f"{what}; name both in config/config.yaml (sounds, descents)"


def _scope(row: Row) -> str:
    """Say what a number of the table of resyntheses was made from."""
    parts = [OWN_SOUNDS[row["sound"]]]
    n_samples = int(row["n_samples"])
    if n_samples != TIME_CLAIM.n_samples:
        parts.append(f"N = {n_samples}, the paper's {TIME_CLAIM.n_samples}")
    if row["status"] != FINISHED:
        parts.append(str(row["status"]))
    return "; ".join(parts)


def _error(claim: ErrorClaim, tables: TextureTables) -> Judgement:
    row, why = _method(tables, claim.sound, "jtfs", claim.descent)
    if row is None:
        return Judgement(why=why)
    error = _number(row[f"error_at_{claim.iteration}"])
    if error is None:
        return Judgement(why=_too_few(row))
    return Judgement(
        value=100 * error,
        tolerance=f"<= {claim.percent:g} %",
        holds=100 * error <= claim.percent,
        why=_scope(row),
    )


def _too_few(row: Row) -> str:
    return f"{row['iterations']} iterations only; run at demo or paper scale"


def _synchrony(claim: SynchronyClaim, tables: TextureTables) -> Judgement:
    names = ("jtfs", "scattering1d")
    found = [_method(tables, claim.sound, name, claim.descent) for name in names]
    rows = [row for row, _ in found if row is not None]
    if len(rows) < len(names):
        return Judgement(why=next(why for _, why in found if why))
    for row in rows:
        if int(row["iterations"]) < JUDGED_FROM and row["status"] == FINISHED:
            return Judgement(why=_too_few(row))
    kept = [_number(row["synchrony_kept"]) for row in rows]
    if kept[0] is None or kept[1] is None:
        return Judgement(why=f"{claim.sound} has no synchrony to keep; choose another sound")
    difference = kept[0] - kept[1]
    return Judgement(
        value=difference,
        tolerance=f">= {KEPT_MORE:g}, and JTFS >= {KEPT:g} (JTFS {kept[0]:.2f},"
        f" Scattering1D {kept[1]:.2f} of the original's)",
        holds=difference >= KEPT_MORE and kept[0] >= KEPT,
        why=_scope(rows[0]),
    )


def _time(claim: TimeClaim, tables: TextureTables) -> Judgement:
    if not tables.cost:
        return Judgement(why=NO_TABLE)
    rows = [row for row in tables.cost if row["representation"] == "jtfs"]
    rows = [row for row in rows if _number(row["seconds_per_iteration"]) is not None]
    timed = [row for row in rows if int(row["n_samples"]) == claim.n_samples]
    gpu = [row for row in timed if str(row["device"]).startswith("cuda")]
    if not gpu:
        return Judgement(why=_no_gpu(timed or rows))
    slowest = max(gpu, key=lambda row: float(row["seconds_per_iteration"]))
    seconds = float(slowest["seconds_per_iteration"])
    return Judgement(
        value=seconds,
        tolerance=f"<= {claim.seconds:g} s",
        holds=seconds <= claim.seconds,
        why=f"median on {slowest['device']} by {slowest['descent']}; the paper's GPU is another",
    )


def _no_gpu(rows: Sequence[Row]) -> str:
    """Say how a GPU comes in, and where the time on the device of this run is.

    The time itself is not repeated: equal runs give equal verdicts.
    """
    remedy = "run `snakemake --cores 1 --config device=cuda` where there is one"
    if not rows:
        return f"no resynthesis from jtfs in this run; {remedy}"
    row = rows[0]
    measured = f"N = {row['n_samples']} on {row['device']}: see resynthesis_cost.csv"
    return f"no GPU at the paper's size in this run ({measured}); {remedy}"
