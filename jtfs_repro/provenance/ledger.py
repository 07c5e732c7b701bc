"""What sidecars and manifests say of every file, and what was found when that was compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from jtfs_repro import layout
from jtfs_repro.layout import SUFFIX, Roots
from jtfs_repro.provenance import gather

_UNREADABLE = (OSError, LookupError, TypeError, AttributeError, ValueError, RecursionError)


# ---- findings ----


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

    def lines(self, *, is_quiet: bool = False) -> Iterator[str]:
        """Yield the report, grouped by kind, and counts; with ``is_quiet`` without notes."""
        faults = []
        for kind in Kind:
            group = self.of(kind)
            if group and not (is_quiet and kind is Kind.NOTE):
                yield f"{kind.value} ({len(group)})"
                yield from (f"  {finding.name}: {finding.text}" for finding in group)
            if group and kind is not Kind.NOTE:
                faults.append(f"{len(group)} {kind.value}")
        yield (
            f"{self.n_recorded} files recorded: {self.n_verified} as recorded, "
            f"{self.n_not_here} not here; {', '.join(faults) or 'nothing wrong'}"
        )

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

    >>> some(["a", "b"]), some(["a", "b", "c", "d"], most=2)
    ('a, b', 'a, b and 2 more')
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


# ---- records ----


@dataclass(frozen=True, kw_only=True, eq=False)
class Record:
    """What one sidecar or manifest (the source) says of one file.

    ``job`` is as `gather.job_entry` returns it, with inputs not folded if from a sidecar; empty
    where only the hash is recorded.
    """

    name: str
    sha256: str
    source: str
    job: Mapping[str, Any] = field(default_factory=dict)

    @property
    def inputs(self) -> dict[str, str]:
        """Files that the job read -> SHA-256; those that a manifest folded are left out."""
        found = self.job.get("inputs", {})
        return {name: digest for name, digest in found.items() if isinstance(digest, str)}

    @property
    def gin_files(self) -> dict[str, str]:
        """Gin files that the job read -> SHA-256."""
        return self.job.get("gin_files", {})


@dataclass(frozen=True, kw_only=True, eq=False)
class Ledger:
    """All records: name -> that of its sidecar; name -> those of manifests, its own run's first."""

    sidecars: dict[str, Record] = field(default_factory=dict)
    manifests: dict[str, list[Record]] = field(default_factory=dict)

    def best(self) -> dict[str, Record]:
        """Return file -> the record that counts, sorted: its sidecar's, else its own run's."""
        found = {name: records[0] for name, records in self.manifests.items()} | self.sidecars
        return dict(sorted(found.items()))

    def of_manifest(self, name: str) -> Record | None:
        """Return what the manifest of the file's own run says, else that of another."""
        return next(iter(self.manifests.get(name, ())), None)


def load_ledger(
    roots: Roots, *, manifests: Sequence[Path] | None = None
) -> tuple[Ledger, list[Finding]]:
    """Return all records, and what is wrong with the files that hold them.

    With ``manifests`` only these are read, and the sidecars of what they name.
    """
    ledger, findings = Ledger(), []
    for path in _manifests(roots) if manifests is None else manifests:
        findings += _add_manifest(ledger, path, roots.name(path))
    for path in roots.files("results", "data"):
        name = layout.recorded_name(roots.name(path))
        is_wanted = manifests is None or name in ledger.manifests
        if path.name.endswith(SUFFIX) and is_wanted:
            findings += _add_sidecar(ledger, path, name)
    return ledger, findings


def _manifests(roots: Roots) -> list[Path]:
    found = [path for path in roots.files("results") if path.name == layout.MANIFEST]
    return [p for p in found if not set(p.parts) & set(layout.UNRECORDED_FOLDERS)]


def read_object(path: Path) -> dict[str, Any]:
    """Return a JSON object; `ValueError` or `OSError` if the file holds none."""
    value = json.loads(path.read_bytes())
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    return value


def _unreadable(name: str, error: Exception) -> Finding:
    detail = f"lacks {error}" if isinstance(error, KeyError) else str(error)
    text = f"cannot be read: {detail} (delete it and make it again)"
    return Finding(Kind.UNREADABLE, name, text)


def _add_sidecar(ledger: Ledger, path: Path, name: str) -> Iterator[Finding]:
    try:
        sidecar = gather.checked(read_object(path), gather.SIDECAR)
        known = sidecar["file"]
        common = {key: value for key, value in sidecar.items() if key not in gather.OWN}
        job = gather.job_entry(common, {known: sidecar}) | {"inputs": common["inputs"]}
    except _UNREADABLE as error:
        yield _unreadable(f"{name}{SUFFIX}", error)
        return
    if known == name:
        digest = sidecar["sha256"]
        ledger.sidecars[name] = Record(name=name, sha256=digest, source="its sidecar", job=job)
    else:
        text = f"its sidecar is that of {known} (copied, moved or swapped)"
        yield Finding(Kind.SIDECAR, name, text)


def _add_manifest(ledger: Ledger, path: Path, name: str) -> Iterator[Finding]:
    try:
        manifest = read_object(path)
        records = list(_records(manifest, name))
    except _UNREADABLE as error:
        yield _unreadable(name, error)
        return
    if not gather.is_sealed(manifest):
        text = "its digest is not that of its entries (edited; write it again)"
        yield Finding(Kind.MANIFEST, name, text)
    for record in records:
        known = ledger.manifests.setdefault(record.name, [])
        is_own = layout.run_of(record.name) == layout.run_of(name)
        known.insert(0 if is_own else len(known), record)


def _records(manifest: Mapping[str, Any], source: str) -> Iterator[Record]:
    """Yield the records of a manifest: outputs of jobs, then what is only hashed."""
    seen = set()
    for job in gather.expanded(manifest):
        for name, facts in gather.checked(job, gather.JOB)["outputs"].items():
            if facts is not None and not name.endswith("/"):
                seen.add(name)
                yield Record(name=name, sha256=facts["sha256"], source=source, job=job)
    hashed = {n: d for key in _HASHED for n, d in manifest.get(key, {}).items()}
    for name in [name for name in hashed if name not in seen]:
        yield Record(name=name, sha256=str(hashed[name]), source=source)


_HASHED = ("inputs", "gin", "without_provenance")  # entries of a manifest that name files alone
