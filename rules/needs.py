"""What each rule needs of a machine: minutes, memory, disk, from the figures of config/needs.csv.

Seconds there are those of one core (AMD EPYC), measured at demo scale and, for the chirps, at paper
scale; where a figure at paper scale was not measured it follows from the measured rate and the
number of items (instruments: the rates of the demo run's cost table; OpenL3: 7 s a chirp;
train_end_to_end: for GPUs, not measured). Smoke scale is declared as demo. Megabytes are peak
resident memory and what the rule writes; seconds and disk of a sharded rule are of all its shards
together. What is declared is more: `MARGIN` times the seconds, for slower cores and file systems,
and one and a half times the memory. A retry gets as much again, so that a job killed for time or
memory passes the second time. A rule without a row of its own has that of the first pattern it
matches. No job reruns when a figure changes.
"""

from __future__ import annotations

import csv
import functools
import math
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path

TABLE = Path(__file__).parent.parent / "config/needs.csv"
MARGIN = 4  # declared seconds / measured ones
MEMORY_MARGIN = 1.5
START_MINUTES = 2  # to start Python on a busy node
ROUND_MB = 100
IMPORTS_MB = 500  # PyTorch and librosa in memory, before any data
PARTS = ("feature", "front", "model")  # wildcards by which the figures of a rule differ
GPU_MB = 4000  # ASSUME: of the host, for CUDA's libraries and what is copied; not measured


def minutes(rule: str, scale: str, *, part: str = "", shards: int = 1, attempt: int = 1) -> int:
    """Return the minutes that a job may take.

    ``part`` is the feature, front or model, where these differ; ``shards`` the number of jobs that
    share the work; ``attempt`` is 1 for the first try, and each further one gets as much again.

    Examples
    --------
    >>> minutes("score_representation", "demo"), minutes("tabulate_scores", "paper", attempt=2)
    (3, 12)
    """
    declared = MARGIN * seconds(rule, scale, part=part, shards=shards)
    return attempt * (START_MINUTES + math.ceil(declared / 60))


def seconds(rule: str, scale: str, *, part: str = "", shards: int = 1) -> float:
    """Return the seconds that a job takes on a core; parameters as for `minutes`."""
    return _figure(rule, part, "seconds", scale) / _shares(rule, part, shards)


def part_of(wildcards: Mapping[str, str]) -> str:
    """Return the part of a job: its feature, front or model, '' if it has none."""
    return next((wildcards[key] for key in PARTS if wildcards.get(key)), "")


def memory_mb(rule: str, scale: str, *, part: str = "", gpus: int = 0, attempt: int = 1) -> int:
    """Return the memory of the host that a job may take, MB; parameters as for `minutes`.

    Examples
    --------
    >>> memory_mb("score_representation", "paper")
    4500
    """
    n_mb = MEMORY_MARGIN * _figure(rule, part, "mb", scale)
    return attempt * _rounded(n_mb + GPU_MB * (gpus > 0))


def extraction_mb(
    rule: str, memory_gb: float, *, part: str = "", gpus: int = 0, attempt: int = 1
) -> int:
    """Return the memory of an extraction, MB: its budget, the libraries, and what is above both.

    On a GPU the budget is memory of the GPU.

    Examples
    --------
    >>> extraction_mb("extract_features", 0.5, part="jtfs")
    1500
    """
    extra = _figure(rule, part, "mb", "demo")
    budget = GPU_MB if gpus else 1000 * memory_gb
    return attempt * _rounded(budget + MEMORY_MARGIN * (IMPORTS_MB + extra) + 250)


def disk_mb(rule: str, scale: str, *, part: str = "", shards: int = 1) -> int:
    """Return the space that a job's outputs take, MB, at least 100; parameters as for `minutes`.

    Examples
    --------
    >>> disk_mb("extract_clips", "paper", part="jtfs", shards=64)
    400
    """
    n_mb = _figure(rule, part, "disk_mb", scale) / _shares(rule, part, shards)
    return max(ROUND_MB, _rounded(n_mb))


def shards(rule: str, scale: str, *, part: str = "") -> int:
    """Return how many jobs share the work of a rule; other numbers change results by rounding.

    Examples
    --------
    >>> [shards("extract_features", "demo", part=name) for name in ("mfcc", "strf")]
    [1, 4]
    """
    return int(find(rule, part)[f"shards_{scale}"])


def find(rule: str, part: str = "") -> dict[str, str]:
    """Return the row of a rule, that of its part if there is one; rows of patterns come last."""
    rows = _rows()
    pattern = next(name for name, _ in rows if "*" in name and fnmatch(rule, name))
    return rows.get((rule, part)) or rows.get((rule, "")) or rows[pattern, ""]


@functools.cache
def _rows() -> dict[tuple[str, str], dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {(row["rule"], row["part"]): row for row in csv.DictReader(file)}


def _figure(rule: str, part: str, quantity: str, scale: str) -> float:
    column = f"{quantity}_paper" if scale == "paper" else f"{quantity}_demo"
    return float(find(rule, part)[column])


def _shares(rule: str, part: str, shards: int) -> int:
    return shards if find(rule, part)["shards_demo"] else 1


def _rounded(n_mb: float) -> int:
    return ROUND_MB * math.ceil(n_mb / ROUND_MB)
