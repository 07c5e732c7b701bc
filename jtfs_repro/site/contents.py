"""What the site shows, read from the files that the workflow stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jtfs_repro import captions, io
from jtfs_repro.audio import Sound, read_sound
from jtfs_repro.captions import Entry
from jtfs_repro.names import sanitise
from jtfs_repro.plots.series import Cloud
from jtfs_repro.provenance import Stamp

Row = Mapping[str, str]
STAMP = ("scale", "preset", "device", "variant")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What the footer of every page says: scale, preset and device; empty where not known."""

    stamp_line: str
    commit: str = ""
    manifest: str = ""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure: the words about it, and the bytes of the PNG."""

    path: str
    entry: Entry
    png: bytes


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table: the words about it, its `text` as stored (CSV), and its rows."""

    entry: Entry
    text: str
    rows: Sequence[Row]


@dataclass(frozen=True, kw_only=True)
class Manifolds:
    """The embeddings of chirps and their parameters f_c, f_m, gamma [shape=(n, 3)]."""

    clouds: Sequence[Cloud]
    theta: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Target:
    """A sound that was resynthesised: `name` as in the file names, `title` for readers."""

    name: str
    title: str
    origin: str
    sound: Sound


@dataclass(frozen=True, kw_only=True)
class Run:
    """One resynthesis."""

    sound: str
    representation: str
    descent: str
    status: str  # "finished", or why not
    history: Sequence[Row]  # one per iteration
    iterations: np.ndarray  # [shape=(k,)] of the snapshots: 0 is the noise, the last the best
    errors: np.ndarray  # [shape=(k,)]
    samples: np.ndarray  # [shape=(k, channels, N)]
    best: Sound


@dataclass(frozen=True, kw_only=True)
class ScaleRateMap:
    """Responses |X * Psi| of one sound to all joint wavelets."""

    name: str
    title: str
    times_s: np.ndarray  # [shape=(frames,)]
    frequencies_hz: np.ndarray  # [shape=(rows,)], from high to low
    scalogram: np.ndarray  # over the same times and frequencies, or finer
    rate_hz: np.ndarray  # [shape=(cells,)], 0 for the low-pass; so are the next three
    scale_cpo: np.ndarray
    spin: np.ndarray  # +1 rising, -1 falling, 0 neither
    energy: np.ndarray
    response: np.ndarray  # [shape=(cells, rows, frames)]


@dataclass(frozen=True, kw_only=True)
class Notebook:
    """A notebook: its `name` without suffix, and its `text` (JSON)."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Everything the site shows; a group that is empty is reported as not run."""

    origin: Origin
    captions: Mapping[str, Entry]
    figures: Sequence[Picture] = ()
    tables: Sequence[Table] = ()
    manifolds: Manifolds | None = None
    targets: Sequence[Target] = ()
    runs: Sequence[Run] = ()
    scale_rates: Sequence[ScaleRateMap] = ()
    animation: bytes = b""
    notebooks: Sequence[Notebook] = ()

    def rows(self, key: str) -> Sequence[Row]:
        """Return the rows of the table that has a row of captions; none if it was not given."""
        return next((table.rows for table in self.tables if table.entry.key == key), ())


def read_origin(
    manifest: str,
    facts: Sequence[str] = (),
    *,
    scale: str = "",
    preset: str = "",
    variant: str = "",
) -> Origin:
    """Return what the footer says, from a manifest or from ``facts``: JSON files with a stamp.

    ``scale``, ``preset`` and ``variant`` are what is known of it; `ValueError` if they differ.
    """
    given = {"scale": scale, "preset": preset, "variant": variant}
    stated = {name: value for name, value in given.items() if value}
    paths = [manifest, *facts] if manifest else list(facts)
    if not paths:
        words = " · ".join(f"{name} {value}" for name, value in stated.items())
        return Origin(stamp_line=words or "scale and preset not stated")
    stamps = [_need(path, io.load_json(path), *STAMP) for path in paths]
    line = Stamp.common([*stamps, stamps[0] | stated]).line
    if not manifest:
        return Origin(stamp_line=line)
    commit = (stamps[0].get("commit") or {}).get("sha") or ""
    return Origin(stamp_line=line, commit=commit, manifest=io.load_text(manifest))


def read_picture(path: str, entries: Mapping[str, Entry]) -> Picture:
    """Return a figure; `FileError` if it is missing."""
    return Picture(path=path, entry=captions.find(entries, path), png=read_bytes(path))


def read_table(path: str, entries: Mapping[str, Entry]) -> Table:
    """Return a table; `FileError` if it is missing or no CSV."""
    entry = captions.find(entries, path)
    return Table(entry=entry, text=io.load_text(path), rows=io.load_csv(path))


def read_target(path: str) -> Target:
    """Return the sound whose facts are given; the audio lies beside them (``.wav``)."""
    facts = _need(path, io.load_json(path), "name", "title", "origin")
    return Target(
        name=str(facts["name"]),
        title=sanitise(str(facts["title"] or facts["name"])),
        origin=str(facts["origin"]),
        sound=read_sound(_beside(path, ".wav")),
    )


def read_run(path: str) -> Run:
    """Return the resynthesis whose facts are given; history, snapshots, audio lie beside them."""
    names = ("sound", "representation", "descent", "status")
    facts, stored = _need(path, io.load_json(path), *names), _beside(path, ".snapshots.npz")
    kept = ("iterations", "errors", "samples")
    arrays = _need(stored, io.load_arrays(stored), *kept)
    return Run(
        **{name: str(facts[name]) for name in names},
        **{name: arrays[name] for name in kept},
        history=io.load_csv(_beside(path, ".csv")),
        best=read_sound(_beside(path, ".wav")),
    )


def read_scale_rate(path: str, targets: Sequence[Target]) -> ScaleRateMap:
    """Return the responses of a sound, titled as the one of the same name in ``targets``."""
    cells = ("rate_hz", "scale_cpo", "spin", "energy", "response")
    names = ("times_s", "frequencies_hz", "scalogram", *cells)
    stored = _need(path, io.load_arrays(path), *names)
    arrays = {name: stored[name] for name in names}
    n_cells, *shape = arrays["response"].shape
    lengths = {len(arrays[key]) for key in cells}
    if shape != [len(arrays["frequencies_hz"]), len(arrays["times_s"])] or lengths != {n_cells}:
        raise io.FileError(f"{path}: arrays of unlike shapes (delete it and run again)")
    arrays["scalogram"] = stored.get("fine_scalogram", arrays["scalogram"])
    titles = {target.name: target.title for target in targets}
    name = Path(path).stem
    return ScaleRateMap(name=name, title=titles.get(name, name), **arrays)


def read_notebook(path: str) -> Notebook:
    """Return a notebook; `FileError` if it is missing or no JSON."""
    _need(path, io.load_json(path), "cells")
    return Notebook(name=Path(path).stem, text=io.load_text(path))


def read_bytes(path: str) -> bytes:
    """Return the bytes of a file; `FileError` if it is missing or not what its sidecar says."""
    io.check_content(path)
    try:
        return Path(path).read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        raise io.missing(path) from None


def _need(path: str, facts: Any, *names: str) -> dict[str, Any]:
    if not isinstance(facts, Mapping):
        raise io.FileError(f"{path}: not a JSON object (is it another file?)")
    absent = [name for name in names if name not in facts]
    if absent:
        raise io.FileError(f"{path}: lacks {', '.join(absent)} (delete it and run again)")
    return dict(facts)


def _beside(path: str, suffix: str) -> str:
    return path.removesuffix(".json") + suffix
