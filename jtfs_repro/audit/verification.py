"""Are stored results what was recorded: every file against its sidecar and manifest.

One pass over the folders: contents are hashed again, records are compared with one another, what
was made from something that changed since is named, and so are files in the folder of another
run and files that nothing records.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jtfs_repro import io
from jtfs_repro.audit import layout
from jtfs_repro.audit.findings import Finding, Kind, Report, some
from jtfs_repro.audit.layout import Roots
from jtfs_repro.audit.ledger import Ledger, Record, load_ledger, read_object
from jtfs_repro.audit.run_manifest import folded
from jtfs_repro.audit.staleness import find_gin, outdated_code, stale
from jtfs_repro.integrity import known_sha256

_STAMP_LINE = re.compile(r"\bscale (\w+) · preset (\w+)")
_STAMPED = ("scale", "preset")
_MIXED = ("verdicts.csv",)  # each row states the scale and preset of its own number


def verify(
    roots: Roots, *, manifests: Sequence[Path] | None = None, needs_all: bool = False
) -> Report:
    """Return what does not match in the results, figures and data of all runs.

    Parameters
    ----------
    roots : Roots
        Where they are.
    manifests : sequence of path or None
        Check only what these manifests name; None for all there is.
    needs_all : bool
        Whether intermediate files must be there too, which no fresh copy has.

    Raises
    ------
    FileError
        The folder of results is not there.
    """
    if not roots.results.is_dir():
        raise io.FileError(f"{roots.results}: no such folder (give --results)")
    ledger, findings = load_ledger(roots, manifests=manifests)
    names = ledger.names()
    here = [name for name in names if os.path.isfile(roots.locate(name))]
    changed = [finding for name in here for finding in _content(name, ledger, roots)]
    absent = sorted({*names} - {*here})
    findings += changed
    findings += _disagreements(ledger)
    findings += _absent(absent, ledger, needs_all=needs_all)
    findings += stale(ledger, roots)
    findings += _other_runs(here, ledger, roots)
    if manifests is None:
        findings += _unrecorded(ledger, roots)
        findings += _parts(roots)
    findings += _notes(ledger, roots)
    return Report(
        findings=tuple(findings),
        n_recorded=len(names),
        n_verified=len(here) - len({finding.name for finding in changed}),
        n_not_here=len(absent),
    )


# ------------------------------------------------------------------------------------- contents


def _content(name: str, ledger: Ledger, roots: Roots) -> Iterator[Finding]:
    """Yield a finding if a file's content is not what its record states."""
    record = ledger.best(name)
    digest = known_sha256(roots.locate(name))
    if record is None or digest == record.sha256:
        return
    manifest = next(iter(ledger.manifests.get(name, ())), None)
    if manifest is not None and digest == manifest.sha256:
        text = f"its content is what {manifest.source} records, not what its sidecar does (edited)"
        yield Finding(kind=Kind.SIDECAR, name=name, text=text)
        return
    text = f"its content is not what {record.source} records (edited, corrupted or swapped)"
    yield Finding(kind=Kind.CHANGED, name=name, text=text)


def _absent(names: Sequence[str], ledger: Ledger, *, needs_all: bool) -> Iterator[Finding]:
    older = [name for name in names if layout.run_of(name) in ledger.older]
    if older:
        text = f"{len(older)} files of runs older than sidecars: {some(older)}"
        yield Finding(kind=Kind.NOTE, name="no longer here", text=text)
    names = sorted({*names} - {*older})
    needed = [name for name in names if needs_all or not layout.is_intermediate(name)]
    for name in needed:
        text = "recorded, but not here (run snakemake to make it again)"
        yield Finding(kind=Kind.MISSING, name=name, text=text)
    others = sorted({*names} - {*needed})
    if others:
        text = f"{len(others)} intermediate files: {some(others)}"
        yield Finding(kind=Kind.NOTE, name="not here", text=text)


# -------------------------------------------------------------------------------------- records


def _disagreements(ledger: Ledger) -> Iterator[Finding]:
    """Yield where a sidecar and the manifest of its run differ."""
    again = []
    for name, sidecar in sorted(ledger.sidecars.items()):
        manifest = next(iter(ledger.manifests.get(name, ())), None)
        if manifest is None or manifest.job is None or sidecar.job is None:
            continue
        if sidecar.job.get("started") == manifest.job.get("started"):
            if keys := _unlike(sidecar, manifest):
                text = f"its sidecar and {manifest.source} differ in {some(keys)} (one was edited)"
                yield Finding(kind=Kind.SIDECAR, name=name, text=text)
        elif sidecar.sha256 == manifest.sha256:
            again.append(name)
        else:
            text = f"made again after {manifest.source} was written (write that again)"
            yield Finding(kind=Kind.SIDECAR, name=name, text=text)
    if again:
        text = f"{len(again)} files, with the same content: {some(again)}"
        yield Finding(kind=Kind.NOTE, name="made again after the manifest", text=text)


