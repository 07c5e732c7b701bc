"""Claims about settings and structure: read from the gin files, or counted from our own modules.

Such a value does not depend on what a run computes. It is taken at the paper's scale in every
run, from the preset that the claim is about, and its row says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jtfs_repro import checks
from jtfs_repro.experiments.gin_settings import GinSettings
from jtfs_repro.experiments.verdict_rows import (
    PAPER,
    Judgement,
    Row,
    VerdictRow,
    at_paper_settings,
)
from jtfs_repro.provenance import Stamp

EQUAL = "equal"
WHY_EQUAL = "a setting or a count is the same or it is not"
WHY_ROUNDED = "the stated value is rounded"
CODE = "jtfs_repro"


@dataclass(frozen=True)
class Found:
    """Our value, and the file that it stands in."""

    value: Any
    file: str = ""


Read = Callable[[GinSettings], Found]


@dataclass(frozen=True, kw_only=True)
class FactClaim:
    """One stated value and where ours is found.

    Parameters
    ----------
    id, section, claim, kind, unit : str
        See `verdict_rows.VerdictRow`.
    there : any
        The stated value, as shown.
    expected : any
        What ours has to equal.
    read : callable
        Settings -> `Found`.
    relative : float
        Allowed relative difference of numbers; 0: none.
    tolerance, tolerance_reason : str
        Shown instead of "equal" and its reason.
    reason : str
        Why ours differs, or what both mean.
    preset : str
        Of the settings.
    """

    id: str
    section: str
    claim: str
    there: Any
    expected: Any
    read: Read
    kind: str = PAPER
    unit: str = ""
    relative: float = 0.0
    tolerance: str = ""
    tolerance_reason: str = ""
    reason: str = ""
    preset: str = "paper"


def setting(
    id: str,
    section: str,
    claim: str,
    where: tuple[str, str],
    expected: Any,
    *,
    there: Any = None,
    preset: str = "paper",
    **cells: Any,
) -> FactClaim:
    """Return the claim that one setting has a value.

    Parameters
    ----------
    id, section, claim : str
    where : (str, str)
        Stage and name, see `GinSettings.binding`.
    expected : any
        Its value.
    there : any
        The stated value as shown, where it is put in other words.
    preset : str
        Whose setting it is.
    **cells
        Further entries of `FactClaim`.
    """
    return FactClaim(
        id=id,
        section=section,
        claim=claim,
        there=expected if there is None else there,
        expected=expected,
        read=bound(*where, preset=preset),
        preset=preset,
        **cells,
    )


def bound(stage: str, name: str, *, preset: str = "paper") -> Read:
    """Return the function that reads one setting."""

    def read(settings: GinSettings) -> Found:
        binding = settings.binding(stage, name, preset=preset)
        return Found(binding.value, binding.file)

    return read


def fact_rows(
    claims: Sequence[FactClaim], settings: GinSettings, *, stamp: Stamp
) -> list[dict[str, Any]]:
    """Judge claims about settings and structure.

    Parameters
    ----------
    claims : sequence of FactClaim
    settings : GinSettings
    stamp : Stamp
        Of the run; only its words are taken, the values are of the paper's scale.

    Returns
    -------
    rows : list of dict
        The columns of `verdict_rows.VerdictRow`.
    """
    return [_row(claim, claim.read(settings), stamp) for claim in claims]


def _row(claim: FactClaim, found: Found, stamp: Stamp) -> Row:
    rule = f"within {100 * claim.relative:g} %" if claim.relative else EQUAL
    judgement = Judgement(
        value=shown(found.value),
        tolerance=claim.tolerance or rule,
        tolerance_reason=claim.tolerance_reason or (WHY_ROUNDED if claim.relative else WHY_EQUAL),
        holds=_holds(found.value, claim),
        reason=claim.reason,
        link=found.file,
    )
    return VerdictRow.judged(
        judgement,
        stamp=at_paper_settings(stamp, claim.preset),
        is_paper_scale=True,
        id=claim.id,
        kind=claim.kind,
        section=claim.section,
        claim=claim.claim,
        quantity="setting" if found.file.endswith(".gin") else "counted or computed",
        unit=claim.unit,
        value_there=shown(claim.there),
    ).as_dict()


def _holds(value: Any, claim: FactClaim) -> bool:
    if claim.relative:
        wanted = checks.number(claim.id, claim.expected)
        return abs(value - wanted) <= claim.relative * abs(wanted)
    return value == claim.expected


def shown(value: Any) -> float | str:
    """Return a value as it stands in a cell: numbers stay numbers.

    Examples
    --------
    >>> shown((4.0, 32.0)), shown(8), shown(None), shown(True)
    ('4, 32', 8, 'none', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    if isinstance(value, dict):
        return "; ".join(f"{key} {shown(part)}" for key, part in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(f"{part:g}" if isinstance(part, float) else str(part) for part in value)
    return "none" if value is None else str(value)
