"""What a check of stored results found: kinds of findings, and the report of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any


class Kind(Enum):
    """What may be wrong, as printed; the order is that of the report. A note is no fault."""

    UNREADABLE = "unreadable"
    MANIFEST = "manifest edited"
    SIDECAR = "sidecar does not fit"
    CHANGED = "changed"
    MISSING = "missing"
    STALE = "stale"
    OTHER_RUN = "other scale or preset"
    UNRECORDED = "without provenance"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One finding: its kind, the file or what a note is about, what is wrong and what to do."""

    kind: Kind
    name: str
    text: str

    @property
    def is_wrong(self) -> bool:
        """Whether it is a fault."""
        return self.kind is not Kind.NOTE


@dataclass(frozen=True, kw_only=True)
class Report:
    """All findings, and how many files were found as recorded, or were not here."""

    findings: tuple[Finding, ...]
    n_recorded: int
    n_verified: int
    n_not_here: int

    @property
    def is_wrong(self) -> bool:
        """Whether there is a fault."""
        return any(finding.is_wrong for finding in self.findings)

    def of(self, kind: Kind) -> list[Finding]:
        """Return the findings of this kind."""
        return [finding for finding in self.findings if finding.kind is kind]

    @property
    def summary(self) -> str:
        """Counts in one line."""
        counts = {kind: len(self.of(kind)) for kind in Kind if kind is not Kind.NOTE}
        faults = ", ".join(f"{n} {kind.value}" for kind, n in counts.items() if n)
        return (
            f"{self.n_recorded} files recorded: {self.n_verified} as recorded, "
            f"{self.n_not_here} not here; {faults or 'nothing wrong'}"
        )

    def lines(self, *, is_quiet: bool = False) -> Iterator[str]:
        """Yield the report, grouped by kind; with ``is_quiet`` without notes."""
        for kind in Kind:
            group = self.of(kind)
            if group and not (is_quiet and kind is Kind.NOTE):
                yield f"{kind.value} ({len(group)})"
                yield from (f"  {finding.name}: {finding.text}" for finding in group)
        yield self.summary

    def as_dict(self) -> dict[str, Any]:
        """Return the report for JSON."""
        return {
            "is_wrong": self.is_wrong,
            "recorded": self.n_recorded,
            "verified": self.n_verified,
            "not_here": self.n_not_here,
            "counts": {kind.value: len(self.of(kind)) for kind in Kind},
            "findings": [asdict(f) | {"kind": f.kind.value} for f in self.findings],
        }


def note_of(name: str, what: str, files: Sequence[str]) -> Iterator[Finding]:
    """Yield a note that counts files, if there are any."""
    if files:
        yield Finding(Kind.NOTE, name, f"{len(files)} {what}: {some(files)}")


def some(names: Sequence[str], most: int = 3) -> str:
    """Return the first names, and how many more there are.

    Examples
    --------
    >>> some(["a", "b"]), some(["a", "b", "c", "d"], most=2)
    ('a, b', 'a, b and 2 more')
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
