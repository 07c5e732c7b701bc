"""One row of the table of verdicts: its columns, and the rules that every row has to keep.

'within' and 'outside' are meant of the row's tolerance. 'not run' has no number; its reason says
what is missing and its command what would fill it (or that this project has no stage for it). A
number belongs to the scale that its row names: only rows with ``at_paper_scale`` 'yes' may stand in
a column of the paper's scale.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields
from typing import Any

from jtfs_repro import checks, io
from jtfs_repro.layout import SCALES
from jtfs_repro.provenance import Stamp
from jtfs_repro.verdicts.claims import KINDS, Claim

WITHIN, OUTSIDE, NOT_RUN = "within", "outside", io.NOT_RUN
VERDICTS = (WITHIN, OUTSIDE, NOT_RUN)
PAPER_SCALE, DEFAULT_SCALE, DEFAULT_PRESET = "paper", "demo", "paper"
NO_STAGE = "none: no stage of this project measures it"
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


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
    interval: str = ""  # "low to high", 95 %
    seeds: str = ""  # which, or how many
    tolerance: str = ""
    tolerance_reason: str = ""  # why it is this one
    verdict: str = NOT_RUN
    reason: str = ""  # what is missing, or how far from the paper's conditions
    command: str = ""  # of 'not run' only: what fills it, or `NO_STAGE`
    link: str = ""  # the table, module or gin file that holds it, as a path from the table's folder
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
        is_blank = self.value_here is None or self.value_here == ""
        if isinstance(self.value_here, float) and not math.isfinite(self.value_here):
            checks.fail("value_here", self.value_here, "be finite", self.id)
        if self.verdict == NOT_RUN:
            if not (is_blank and self.reason and self.command):
                checks.fail("verdict", NOT_RUN, "have a reason, a command and no value", self.id)
        elif is_blank or not self.tolerance:
            checks.fail("verdict", self.verdict, "have a value and a tolerance", self.id)

    @classmethod
    def of(cls, claim: Claim, stamp: Stamp, **columns: Any) -> VerdictRow:
        """Return a row with what the claim and the stamp say in it."""
        names = ("id", "kind", "section", "claim", "representation", "parameter", "quantity")
        own = {name: getattr(claim, name) for name in (*names, "unit")}
        return cls(**own | {"value_there": claim.there} | columns | stamp.as_dict())


COLUMNS = tuple(column.name for column in fields(VerdictRow))


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
    """Return a cell as a number; None where it is blank or NaN; `ValueError` if it is text.

    >>> number("0.5"), number(""), number(float("nan"))
    (0.5, None, None)
    """
    value = None if cell in (None, "") else float(cell)
    return None if value is None or value != value else value


def number_or_none(cell: Any) -> float | None:
    """Return a cell as a number; None where it is blank, NaN or text."""
    try:
        return number(cell)
    except ValueError:
        return None
