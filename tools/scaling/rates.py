"""Seconds and bytes per chirp, clip, training step and iteration, as measured in one run.

They come from the cost tables of a run, which are part of the repository, and from the jobs of
its manifest, which hold what the tables leave out: rendering, statistics, figures, the start.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jtfs_repro import checks, io
from tools.scaling.jobs import Job

FLOAT_BYTES = 4  # features are stored as float32
# stage -> the item that it handles; others handle a run
ITEMS = {
    "synthesise_chirps": "chirp",
    "extract_features": "chirp",
    "score_representation": "chirp",
    "render_solos": "clip",
    "index_clips": "clip",
    "extract_clips": "clip",
    "accumulate_statistics": "clip",
}
_STAMP = ("scale", "preset", "device", "variant")
Row = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What one item costs on one core.

    Parameters
    ----------
    stage : str
        E.g. ``"extract clips: jtfs"``.
    item : str
        ``"chirp"``, ``"clip"``, ``"step"`` or ``"iteration"``.
    n_items : int >= 1
        How many were measured.
    seconds : float > 0
        Per item, of the loop alone: without the start of the job.
    bytes_stored : float or None
        Per item, of the array that is kept; None where none is.
    memory_mb : float or None
        Peak of the job.
    stamp : mapping
        Scale, preset, device and variant.
    """

    stage: str
    item: str
    n_items: int
    seconds: float
    bytes_stored: float | None
    memory_mb: float | None
    stamp: Mapping[str, str]

    def __post_init__(self) -> None:
        checks.integer("n_items", self.n_items, low=1)
        checks.number("seconds", self.seconds, above=0)

    @property
    def row(self) -> dict[str, Any]:
        """The rate as a row of a table."""
        return {
            "stage": self.stage,
            "item": self.item,
            "items": self.n_items,
            "seconds_per_item": self.seconds,
            "bytes_per_item": self.bytes_stored,
            "peak_memory_mb": self.memory_mb,
            **self.stamp,
        }


def load_rates(folder: str | os.PathLike[str]) -> list[Rate]:
    """Return the rates that the cost tables of a run tell; tables that are not there are left out.

    Parameters
    ----------
    folder : path
        Of a run, e.g. ``results/demo``.

    Raises
    ------
    FileError
        There is no cost table, or one lacks a column or number.
    """
    found: list[Rate] = []
    for name, rates_of in TABLES.items():
        path = Path(folder, name)
        if path.is_file():
            try:
                found += rates_of(io.load_csv(path))
            except (KeyError, ValueError) as error:
                raise io.corrupt(path, "a table of costs", error) from None
    if not found:
        raise io.missing(Path(folder, next(iter(TABLES))))
    return found


def _chirps(rows: Sequence[Row]) -> list[Rate]:
    """Return one rate per feature, with the bytes of all that is made of one pass."""
    ran = [row for row in rows if row["status"] == io.RUN]
    sizes: dict[str, int] = {}
    for row in ran:
        size = FLOAT_BYTES * int(row["dimension"])
        sizes[row["computed_by"]] = sizes.get(row["computed_by"], 0) + size
    return [
        Rate(
            stage=f"extract features: {row['computed_by']}",
            item="chirp",
            n_items=int(row["n_signals"]),
            seconds=float(row["seconds_per_signal"]),
            bytes_stored=sizes[row["computed_by"]],
            memory_mb=float(row["peak_memory_mib"]) * 2**20 / 1e6,
            stamp=_stamp(row),
        )
        for row in ran
        if row["representation"] == row["computed_by"]
    ]


def _clips(rows: Sequence[Row]) -> list[Rate]:
    ran = [row for row in rows if row["status"] == io.RUN]
    extractions = [row for row in ran if row["stage"] == "extraction"]
    trainings = [row for row in ran if row["stage"] == "training" and int(row["n_steps"])]
    names = dict.fromkeys(row["name"] for row in trainings)
    return [_extraction(row) for row in extractions] + [
        _training([row for row in trainings if row["name"] == name]) for name in names
    ]


