"""How a disagreement between the paper and its original code, or a defect of that, is judged.

A disagreement has up to two rows: what the paper states against our preset ``paper``, and what the
original code has against our preset ``as_coded``. 'within' means that the preset follows it,
'outside' that it does not; the reason then says why. What the paper leaves unstated has no row of
its own. A defect is 'within' if neither preset has it; the claim names the switch that brings it
back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jtfs_repro.experiments.fact_claims import FactClaim, Found, Read, bound
from jtfs_repro.experiments.gin_settings import GinSettings
from jtfs_repro.experiments.verdict_rows import CODE, PAPER, slug

DISAGREEMENTS, DEFECTS = "original code: disagreements", "original code: defects"
PRESETS = {PAPER: "paper", CODE: "as_coded"}
FOLLOWS = "the preset has the same value"
WHY_FOLLOWS = "a preset follows a source or does not"
WHY_WORDS = "'close to' and 'roughly' read as 10 %"
FIXED = "fixed in the presets paper and as_coded"
WHY_FIXED = "a defect is no setting to reproduce by default"
Settings = Mapping[tuple[str, str], Any]


@dataclass(frozen=True, kw_only=True)
class Side:
    """What one source states, and where our preset says the same or something else.

    Parameters
    ----------
    there : str
        The statement.
    settings : mapping of (stage, name) to value
        What our preset has to hold to follow it.
    read, expected : callable, any
        Instead of settings: something computed, and what it has to be.
    relative : float
        Allowed relative difference, for words like "close to"; 0: none.
    """

    there: str
    settings: Settings | None = None
    read: Read | None = None
    expected: Any = None
    relative: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """One topic on which the paper and its code differ, or of which only one speaks.

    ``section`` is where the paper states it.
    """

    number: int
    topic: str
    section: str
    paper: Side | None
    code: Side
    ours: str

    def claims(self) -> list[FactClaim]:
        """Return the claims of both sources."""
        sides = ((PAPER, self.paper), (CODE, self.code))
        return [self._claim(kind, side) for kind, side in sides if side is not None]

    def _claim(self, kind: str, side: Side) -> FactClaim:
        suffix = "paper" if kind == PAPER else "as-coded"
        says = "the paper" if kind == PAPER else "the original code"
        read, expected = _reader(side, PRESETS[kind])
        return FactClaim(
            id=slug("code", f"{self.number:02d}", self.topic, suffix),
            section=self.section if kind == PAPER else DISAGREEMENTS,
            claim=f"{self.number}. {self.topic}: {says} has {side.there}{self._other(kind)}",
            kind=kind,
            there=side.there,
            expected=expected,
            read=read,
            relative=side.relative,
            tolerance="" if side.relative else FOLLOWS,
            tolerance_reason=WHY_WORDS if side.relative else WHY_FOLLOWS,
            reason=self.ours,
            preset=PRESETS[kind],
        )

    def _other(self, kind: str) -> str:
        if kind == PAPER:
            return f"; the original code {self.code.there}"
        return f"; the paper {self.paper.there if self.paper else 'does not say'}"


def _reader(side: Side, preset: str) -> tuple[Read, Any]:
    if side.read is not None:
        return side.read, side.expected
    wanted = dict(side.settings or {})

    def read(settings: GinSettings) -> Found:
        found = {where: bound(*where, preset=preset)(settings) for where in wanted}
        values = {where: one.value for where, one in found.items()}
        return Found(_worded(values), next(iter(found.values())).file)

    return read, _worded(wanted)


def _worded(values: Settings) -> str:
    """Return settings as text: "J = 14, T_s = 1.0"; equal ones of several stages once."""
    pairs = [f"{name.rpartition('.')[2]} = {value!r}" for (_, name), value in values.items()]
    return ", ".join(dict.fromkeys(pairs))


@dataclass(frozen=True, kw_only=True)
class Defect:
    """A defect of the original code, the setting that fixes it, and the switch that restores it."""

    number: int
    topic: str
    there: str
    fixed: Side
    switch: str

    def claim(self) -> FactClaim:
        """Return the claim that no preset has it."""
        read, expected = _in_both(self.fixed)
        switch = f"; switch: {self.switch}" if self.switch else "; no switch"
        return FactClaim(
            id=slug("defect", f"{self.number:02d}", self.topic),
            section=DEFECTS,
            claim=f"{self.number}. {self.topic}: {self.there}",
            kind=CODE,
            there=self.there,
            expected=expected,
            read=read,
            tolerance=FIXED,
            tolerance_reason=WHY_FIXED,
            reason=f"{self.fixed.there}{switch}",
        )


def _in_both(side: Side) -> tuple[Read, Any]:
    """Return the reader that has to find the same in both presets."""
    readers = [_reader(side, preset) for preset in PRESETS.values()]

    def read(settings: GinSettings) -> Found:
        found = [read(settings) for read, _ in readers]
        values = {one.value for one in found}
        word = found[0].value if len(values) == 1 else " | ".join(map(str, values))
        return Found(word, found[0].file)

    return read, readers[0][1]
