"""Speeds: published ones against `make benchmark`, and ours beside Kymatio on one machine.

A figure of a GPU is set beside a figure of a GPU only, and a ratio is of one machine. Where the
benchmark's tables lack the row, the claim is 'not run'. Seconds depend on the machine: unlike all
else, they are copied from stored tables and not made by the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jtfs_repro.experiments.context_claims import SCRAPL
from jtfs_repro.experiments.published import ITERATION_S
from jtfs_repro.experiments.verdict_rows import (
    LATER,
    PAPER,
    PROJECT,
    Judgement,
    VerdictRow,
    at_paper_settings,
    missing,
    number,
)
from jtfs_repro.provenance import Stamp

SPEED = "5, speed"
ALLOCATORS = ("tuned", "default", "caching")
WHY_BOUND = "a published time is an upper bound; the machines differ"
WHY_RATIO = "faster means a ratio above 1"
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class TimeBound:
    """A published number that a row of the benchmark may not exceed.

    Parameters
    ----------
    id, section, claim, kind, unit : str
    there : float
        In ``unit``.
    column : str
        Of the benchmark's table.
    scale : float
        From the column's unit to ``unit``; for a rate, `is_rate` takes the inverse.
    configuration, program, study, mode : str
        Which row, always of a GPU.
    batch : int
    is_rate : bool
        Whether the claim is of calls per second: then the number is a lower bound.
    """

    id: str
    section: str
    claim: str
    there: float
    configuration: str
    program: str
    study: str = "transform"
    mode: str = "training"
    batch: int = 1
    column: str = "seconds"
    scale: float = 1.0
    unit: str = "s"
    kind: str = PAPER
    is_rate: bool = False


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """Ours beside Kymatio's transform: the same configuration, mode, allocator and machine."""

    configuration: str
    mode: str
    text: str

    @property
    def id(self) -> str:
        """Identifier of the row."""
        return f"speed-kymatio-{self.configuration}-{self.mode}-cpu"


TIME_BOUNDS = (
    TimeBound(
        id="speed-benchmark-iteration-gpu",
        section=SPEED,
        claim="forward and backward pass of the resynthesis' JTFS, N = 2^16: 720 ms on a GPU",
        there=ITERATION_S,
        configuration="resynthesis",
        program="ours",
    ),
    TimeBound(
        id="speed-gradient-field",
        section=SPEED,
        claim="gradient field at N = 32 768: about 2.5 JTFS evaluations per second on a GPU",
        there=2.5,
        configuration="chirp12",
        program="ours",
        unit="1/s",
        is_rate=True,
        kind="original code",
    ),
    *(
        TimeBound(
            id=f"scrapl-{unit.lower()}-{name}",
            section=SCRAPL,
            claim=f"{what} of one loss step with {label}, N = 32 768, batch 4, RTX A5000",
            there=there,
            configuration="scrapl",
            program=program,
            study="loss",
            batch=4,
            column=column,
            scale=scale,
            unit=unit,
            kind=LATER,
        )
        for name, label, program, numbers in (
            ("jtfs-kymatio", "JTFS (Kymatio; here ours)", "our_loss", (1731.0, 12967.0)),
            ("scrapl", "SCRAPL", "scrapl", (89.8, 2503.0)),
        )
        for (what, column, scale, unit), there in zip(
            (("time", "seconds", 1e3, "ms"), ("memory", "peak_bytes", 1e-6, "MB")),
            numbers,
            strict=True,
        )
    ),
)
RATIOS = tuple(
    Ratio(configuration=name, mode=mode, text=f"{words}, {passes}")
    for name, words in (
        ("resynthesis", "resynthesis of Section 5"),
        ("texture", "texture setting"),
        ("msdb", "classifier of Section 4"),
        ("chirp14", "chirps of Section 3"),
        ("scrapl", "SCRAPL's setting"),
    )
    for mode, passes in (("forward", "forward"), ("training", "forward and backward"))
)


def speed_rows(benchmarks: Sequence[Row], *, stamp: Stamp, link: str) -> list[dict[str, Any]]:
    """Judge every claim about speed.

    Parameters
    ----------
    benchmarks : sequence of rows
        The tables ``transform.csv`` of `make benchmark`, one after the other; may be empty.
    stamp : Stamp
        Of the run.
    link : str
        Name of the benchmark's table.
    """
    bounds = [_bound_row(c, benchmarks, stamp, link) for c in TIME_BOUNDS]
    return [
        r.as_dict() for r in (*bounds, *(_ratio_row(c, benchmarks, stamp, link) for c in RATIOS))
    ]


