"""The manifest of a run: every job behind its figures and tables, gathered from the sidecars.

From the figures and tables one goes back through what each job read, to the sources that nobody
made. What many jobs share (machine and versions, code, settings) is stored once, by number:

``jobs``                   one entry per job: script, arguments, outputs, inputs, cost
``environments``           commit, versions, hardware, BLAS and variables of jobs
``codes``, ``settings``    files of the project that a job imported; operative gin
``sources``                files that were read and that no job made, with their SHA-256
``without_provenance``     results without a sidecar, with their SHA-256
``digest``                 SHA-256 over all the rest
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from jtfs_repro import io, layout
from jtfs_repro.journal import known_sha256, sha256
from jtfs_repro.layout import SUFFIX
from jtfs_repro.provenance import environment
from jtfs_repro.provenance.record import load_sidecar
from jtfs_repro.provenance.stamp import Stamp

OWN = ("file", "sha256", "bytes")  # what a sidecar says of its own file; the rest is of the job
MOST_FILES = 100  # of one folder that a job names one by one; more are one line with one hash
SHARED = {  # key of a job -> the list that holds its values once
    "environment": "environments",
    "code": "codes",
    "operative_gin": "settings",
}
_ENVIRONMENT = ("commit", "versions", "hardware", "variables", "blas")
# what a sidecar, and a job of a manifest, must hold
_OF_A_JOB = {"inputs": dict, "gin_files": dict, "code": dict}
SIDECAR = {"file": str, "sha256": str, "bytes": int, "outputs": list, "commit": dict} | _OF_A_JOB
JOB = {"outputs": dict, "environment": dict} | _OF_A_JOB
Sidecar = Mapping[str, Any]


def manifest(
    *, stamp: Stamp, gin_files: Sequence[str], inputs: Sequence[str], **extra: Any
) -> dict[str, Any]:
    """Return what is needed to make results again: versions, hashes of files, ``extra`` entries."""
    return {
        **stamp.as_dict(),
        "commit": environment.commit(),
        "versions": environment.versions(),
        "hardware": environment.hardware(),
        "gin": {os.fspath(path): sha256(path) for path in gin_files},
        "inputs": {os.fspath(path): sha256(path) for path in inputs},
        **extra,
    }


def gather(results: Sequence[str], *, run: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the entries of a manifest that come from the sidecars behind ``results``.

    With ``run`` (scale, preset, variant) all files of this run that have sidecars are taken as
    well, such as those of rules that are not part of every run. `FileError`: a result is not what
    its sidecar records, or a sidecar cannot be read.
    """
    for path in results:
        io.check_content(path)
    found = _collect([*results, *_recorded_files(run)])
    jobs = _jobs(found)
    sources = {
        name: digest
        for job in jobs
        for name, digest in job["inputs"].items()
        if name not in found and not isinstance(digest, dict)
    }
    bare = {name for name in results if name not in found} | {*filter(layout.is_result, sources)}
    lists = {plural: _unlike([job.get(key) for job in jobs]) for key, plural in SHARED.items()}
    numbers = [{k: lists[plural].index(job.get(k)) for k, plural in SHARED.items()} for job in jobs]
    return {
        "jobs": [job | own for job, own in zip(jobs, numbers, strict=True)],
        **lists,
        "commits": _unlike([job["environment"]["commit"] for job in jobs]),
        "sources": {name: digest for name, digest in sources.items() if name not in bare},
        "without_provenance": {n: known_sha256(n) for n in sorted(bare) if os.path.isfile(n)},
    }


def _recorded_files(run: Mapping[str, str] | None) -> Iterator[str]:
    """Yield the files of a run that have sidecars, pages and checkpoints excepted."""
    for path in layout.Roots().files("results", "data") if run else ():
        name = layout.recorded_name(path.as_posix())
        is_sidecar = path.name.endswith(SUFFIX)
        if is_sidecar and layout.wants_record(name) and layout.run_of(name) == run:
            yield name


