"""Verdicts on the claims of the paper's Sections 2 and 5: spins, resynthesis.

The rules; their numbers are the paper's, or were fixed before any resynthesis was scored:

concentrates on a spin
    At least twice the energy of the other spin: the ratio, over all rates and scales, is 3 dB or
    more on the side that the claim says. A signal of neither spin: less than 3 dB from 0.
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
``reason`` says which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jtfs_repro.experiments.texture_claims import (
    ERROR_CLAIMS,
    MADE_SPIN_CLAIMS,
    SPIN_CLAIMS,
    SYNCHRONY_CLAIMS,
    TIME_CLAIM,
    ErrorClaim,
    SpinClaim,
    SynchronyClaim,
    TimeClaim,
)
from jtfs_repro.experiments.verdict_rows import (
    PAPER_SCALE,
    Judgement,
    VerdictRow,
    missing,
    number,
    run_command,
)
from jtfs_repro.provenance import Stamp

SPIN_DB = 3.0
KEPT, KEPT_MORE = 0.5, 0.2
JUDGED_FROM = 100  # iterations
NO_TABLE = "Sections 2 and 5 are not part of this run: no sound was pictured or resynthesised"
ALL_SOUNDS, ALL_DESCENTS = "sounds=[gull,hawk]", "descents=[lbfgs,bold_driver]"
WHY_SPIN = (
    "the paper shows a picture; twice the energy of the other spin was fixed before any result"
)
WHY_BOTH = "less than twice the other spin's energy counts as no direction"
WHY_ERROR = "the paper's number is an upper bound on its own birds"
WHY_SYNCHRONY = "the paper puts no number on it; both bounds were fixed before any resynthesis"
WHY_TIME = "the paper's number is an upper bound for a later GPU"
FINISHED = "finished"
OWN_SOUNDS = {
    "am_chirp": "an AM chirp of this project, not the paper's file",
    "dizi": "a glissando in the style of the dizi, synthesised; not the paper's recording",
    "gull": "gull-like calls, synthesised; not the paper's recording, which has no licence",
    "hawk": "hawk-like calls, synthesised; not the paper's recording, which has no licence",
    "up_chirp": "made signal",
    "down_chirp": "made signal",
    "sine": "made signal",
    "pulse": "made signal",
}
Row = Mapping[str, Any]
Claim = SpinClaim | ErrorClaim | SynchronyClaim | TimeClaim


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
        The columns of `verdict_rows.VerdictRow`; ``parameter`` is the sound.
    """
    stamped = [*tables.spins, *tables.resynthesis]
    stamp = Stamp.common(stamped) if stamped else stamp
    found = [(c, _spin(c, tables, stamp)) for c in (*SPIN_CLAIMS, *MADE_SPIN_CLAIMS)]
    found += [(c, _error(c, tables, stamp)) for c in ERROR_CLAIMS]
    found += [(c, _synchrony(c, tables, stamp)) for c in SYNCHRONY_CLAIMS]
    found += [(TIME_CLAIM, _time(TIME_CLAIM, tables, stamp))]
    return [_row(claim, judgement, stamp).as_dict() for claim, judgement in found]


def _row(claim: Claim, judgement: Judgement, stamp: Stamp) -> VerdictRow:
    subject, parameter, quantity, unit, published = _labels(claim)
    return VerdictRow.judged(
        judgement,
        stamp=stamp,
        is_paper_scale=stamp.scale == PAPER_SCALE,
        id=claim.id,
        kind=claim.kind,
        section=claim.section,
        claim=claim.text,
        representation=subject,
        parameter=parameter,
        quantity=quantity,
        unit=unit,
        value_there=published,
    )


def _labels(claim: Claim) -> tuple[str, str, str, str, float | str]:
    """Return representation, parameter, quantity, unit and the published value of a claim."""
    match claim:
        case SpinClaim():
            words = {1: "spin +1", -1: "spin -1", 0: "neither spin"}[claim.spin]
            return "jtfs", claim.signal, "spin_ratio_db", "dB", words
        case ErrorClaim():
            return "jtfs", claim.sound, "error_percent", "%", claim.percent
        case SynchronyClaim():
            words = "kept by JTFS only"
            return "jtfs - scattering1d", claim.sound, "synchrony_kept", "share", words
        case TimeClaim():
            return "jtfs", "", "seconds_per_iteration", "s", claim.seconds


def _absent(what: str, stamp: Stamp, *, link: str, is_run: bool) -> Judgement:
    """Return 'not run' for a whole missing section, or for a part of it."""
    command = run_command(stamp, ALL_SOUNDS, ALL_DESCENTS)
    return missing(what if is_run else NO_TABLE, command, link=link)


def _spin(claim: SpinClaim, tables: TextureTables, stamp: Stamp) -> Judgement:
    row = next((row for row in tables.spins if row["signal"] == claim.signal), None)
    if row is None:
        what = f"{claim.signal} is not in the table of spins"
        return _absent(what, stamp, link="spins", is_run=bool(tables.spins))
    ratio = number(row["ratio_db"])
    if ratio is None:
        why = f"{claim.signal} has no energy with a spin at this scale"
        return missing(why, run_command(stamp, scale=PAPER_SCALE), link="spins")
    rule = {
        1: f">= {SPIN_DB:g} dB",
        -1: f"<= {-SPIN_DB:g} dB",
        0: f"less than {SPIN_DB:g} dB from 0",
    }
    return Judgement(
        value=ratio,
        tolerance=f"{rule[claim.spin]} (spin +1 over spin -1)",
        tolerance_reason=WHY_SPIN if claim.spin else WHY_BOTH,
        holds=claim.spin * ratio >= SPIN_DB if claim.spin else abs(ratio) < SPIN_DB,
        reason=OWN_SOUNDS[claim.signal],
        link="spins",
    )


