"""Reading what the workflow stored into `Contents`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jtfs_repro import io
from jtfs_repro.audio import read_sound
from jtfs_repro.names import readable
from jtfs_repro.provenance import Stamp
from jtfs_repro.site.catalogue import figure_entry, table_entry
from jtfs_repro.site.contents import (
    Notebook,
    Origin,
    Picture,
    Run,
    ScaleRateMap,
    Table,
    Target,
)

CELL_ARRAYS = ("rate_hz", "scale_cpo", "spin", "energy", "response")
STAMP = ("scale", "preset", "device", "variant")
SUFFIX = ".json"


def stored_origin(
    manifest: str,
    facts: Sequence[str] = (),
    *,
    scale: str = "",
    preset: str = "",
    variant: str = "",
) -> Origin:
    """Return what the footer says, from a manifest or the JSON files of features.

    Parameters
    ----------
    manifest : path
        manifest.json, or empty.
    facts : sequence of path
        JSON files with the keys of a stamp.
    scale, preset, variant : str
        What the stamp is known to be; empty where not known.

    Raises
    ------
    FileError
        A file is missing or lacks an entry of the stamp.
    ValueError
        The files and arguments are of different runs.
    """
    stated = {"scale": scale, "preset": preset, "variant": variant}
    stated = {name: value for name, value in stated.items() if value}
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


def _need(path: str, facts: Any, *names: str) -> dict[str, Any]:
    if not isinstance(facts, Mapping):
        raise io.FileError(f"{path}: not a JSON object (is it another file?)")
    absent = [name for name in names if name not in facts]
    if absent:
        raise io.FileError(f"{path}: lacks {', '.join(absent)} (delete it and run again)")
    return dict(facts)


def stored_pictures(paths: Sequence[str]) -> list[Picture]:
    """Return the figures; `FileError` if one is missing."""
    return [Picture(name=Path(p).stem, entry=figure_entry(p), png=read_bytes(p)) for p in paths]


def stored_tables(paths: Sequence[str]) -> list[Table]:
    """Return the tables; `FileError` if one is missing or no CSV."""
    return [
        Table(
            key=Path(path).with_suffix("").as_posix().lstrip("/"),
            entry=table_entry(path),
            text=io.load_text(path),
            rows=io.load_csv(path),
        )
        for path in paths
    ]


def stored_targets(paths: Sequence[str]) -> list[Target]:
    """Return the sounds whose facts are given; the audio lies beside them (``.wav``)."""
    return [_target(path) for path in paths]


def _target(path: str) -> Target:
    facts = _need(path, io.load_json(path), "name", "title", "origin")
    return Target(
        name=str(facts["name"]),
        title=readable(str(facts["title"] or facts["name"])),
        origin=str(facts["origin"]),
        sound=read_sound(_beside(path, ".wav")),
    )


def stored_runs(paths: Sequence[str]) -> list[Run]:
    """Return the resyntheses whose facts are given; history, snapshots and audio lie beside."""
    return [_run(path) for path in paths]


def _run(path: str) -> Run:
    facts = _need(path, io.load_json(path), "sound", "representation", "descent", "status")
    snapshots = _arrays(_beside(path, ".snapshots.npz"), "iterations", "errors", "samples")
    return Run(
        sound=str(facts["sound"]),
        representation=str(facts["representation"]),
        descent=str(facts["descent"]),
        facts=facts,
        history=io.load_csv(_beside(path, ".csv")),
        best=read_sound(_beside(path, ".wav")),
        **snapshots,
    )


def stored_scale_rates(paths: Sequence[str], targets: Sequence[Target]) -> list[ScaleRateMap]:
    """Return the responses of sounds, titled as the ``targets`` of the same names."""
    titles = {target.name: target.title for target in targets}
    return [_scale_rate(path, titles) for path in paths]


def _scale_rate(path: str, titles: Mapping[str, str]) -> ScaleRateMap:
    name = Path(path).stem
    arrays = _arrays(path, "times_s", "frequencies_hz", "scalogram", *CELL_ARRAYS)
    n_cells, *shape = arrays["response"].shape
    lengths = {len(arrays[key]) for key in CELL_ARRAYS}
    if shape != [len(arrays["frequencies_hz"]), len(arrays["times_s"])] or lengths != {n_cells}:
        raise io.FileError(f"{path}: arrays of unlike shapes (delete it and run again)")
    finer = io.load_arrays(path).get("fine_scalogram")
    if finer is not None:
        arrays["scalogram"] = finer
    return ScaleRateMap(name=name, title=titles.get(name, name), **arrays)


def _arrays(path: str, *names: str) -> dict[str, np.ndarray]:
    arrays = _need(path, io.load_arrays(path), *names)
    return {name: arrays[name] for name in names}


def stored_notebooks(paths: Sequence[str]) -> list[Notebook]:
    """Return the notebooks; `FileError` if one is missing or no JSON."""
    for path in paths:
        _need(path, io.load_json(path), "cells")
    return [Notebook(name=Path(path).stem, text=io.load_text(path)) for path in paths]


def read_bytes(path: str) -> bytes:
    """Return the bytes of a file; `FileError` if it is missing or not what its sidecar says."""
    io.check_content(path)
    try:
        return Path(path).read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        raise io.missing(path) from None


def _beside(path: str, suffix: str) -> str:
    """Return the file of the same name with another suffix."""
    return path.removesuffix(SUFFIX) + suffix