def _collect(names: Sequence[str]) -> dict[str, Sidecar]:
    """Return file -> sidecar of ``names``, of all that was made with them, of what they read."""
    found: dict[str, Sidecar] = {}
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        if name in seen or not os.path.isfile(name):
            continue
        seen.add(name)
        if (sidecar := load_sidecar(name)) is not None:
            try:
                found[name] = checked(sidecar, SIDECAR)
            except (ValueError, TypeError) as error:
                rule = f"{error} (delete both and run again)"
                raise io.FileError(f"{name}{SUFFIX}: {rule}") from None
            waiting += [*sidecar["outputs"], *sidecar["inputs"]]
    return found


def checked(entries: Any, shape: Mapping[str, type]) -> dict[str, Any]:
    """Return a sidecar or a job of a manifest; `ValueError` or `TypeError` if it is none."""
    if not isinstance(entries, dict):
        raise ValueError("no JSON object")
    if absent := [key for key in shape if key not in entries]:
        raise ValueError(f"lacks {', '.join(absent)}")
    if wrong := [key for key, kind in shape.items() if not isinstance(entries[key], kind)]:
        raise ValueError(f"{wrong[0]} is no {shape[wrong[0]].__name__}")
    names = [*entries["inputs"], *entries["outputs"], *entries["gin_files"]]
    for name in [*names, *entries["code"].get("files", ())]:
        if not isinstance(name, str) or not name or "\0" in name:
            raise ValueError(f"{name!r} is no name of a file")
    return entries


# ---- jobs ----


def _jobs(found: Mapping[str, Sidecar]) -> list[dict[str, Any]]:
    """Return one entry per job, in the order of the names of its outputs."""
    groups: dict[str, dict[str, Sidecar]] = {}
    for name, sidecar in sorted(found.items()):
        common = {key: value for key, value in sidecar.items() if key not in OWN}
        groups.setdefault(json.dumps(common, sort_keys=True), {})[name] = sidecar
    return [job_entry(json.loads(common), outputs) for common, outputs in groups.items()]


def job_entry(common: Sidecar, outputs: Mapping[str, Sidecar]) -> dict[str, Any]:
    """Return a job as the manifest holds it: ``common`` to the sidecars of its ``outputs``."""
    rest = {key: value for key, value in common.items() if key not in (*_ENVIRONMENT, "outputs")}
    own = {name: {key: s[key] for key in ("sha256", "bytes")} for name, s in outputs.items()}
    return rest | {
        "inputs": folded(common["inputs"]),
        "outputs": folded({name: own.get(name) for name in common["outputs"]}),
        "environment": {key: common[key] for key in _ENVIRONMENT if key in common},
    }


def folded(files: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``files`` with those of any folder that holds many as one entry, ``folder/``.

    >>> folded({"a/x.wav": "12", "b.csv": "34"})
    {'a/x.wav': '12', 'b.csv': '34'}
    >>> list(folded({f"a/{i}.wav": "12" for i in range(500)}))
    ['a/']
    """
    groups: dict[str, dict[str, Any]] = {}
    for name, facts in files.items():
        groups.setdefault(PurePosixPath(name).parent.as_posix(), {})[name] = facts
    entries: dict[str, Any] = {}
    for folder, group in groups.items():
        if len(group) > MOST_FILES:
            group = {f"{folder}/": {"files": len(group), "sha256": digest(group)}}
        entries |= group
    return entries


def _unlike(values: Sequence[Any]) -> list[Any]:
    """Return the values without repetition, in the order of their first appearance."""
    return list({json.dumps(value, sort_keys=True): value for value in values}.values())


def expanded(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the jobs of a manifest as `job_entry` made them; any error if it is not ours."""
    return [
        {**job, **{key: manifest[plural][job[key]] for key, plural in SHARED.items()}}
        for job in manifest["jobs"]
    ]


# ---- digest ----


def seal(entries: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest's entries with the digest over all of them.

    >>> is_sealed(seal({"scale": "demo"})), is_sealed(seal({"scale": "demo"}) | {"scale": "paper"})
    (True, False)
    """
    return {**entries, "digest": digest(entries)}


def is_sealed(entries: Mapping[str, Any]) -> bool:
    """Return whether a manifest's digest is that of its other entries."""
    rest = {key: value for key, value in entries.items() if key != "digest"}
    return entries.get("digest") == digest(rest)


def digest(entries: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a mapping as JSON with sorted keys."""
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()