def _method(
    tables: TextureTables, sound: str, representation: str, descent: str
) -> tuple[Row | None, str]:
    """Return the row of one resynthesis, or why there is none."""
    wanted = {"sound": sound, "representation": representation, "descent": descent}
    for row in tables.resynthesis:
        if all(row[name] == value for name, value in wanted.items()):
            return row, ""
    return None, f"no resynthesis of {sound} from {representation} by {descent} in this run"


def _scope(row: Row) -> str:
    """Say what a number of the table of resyntheses was made from."""
    parts = [OWN_SOUNDS[row["sound"]]]
    n_samples = int(row["n_samples"])
    if n_samples != TIME_CLAIM.n_samples:
        parts.append(f"N = {n_samples}, the paper's {TIME_CLAIM.n_samples}")
    if row["status"] != FINISHED:
        parts.append(str(row["status"]))
    return "; ".join(parts)


def _error(claim: ErrorClaim, tables: TextureTables, stamp: Stamp) -> Judgement:
    row, why = _method(tables, claim.sound, "jtfs", claim.descent)
    if row is None:
        return _absent(why, stamp, link="resynthesis", is_run=bool(tables.resynthesis))
    error = number(row[f"error_at_{claim.iteration}"])
    if error is None:
        return _too_few(row, stamp)
    return Judgement(
        value=100 * error,
        tolerance=f"<= {claim.percent:g} %",
        tolerance_reason=WHY_ERROR,
        holds=100 * error <= claim.percent,
        reason=_scope(row),
        seeds=str(row.get("seed", "")),
        link="resynthesis",
    )


def _too_few(row: Row, stamp: Stamp) -> Judgement:
    why = f"{row['iterations']} iterations only, at scale {stamp.scale}"
    scale = "demo" if stamp.scale == "smoke" else PAPER_SCALE
    return missing(why, run_command(stamp, scale=scale), link="resynthesis")


def _synchrony(claim: SynchronyClaim, tables: TextureTables, stamp: Stamp) -> Judgement:
    names = ("jtfs", "scattering1d")
    found = [_method(tables, claim.sound, name, claim.descent) for name in names]
    rows = [row for row, _ in found if row is not None]
    if len(rows) < len(names):
        why = next(why for _, why in found if why)
        return _absent(why, stamp, link="resynthesis", is_run=bool(tables.resynthesis))
    for row in rows:
        if int(row["iterations"]) < JUDGED_FROM and row["status"] == FINISHED:
            return _too_few(row, stamp)
    kept = [number(row["synchrony_kept"]) for row in rows]
    if kept[0] is None or kept[1] is None:
        why = f"{claim.sound} has no synchrony to keep at this scale"
        return missing(why, run_command(stamp, scale=PAPER_SCALE), link="resynthesis")
    difference = kept[0] - kept[1]
    return Judgement(
        value=difference,
        tolerance=f">= {KEPT_MORE:g}, and JTFS >= {KEPT:g} (JTFS {kept[0]:.2f},"
        f" Scattering1D {kept[1]:.2f} of the original's)",
        tolerance_reason=WHY_SYNCHRONY,
        holds=difference >= KEPT_MORE and kept[0] >= KEPT,
        reason=_scope(rows[0]),
        seeds=str(rows[0].get("seed", "")),
        link="resynthesis",
    )


def _time(claim: TimeClaim, tables: TextureTables, stamp: Stamp) -> Judgement:
    rows = [row for row in tables.cost if row["representation"] == "jtfs"]
    rows = [row for row in rows if number(row["seconds_per_iteration"]) is not None]
    timed = [row for row in rows if int(row["n_samples"]) == claim.n_samples]
    gpu = [row for row in timed if str(row["device"]).startswith("cuda")]
    if not gpu:
        command = run_command(stamp, "device=cuda", ALL_SOUNDS)
        return missing(_no_gpu(timed or rows), command, link="resynthesis-cost")
    slowest = max(gpu, key=lambda row: float(row["seconds_per_iteration"]))
    seconds = float(slowest["seconds_per_iteration"])
    return Judgement(
        value=seconds,
        tolerance=f"<= {claim.seconds:g} s",
        tolerance_reason=WHY_TIME,
        holds=seconds <= claim.seconds,
        reason=f"median on {slowest['device']} by {slowest['descent']}; the paper's GPU is another",
        link="resynthesis-cost",
    )


def _no_gpu(rows: Sequence[Row]) -> str:
    """Say that a GPU is missing, and where the time on the device of this run is.

    The time itself is not repeated: equal runs give equal verdicts.
    """
    if not rows:
        return "a GPU: this run has no resynthesis from jtfs"
    row = rows[0]
    return f"a GPU: this run took N = {row['n_samples']} on {row['device']}"
