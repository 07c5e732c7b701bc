"""Are stored results what was recorded: every file against its sidecar and manifest.

One pass over the folders: contents are hashed again, records are compared with one another, what
was made from something that changed since is named, and so are files in the folder of another
run and files that nothing records.
"""

from __future__ import annotations

import csv
import functools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from jtfs_repro import gin_files, io, layout
from jtfs_repro.journal import known_sha256
from jtfs_repro.layout import PROJECT, Roots
from jtfs_repro.provenance import reached
from jtfs_repro.provenance.gather import folded
from jtfs_repro.provenance.ledger import (
    Finding,
    Kind,
    Ledger,
    Record,
    Report,
    load_ledger,
    note_of,
    read_object,
    some,
)

_STAMP_LINE = re.compile(r"\bscale (\w+) · preset (\w+)")
_STAMPED = ("scale", "preset")
_MIXED = ("verdicts.csv",)  # each row states the scale and preset of its own number


def verify(
    roots: Roots, *, manifests: Sequence[Path] | None = None, needs_all: bool = False
) -> Report:
    """Return what does not match in the results, figures and data of all runs.

    With ``manifests`` only what these name is checked; with ``needs_all`` intermediate files must
    be there too, which no fresh copy has. `FileError`: the folder of results is not there.
    """
    if not roots.results.is_dir():
        raise io.FileError(f"{roots.results}: no such folder (give --results)")
    ledger, findings = load_ledger(roots, manifests=manifests)
    records = ledger.best()
    here = [name for name in records if os.path.isfile(roots.locate(name))]
    absent = sorted({*records} - {*here})
    changed = [finding for name in here for finding in _content(records[name], ledger, roots)]
    findings += changed
    findings += _disagreements(ledger)
    findings += _absent(absent, needs_all=needs_all)
    findings += _stale(records, roots)
    findings += _other_runs(here, ledger, roots)
    if manifests is None:
        findings += _unrecorded(records, roots)
    findings += _notes(records, roots)
    return Report(
        findings=tuple(findings),
        n_recorded=len(records),
        n_verified=len(here) - len({finding.name for finding in changed}),
        n_not_here=len(absent),
    )


# ---- contents ----


def _content(record: Record, ledger: Ledger, roots: Roots) -> Iterator[Finding]:
    """Yield a finding if a file's content is not what its record states."""
    name = record.name
    digest, manifest = known_sha256(roots.locate(name)), ledger.of_manifest(name)
    if digest == record.sha256:
        return
    if manifest is not None and digest == manifest.sha256:
        text = f"its content is what {manifest.source} records, not what its sidecar does (edited)"
        yield Finding(Kind.SIDECAR, name, text)
    else:
        text = f"its content is not what {record.source} records (edited, corrupted or swapped)"
        yield Finding(Kind.CHANGED, name, text)


def _absent(names: Sequence[str], *, needs_all: bool) -> Iterator[Finding]:
    needed = [name for name in names if needs_all or not layout.is_intermediate(name)]
    text = "recorded, but not here (run snakemake to make it again)"
    yield from (Finding(Kind.MISSING, name, text) for name in needed)
    yield from note_of("not here", "intermediate files", sorted({*names} - {*needed}))


# ---- records ----


def _disagreements(ledger: Ledger) -> Iterator[Finding]:
    """Yield where a sidecar and the manifest of its run differ."""
    again = []
    for name, sidecar in sorted(ledger.sidecars.items()):
        manifest = ledger.of_manifest(name)
        if manifest is None or not manifest.job:
            continue
        if sidecar.job.get("started") == manifest.job.get("started"):
            if keys := _unlike(sidecar, manifest):
                text = f"its sidecar and {manifest.source} differ in {some(keys)} (one was edited)"
                yield Finding(Kind.SIDECAR, name, text)
        elif sidecar.sha256 == manifest.sha256:
            again.append(name)
        else:
            text = f"made again after {manifest.source} was written (write that again)"
            yield Finding(Kind.SIDECAR, name, text)
    yield from note_of("made again after the manifest", "files, with the same content", again)


def _unlike(sidecar: Record, manifest: Record) -> list[str]:
    """Return in which entries a sidecar differs from the manifest's job."""
    ours, theirs = dict(sidecar.job), dict(manifest.job)
    ours["inputs"] = folded(ours["inputs"])
    outputs, others = ours.pop("outputs"), theirs.pop("outputs")
    keys = [key for key in (*ours, *theirs) if ours.get(key) != theirs.get(key)]
    if outputs.get(sidecar.name) != others.get(sidecar.name):
        keys.append("content")
    if list(outputs) != list(others):
        keys.append("outputs")
    return list(dict.fromkeys(keys))


# ---- stale ----


def _stale(records: Mapping[str, Record], roots: Roots) -> Iterator[Finding]:
    """Yield the files whose inputs or gin files differ now, and those made from such files.

    A file that somebody edited makes nothing stale: it is reported itself, and what counts for
    those made from it is the content that its record states.
    """
    found = {name: _why_stale(record, records, roots) for name, record in records.items()}
    reasons = {name: why for name, why in found.items() if why}
    made_from: dict[str, list[str]] = {}
    for name, record in records.items():
        for source in record.inputs:
            made_from.setdefault(source, []).append(name)
    waiting = [(name, name) for name in sorted(reasons)]
    while waiting:  # what was made from stale files, and so on
        name, origin = waiting.pop(0)
        through = "" if name == origin else f", through {name}"
        for child in made_from.get(name, ()):
            if child not in reasons:
                reasons[child] = f"made from {origin}, which is stale{through}"
                waiting.append((child, origin))
    for name, why in sorted(reasons.items()):
        yield Finding(Kind.STALE, name, f"{why} (run snakemake to make it again)")


