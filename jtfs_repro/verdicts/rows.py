"""One row of the table of verdicts: its columns, and the rules that every row has to keep.

Three verdicts exist. 'within' and 'outside' are meant of the row's tolerance. 'not run' has no
number; its reason says what is missing and its command what would fill it (or, where this project
has no stage for it, that there is none). A number belongs to the scale that its row names: only
rows with ``at_paper_scale`` 'yes' may stand in a column of the paper's scale.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from jtfs_repro import checks, io
from jtfs_repro.provenance import SCALES, Stamp

PAPER, CODE, LATER, PROJECT = "paper", "original code", "later", "project"
KINDS = (PAPER, CODE, LATER, PROJECT)
WITHIN, OUTSIDE, NOT_RUN = "within", "outside", io.NOT_RUN
VERDICTS = (WITHIN, OUTSIDE, NOT_RUN)
PAPER_SCALE, DEFAULT_SCALE, DEFAULT_PRESET = "paper", "demo", "paper"
NO_STAGE = "none: no stage of this project measures it"
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A value of ours with what it was held against."""

    value: float | str
    holds: bool  # within the tolerance
    tolerance: str
    tolerance_reason: str  # why it is this one
    reason: str = ""  # how far from the paper's conditions
    interval: str = ""  # "low to high", 95 %
    seeds: str = ""  # which, or how many
    row: Mapping[str, Any] = field(default_factory=dict)  # of the table that it stands in

    def cells(self) -> Row:
        """Return the columns of `VerdictRow` that it fills."""
        names = ("tolerance", "tolerance_reason", "reason", "interval", "seeds")
        verdict = WITHIN if self.holds else OUTSIDE
        return {
            "value_here": self.value,
            "verdict": verdict,
            **{name: getattr(self, name) for name in names},
        }


@dataclass(frozen=True, kw_only=True)
class VerdictRow:
    """The columns of the table, in their order; `ValueError` where they contradict each other."""

    id: str  # lower-case words joined by hyphens; stable
    kind: str  # who states it, one of `KINDS`
    section: str  # where it is stated
    claim: str
    representation: str = ""
    parameter: str = ""
    quantity: str = ""
    unit: str = ""
    value_there: float | str = ""
    value_here: float | str | None = None
    interval: str = ""
    seeds: str = ""
    tolerance: str = ""
    tolerance_reason: str = ""
    verdict: str = NOT_RUN
    reason: str = ""  # what is missing, or how far from the paper's conditions
    command: str = ""  # of 'not run' only: what fills it, or `NO_STAGE`
    link: str = ""  # name of the table that holds it, see `located`; or a path
    at_paper_scale: str = "no"  # or 'yes'
    mean: str = ""  # which K-NN estimate, where there is one
    scale: str = DEFAULT_SCALE  # with the next three, the stamp of value_here
    preset: str = DEFAULT_PRESET
    device: str = "cpu"
    variant: str = ""

    def __post_init__(self) -> None:
        if not _SLUG.fullmatch(self.id):
            checks.fail("id", self.id, "be lower-case words joined by hyphens")
        checks.choice("kind", self.kind, KINDS, self.id)
        checks.choice("verdict", self.verdict, VERDICTS, self.id)
        checks.choice("at_paper_scale", self.at_paper_scale, ("yes", "no"), self.id)
        if self.at_paper_scale == "yes" and self.scale != PAPER_SCALE:
            checks.fail("scale", self.scale, f"be {PAPER_SCALE!r} at paper scale", self.id)
        self._check_value()

    def _check_value(self) -> None:
        is_blank = self.value_here is None or self.value_here == ""
        if isinstance(self.value_here, float) and not math.isfinite(self.value_here):
            checks.fail("value_here", self.value_here, "be finite", self.id)
        if self.verdict == NOT_RUN:
            if not (is_blank and self.reason and self.command):
                checks.fail("verdict", NOT_RUN, "have a reason, a command and no value", self.id)
        elif is_blank or not self.tolerance:
            checks.fail("verdict", self.verdict, "have a value and a tolerance", self.id)


COLUMNS = tuple(column.name for column in fields(VerdictRow))


def checked(rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Return the rows; `ValueError` if one breaks a rule of `VerdictRow`, or two share an id."""
    found = [asdict(VerdictRow(**row)) for row in rows]
    if not found:
        checks.fail("rows", [], "hold claims", "nothing was judged")
    seen: set[str] = set()
    for row in found:
        if row["id"] in seen:
            checks.fail("id", row["id"], "be unique", f"two claims: {row['claim']}")
        seen.add(row["id"])
    return found


def located(
    rows: Sequence[Row], tables: Mapping[str, str], *, start: str | os.PathLike[str]
) -> list[Row]:
    """Return the rows with links relative to ``start``, the folder of the table.

    A link without a slash names one of ``tables``, and is dropped where the run has no such table.
    """
    links = [row["link"] for row in rows]
    paths = [link if "/" in link else tables.get(link, "") for link in links]
    relative = [Path(os.path.relpath(path, start)).as_posix() if path else "" for path in paths]
    return [row | {"link": link} for row, link in zip(rows, relative, strict=True)]


def run_command(stamp: Stamp, *options: str, scale: str = "", target: str = "") -> str:
    """Return the command that runs the workflow at a scale, by default the stamp's.

    >>> run_command(Stamp(scale="demo", preset="paper", device="cpu"), scale="paper")
    'snakemake --cores all --config scale=paper'
    """
    scale = checks.choice("scale", scale or stamp.scale, SCALES)
    settings = [f"scale={scale}"] * (scale != DEFAULT_SCALE)
    settings += [f"preset={stamp.preset}"] * (stamp.preset != DEFAULT_PRESET)
    settings += [f"variant={stamp.variant}"] * bool(stamp.variant)
    words = [*settings, *(f'"{word}"' if "[" in word else word for word in options)]
    goal = ["snakemake --cores all", *filter(None, [target])]
    return " ".join([*goal, *(["--config", *words] if words else [])])


def number(cell: Any) -> float | None:
    """Return a cell as a number; None where it is blank or NaN.

    >>> number("0.5"), number(""), number(float("nan"))
    (0.5, None, None)
    """
    value = None if cell in (None, "") else float(cell)
    return None if value is None or value != value else value


def ends(low: Any, high: Any) -> str:
    """Return an interval as text, empty where an end is missing.

    >>> ends("0.1", 0.25), ends("", 1)
    ('0.1 to 0.25', '')
    """
    pair = (number(low), number(high))
    if None in pair:
        return ""
    return f"{pair[0]:.4g} to {pair[1]:.4g}"