def _extraction(row: Row) -> Rate:
    n_clips = int(row["n_clips"])
    return Rate(
        stage=f"extract clips: {row['name']}",
        item="clip",
        n_items=n_clips,
        seconds=float(row["seconds"]) / n_clips,
        bytes_stored=float(row["bytes"]) / n_clips,
        memory_mb=float(row["peak_memory_bytes"]) / 1e6,
        stamp=_stamp(row),
    )


def _training(rows: Sequence[Row]) -> Rate:
    """Return the rate of one step over all seeds of a network."""
    n_steps = sum(int(row["n_steps"]) for row in rows)
    return Rate(
        stage=f"train: {rows[0]['name']}",
        item="step",
        n_items=n_steps,
        seconds=sum(float(row["seconds"]) for row in rows) / n_steps,
        bytes_stored=None,
        memory_mb=max(float(row["peak_memory_bytes"]) for row in rows) / 1e6,
        stamp=_stamp(rows[0]),
    )


def _sounds(rows: Sequence[Row]) -> list[Rate]:
    return [
        Rate(
            stage=f"resynthesise: {row['sound']}, {row['representation']}, {row['descent']}",
            item="iteration",
            n_items=max(1, round(float(row["seconds"]) / float(row["seconds_per_iteration"]))),
            seconds=float(row["seconds_per_iteration"]),
            bytes_stored=None,
            memory_mb=float(row["peak_memory_bytes"]) / 1e6,
            stamp=_stamp(row),
        )
        for row in rows
    ]


def _stamp(row: Row) -> dict[str, str]:
    return {name: row[name] for name in _STAMP}


TABLES: dict[str, Callable[[Sequence[Row]], list[Rate]]] = {
    "cost.csv": _chirps,
    "soundfont_solos/cost.csv": _clips,
    "medley_solos_db/cost.csv": _clips,
    "resynthesis_cost.csv": _sounds,
}


def stage_rows(
    jobs: Sequence[Job], rates: Sequence[Rate], *, stamp: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return one row per stage of a run: what its jobs took, and that per item.

    Median seconds of a job and processor seconds (these with its start), megabytes read and
    written on average, largest peak memory, and the seconds of all jobs over the items that the
    rates of the same run tell, in milliseconds.

    Raises
    ------
    ValueError
        The rates are of another scale, preset or variant.
    """
    for name in ("scale", "preset", "variant"):
        for other in {rate.stamp[name] for rate in rates} - {stamp[name]}:
            rule = f"be that of the rates, {other!r}"
            checks.fail(name, stamp[name], rule, "a manifest and tables of two runs?")
    numbers = {rate.item: rate.n_items for rate in rates if rate.item in ("chirp", "clip")}
    stages = dict.fromkeys(job.stage for job in jobs)
    groups = {stage: [job for job in jobs if job.stage == stage] for stage in sorted(stages)}
    return [
        {**_stage_row(stage, group, numbers.get(ITEMS.get(stage, ""))), **stamp}
        for stage, group in groups.items()
    ]


def _stage_row(stage: str, jobs: Sequence[Job], n_items: int | None) -> dict[str, Any]:
    seconds = [job.seconds for job in jobs]
    return {
        "stage": stage,
        "jobs": len(jobs),
        "seconds": statistics.median(seconds),
        "cpu_s": statistics.median(job.cpu_s for job in jobs),
        "mb_read": statistics.fmean(job.bytes_read for job in jobs) / 1e6,
        "mb_written": statistics.fmean(job.bytes_written for job in jobs) / 1e6,
        "peak_memory_mb": max(job.memory_mb for job in jobs),
        "item": ITEMS.get(stage, "run") if n_items else "run",
        "ms_per_item": 1000 * sum(seconds) / (n_items or 1),
    }