def _why_stale(record: Record, records: Mapping[str, Record], roots: Roots) -> str:
    """Return why a file is stale by what it was made from directly, or an empty string."""
    for name, digest in record.inputs.items():
        path = roots.locate(name)
        if name in records:
            is_other = records[name].sha256 != digest
        else:
            is_other = os.path.isfile(path) and known_sha256(path) != digest
        if is_other:
            return f"made from another content of {name}"
    for name, digest in record.gin_files.items():
        found = _find_gin(name, roots)
        if found is not None and gin_files.sha256(found) != digest:
            return f"made with another content of {name}"
    return ""


def _find_gin(name: str, roots: Roots) -> Path | None:
    """Return a gin file or section, named relative to the folder of the run or to the project."""
    candidates = (roots.results.parent / name, PROJECT / name)
    return next((path for path in candidates if os.path.isfile(gin_files.path_of(path))), None)


# ---- runs ----


def _other_runs(names: Sequence[str], ledger: Ledger, roots: Roots) -> Iterator[Finding]:
    """Yield files whose record or own text is of another scale or preset than their folder."""
    for name in dict.fromkeys([*names, *_results(roots)]):
        expected = layout.run_of(name)
        stated = _stamps(name, ledger, roots) if expected != layout.NO_RUN else ()
        for source, key, value in stated:
            if value and "+" not in value and value != expected[key]:
                text = f"{source} says {key} {value}, its folder is {key} {expected[key]}"
                yield Finding(Kind.OTHER_RUN, name, text)


def _stamps(name: str, ledger: Ledger, roots: Roots) -> Iterator[tuple[str, str, str]]:
    """Yield what states a file's run: source, key (scale, preset or variant), value."""
    if record := ledger.sidecars.get(name):
        for key in (*_STAMPED, "variant"):
            yield "its sidecar", key, str(record.job.get(key, ""))
    try:
        yield from _own_stamps(roots.locate(name))
    except (OSError, ValueError):  # a file that cannot be read is found by its hash
        return


def _own_stamps(path: Path) -> Iterator[tuple[str, str, str]]:
    if path.name in _MIXED:
        return
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for key in _STAMPED:
            found = sorted({row[key] for row in rows if row.get(key)})
            yield from (("a row", key, value) for value in found)
    elif path.suffix == ".json":
        facts = read_object(path)
        yield from (("it", key, str(facts.get(key, ""))) for key in _STAMPED)
    elif path.suffix == ".md":
        for match in _STAMP_LINE.finditer(path.read_text(encoding="utf-8")):
            yield from (("it", *pair) for pair in zip(_STAMPED, match.groups(), strict=True))


# ---- other files ----


def _results(roots: Roots) -> Iterator[str]:
    """Yield the results that are there and must have a record."""
    names = (roots.name(path) for path in roots.files("results", "img"))
    yield from (name for name in names if layout.is_result(name))


def _unrecorded(records: Mapping[str, Record], roots: Roots) -> Iterator[Finding]:
    text = "no sidecar or manifest names it (make it with a script, or delete it)"
    bare = (name for name in _results(roots) if name not in records)
    yield from (Finding(Kind.UNRECORDED, name, text) for name in bare)
    text = "half-written by a process that was killed, or is running (delete it)"
    parts = (path for path in roots.files(*roots.folders()) if path.suffix == layout.PART)
    yield from (Finding(Kind.NOTE, roots.name(path), text) for path in parts)


def _notes(records: Mapping[str, Record], roots: Roots) -> Iterator[Finding]:
    """Yield what is no fault of a file, but should be known."""
    yield from _outdated_code(records)
    bare = [n for n, found in records.items() if not found.job and layout.is_result(n)]
    yield from note_of("without provenance", "files hashed alone", bare)
    commits = {
        name: found.job.get("environment", {}).get("commit") for name, found in records.items()
    }
    dirty = [name for name, c in commits.items() if isinstance(c, dict) and c.get("dirty")]
    yield from note_of("made from a tree with uncommitted changes", "files", dirty)
    read = {name for found in records.values() for name in found.inputs if name not in records}
    sources = sorted(name for name in read if not os.path.isfile(roots.locate(name)))
    settings = {name for found in records.values() for name in found.gin_files}
    sources += sorted(name for name in settings if _find_gin(name, roots) is None)
    yield from note_of("sources that are not here", "files", sources)


def _outdated_code(records: Mapping[str, Record]) -> Iterator[Finding]:
    """Yield a note per script whose code differs from that which made some outputs."""
    digest_of = functools.cache(lambda files: reached.code_sha256(files))
    outputs: dict[str, list[str]] = {}
    for name, found in records.items():
        code = found.job.get("code", {})
        files = tuple(code.get("files", ()))
        if files and digest_of(files) != code.get("sha256"):
            outputs.setdefault(str(found.job.get("script")), []).append(name)
    for script, names in sorted(outputs.items()):
        text = f"its code changed since it made {len(names)} outputs: {some(names)}"
        yield Finding(Kind.NOTE, script, text)
