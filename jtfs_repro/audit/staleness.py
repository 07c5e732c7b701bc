"""Which files were made from something that is no longer the same."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from jtfs_repro import sidecars
from jtfs_repro.audit.findings import Finding, Kind, some
from jtfs_repro.audit.layout import Roots
from jtfs_repro.audit.ledger import Ledger, Record
from jtfs_repro.integrity import known_sha256

PROJECT = Path(__file__).parents[2]


def stale(ledger: Ledger, roots: Roots) -> Iterator[Finding]:
    """Yield the files whose inputs or gin files differ now, and those made from such files.

    A file that somebody edited makes nothing stale: it is reported itself, and what counts for
    those made from it is the content that its record states.
    """
    records = {name: record for name in ledger.names() if (record := ledger.best(name))}
    reasons = {}
    for name, record in records.items():
        if why := _outdated(record, ledger, roots):
            reasons[name] = why
    _spread(reasons, records)
    for name, why in sorted(reasons.items()):
        text = f"{why} (run snakemake to make it again)"
        yield Finding(kind=Kind.STALE, name=name, text=text)


def _outdated(record: Record, ledger: Ledger, roots: Roots) -> str:
    """Return why a file is stale by what it was made from directly, or an empty string."""
    for name, digest in record.inputs.items():
        if _present(name, ledger, roots) not in (digest, None):
            return f"made from another content of {name}"
    for name, digest in (record.job or {}).get("gin_files", {}).items():
        path = find_gin(name, roots)
        if path is not None and known_sha256(path) != digest:
            return f"made with another content of {name}"
    return ""


def _present(name: str, ledger: Ledger, roots: Roots) -> str | None:
    """Return the SHA-256 that a file has by its record, else by its content; None if not here."""
    record = ledger.best(name)
    if record is not None:
        return record.sha256
    path = roots.locate(name)
    return known_sha256(path) if os.path.isfile(path) else None


def find_gin(name: str, roots: Roots) -> Path | None:
    """Return a gin file, named relative to the folder of the run or to the project."""
    candidates = (roots.results.parent / name, PROJECT / name)
    return next((path for path in candidates if os.path.isfile(path)), None)


def _spread(reasons: dict[str, str], records: Mapping[str, Record]) -> None:
    """Add what was made from stale files, and so on."""
    made_from: dict[str, list[str]] = {}
    for name, record in records.items():
        for source in record.inputs:
            made_from.setdefault(source, []).append(name)
    waiting = [(name, name) for name in sorted(reasons)]
    while waiting:
        name, origin = waiting.pop(0)
        for child in made_from.get(name, ()):
            if child not in reasons:
                through = "" if name == origin else f", through {name}"
                reasons[child] = f"made from {origin}, which is stale{through}"
                waiting.append((child, origin))


def outdated_code(ledger: Ledger) -> Iterator[Finding]:
    """Yield a note per script whose code differs from that which made some outputs."""
    digest_of = functools.cache(lambda files: sidecars.code_sha256(list(files)))
    outputs: dict[str, list[str]] = {}
    for name in ledger.names():
        record = ledger.best(name)
        if record is None or record.job is None:
            continue
        code = record.job["code"]
        files = tuple(code.get("files", ()))
        if files and digest_of(files) != code.get("sha256"):
            outputs.setdefault(str(record.job.get("script")), []).append(name)
    for script, names in sorted(outputs.items()):
        text = f"its code changed since it made {len(names)} outputs: {some(names)}"
        yield Finding(kind=Kind.NOTE, name=script, text=text)
