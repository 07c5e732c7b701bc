"""What sidecars and manifests say of every file: the ledger that a folder is compared with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jtfs_repro.provenance import gather, layout
from jtfs_repro.provenance.findings import Finding, Kind
from jtfs_repro.provenance.layout import SUFFIX, Roots

_UNREADABLE = (OSError, LookupError, TypeError, AttributeError, ValueError, RecursionError)


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
    """Return a JSON object; ``ValueError`` or ``OSError`` if the file holds none."""
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
    hashed: dict[str, Any] = {}
    for key in ("inputs", "gin", "without_provenance"):
        hashed |= manifest.get(key, {})
    for name, digest in hashed.items():
        if name not in seen:
            yield Record(name=name, sha256=str(digest), source=source)