def _unlike(sidecar: Record, manifest: Record) -> list[str]:
    """Return in which of its entries a sidecar differs from the manifest's job."""
    ours, theirs = (dict(record.job or {}) for record in (sidecar, manifest))
    ours["inputs"] = folded(ours["inputs"])
    outputs, others = ours.pop("outputs"), theirs.pop("outputs")
    keys = [key for key in (*ours, *theirs) if ours.get(key) != theirs.get(key)]
    if outputs.get(sidecar.name) != others.get(sidecar.name):
        keys.append("content")
    if list(outputs) != list(others):
        keys.append("outputs")
    return list(dict.fromkeys(keys))


# ----------------------------------------------------------------------------------------- runs


def _other_runs(names: Sequence[str], ledger: Ledger, roots: Roots) -> Iterator[Finding]:
    """Yield files whose record or own text is of another scale or preset than their folder."""
    for name in dict.fromkeys([*names, *_results(roots)]):
        expected = layout.run_of(name)
        for source, stated in _stamps(name, ledger, roots):
            for key, value in stated.items():
                if value and "+" not in value and value != expected[key]:
                    text = f"{source} says {key} {value}, its folder is {key} {expected[key]}"
                    yield Finding(kind=Kind.OTHER_RUN, name=name, text=text)


def _stamps(name: str, ledger: Ledger, roots: Roots) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what states a file's scale and preset, and what it says."""
    record = ledger.sidecars.get(name)
    if record is not None and record.job is not None:
        yield "its sidecar", {key: str(record.job.get(key, "")) for key in (*_STAMPED, "variant")}
    try:
        yield from _own_stamps(roots.locate(name))
    except (OSError, ValueError):  # a file that cannot be read is found by its hash
        return


def _own_stamps(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    if path.name in _MIXED:
        return
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for key in _STAMPED:
            for value in sorted({row[key] for row in rows if row.get(key)}):
                yield "a row", {key: value}
    elif path.suffix == ".json":
        facts = read_object(path)
        yield "it", {key: str(facts.get(key, "")) for key in _STAMPED}
    elif path.suffix == ".md":
        for match in _STAMP_LINE.finditer(path.read_text(encoding="utf-8")):
            yield "it", dict(zip(_STAMPED, match.groups(), strict=True))


# ---------------------------------------------------------------------------------- other files


def _results(roots: Roots) -> Iterator[str]:
    """Yield the results that are there and must have a record."""
    names = (roots.name(path) for path in roots.files("results", "img"))
    yield from (name for name in names if layout.is_result(name))


def _unrecorded(ledger: Ledger, roots: Roots) -> Iterator[Finding]:
    known, unhashed, older = set(ledger.names()), [], []
    for name in _results(roots):
        if name in known:
            continue
        if name.rpartition("/")[0] in ledger.unhashed:
            unhashed.append(name)
        elif layout.run_of(name) in ledger.older:
            older.append(name)
        else:
            text = "no sidecar or manifest names it (make it with a script, or delete it)"
            yield Finding(kind=Kind.UNRECORDED, name=name, text=text)
    if unhashed:
        text = f"{len(unhashed)} files whose manifest holds no hashes: {some(unhashed)}"
        yield Finding(kind=Kind.NOTE, name="not verifiable", text=text)
    if older:
        text = f"{len(older)} files of runs older than sidecars (run them again): {some(older)}"
        yield Finding(kind=Kind.NOTE, name="not recorded", text=text)


def _parts(roots: Roots) -> Iterator[Finding]:
    for path in roots.files(*roots.folders()):
        if path.suffix == layout.PART:
            text = "half-written by a process that was killed, or is running (delete it)"
            yield Finding(kind=Kind.NOTE, name=roots.name(path), text=text)


def _notes(ledger: Ledger, roots: Roots) -> Iterator[Finding]:
    """Yield what is no fault of a file, but should be known."""
    yield from outdated_code(ledger)
    records = [record for name in ledger.names() if (record := ledger.best(name))]
    bare = [record.name for record in records if _is_bare(record, ledger)]
    if bare:
        text = f"{len(bare)} files that lay there before, hashed alone: {some(bare)}"
        yield Finding(kind=Kind.NOTE, name="without provenance", text=text)
    dirty = [record.name for record in records if _is_dirty(record.job)]
    if dirty:
        text = f"{len(dirty)} files: {some(dirty)}"
        yield Finding(kind=Kind.NOTE, name="made from a tree with uncommitted changes", text=text)
    read = {name for r in records for name in r.inputs if ledger.best(name) is None}
    sources = sorted(name for name in read if not os.path.isfile(roots.locate(name)))
    gin_files = {name for r in records for name in (r.job or {}).get("gin_files", {})}
    sources += sorted(name for name in gin_files if find_gin(name, roots) is None)
    if sources:
        text = f"{len(sources)} files: {some(sources)}"
        yield Finding(kind=Kind.NOTE, name="sources that are not here", text=text)


def _is_bare(record: Record, ledger: Ledger) -> bool:
    is_older = layout.run_of(record.name) in ledger.older
    return record.job is None and layout.is_result(record.name) and not is_older


def _is_dirty(job: Mapping[str, Any] | None) -> bool:
    commit = job["environment"].get("commit") if job else None
    return isinstance(commit, dict) and bool(commit.get("dirty"))