def _measured(rows: Sequence[Row], **cells: object) -> list[Row]:
    """Return the rows that were measured, those of a kept allocator first."""
    wanted = {name: str(value) for name, value in cells.items()}
    found = [
        row
        for row in rows
        if row["status"] == "run" and all(str(row[k]) == v for k, v in wanted.items())
    ]
    return sorted(found, key=lambda row: ALLOCATORS.index(str(row["allocator"])))


def _bound_row(claim: TimeBound, rows: Sequence[Row], stamp: Stamp, link: str) -> VerdictRow:
    names = ("configuration", "program", "study", "mode", "batch")
    found = _measured(rows, device="cuda", **{name: getattr(claim, name) for name in names})
    judgement = _judged(claim, found[0]) if found else _no_gpu(claim)
    device = "cuda" if found else stamp.device
    at = Stamp(scale="paper", preset="paper", device=device) if found else stamp
    return VerdictRow.judged(
        replace(judgement, link=link) if found else judgement,
        stamp=at,
        is_paper_scale=bool(found),
        id=claim.id,
        kind=claim.kind,
        section=claim.section,
        claim=claim.claim,
        representation="jtfs",
        quantity=claim.column,
        unit=claim.unit,
        value_there=claim.there,
    )


def _no_gpu(claim: TimeBound) -> Judgement:
    options = f"--configurations {claim.configuration} --device cuda"
    options += f" --batch {claim.batch}" if claim.batch > 1 else ""
    peers = "make peers && " if claim.program == "scrapl" else ""
    reason = f"a GPU: the benchmark has no row of {claim.program} at {claim.configuration} on one"
    return missing(reason, f'{peers}make benchmark OPTIONS="{options}"')


def _judged(claim: TimeBound, row: Row) -> Judgement:
    value = float(row[claim.column]) * claim.scale
    value = 1 / value if claim.is_rate else value
    return Judgement(
        value=value,
        tolerance=f"{'>=' if claim.is_rate else '<='} {claim.there:g} {claim.unit}",
        tolerance_reason=WHY_BOUND,
        holds=value >= claim.there if claim.is_rate else value <= claim.there,
        reason=f"measured on {row['machine']}",
    )


def _ratio_row(claim: Ratio, rows: Sequence[Row], stamp: Stamp, link: str) -> VerdictRow:
    judgement = _ratio(claim, rows, link)
    is_run = judgement.holds is not None
    return VerdictRow.judged(
        judgement,
        stamp=at_paper_settings(stamp) if is_run else stamp,
        is_paper_scale=is_run,
        id=claim.id,
        kind=PROJECT,
        section=SPEED,
        claim=f"JTFS here is faster than Kymatio 0.4-dev on the same CPU: {claim.text}",
        representation="jtfs",
        quantity="seconds of Kymatio over ours",
        unit="times",
    )


def _ratio(claim: Ratio, rows: Sequence[Row], link: str) -> Judgement:
    cells = {"configuration": claim.configuration, "mode": claim.mode, "device": "cpu", "batch": 1}
    ours, peers = (
        _measured(rows, program=p, study="transform", **cells) for p in ("ours", "kymatio")
    )
    for row in ours:
        for peer in peers:
            if row["allocator"] == peer["allocator"]:
                return _ratio_of(row, peer, link)
    options = f"--configurations {claim.configuration} --device cpu"
    why = "Kymatio's development line beside ours in the benchmark's tables"
    return missing(why, f'make peers && make benchmark OPTIONS="{options}"')


def _ratio_of(row: Row, peer: Row, link: str) -> Judgement:
    """Compare medians; the interval is from the quartiles that are least and most favourable."""
    value = float(peer["seconds"]) / float(row["seconds"])
    low, high = number(peer["seconds_q1"]), number(peer["seconds_q3"])
    first, third = number(row["seconds_q1"]), number(row["seconds_q3"])
    interval = ""
    if low and high and first and third:
        interval = f"{low / third:.3g} to {high / first:.3g} (quartiles)"
    return Judgement(
        value=value,
        tolerance="> 1",
        tolerance_reason=WHY_RATIO,
        holds=value > 1,
        interval=interval,
        reason=f"{row['machine']}, {row['threads']} threads, allocator {row['allocator']},"
        f" medians of {row['calls']} and {peer['calls']} calls",
        link=link,
    )
