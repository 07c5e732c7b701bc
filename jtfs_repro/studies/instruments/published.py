"""Numbers that the paper published on Medley-solos-DB."""

from __future__ import annotations

import functools
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from jtfs_repro import io

CLAIMS = Path(__file__).parents[3] / "claims/table2.csv"
MODELS = ("cqt", "scattering1d", "jtfs")  # in the paper's order
PAPER_TEST_CLIPS = 12236
# The paper's order: classes with few training clips first.
CLASS_ORDER = (
    "tenor saxophone",
    "trumpet",
    "flute",
    "clarinet",
    "female singer",
    "distorted electric guitar",
    "violin",
    "piano",
)


@dataclass(frozen=True, kw_only=True)
class Published:
    """A published mean and standard deviation over three seeds, in percent."""

    mean: float
    sd: float


def has_paper_classes(classes: Collection[str]) -> bool:
    """Return whether the classes of a clip set are the paper's."""
    return set(classes) == set(CLASS_ORDER)


@functools.cache
def paper_table2(path: str | os.PathLike[str] = CLAIMS) -> dict[str, dict[str, Published]]:
    """Return the paper's Table 2 by model and class or 'average': test recalls, percent.

    ``path`` holds the claims, one row a cell: "mean ± standard deviation" in the column ``there``.
    FileError: the file is missing, or lacks a cell.
    """
    cells = {(row["representation"], row["parameter"]): row for row in _cells(path)}
    names = (*CLASS_ORDER, "average")
    try:
        return {model: {name: _mean(cells[model, name]) for name in names} for model in MODELS}
    except KeyError as error:
        raise io.FileError(f"{path}: no row of {' '.join(error.args[0])} (add it)") from None


@functools.cache
def linear_classifier(path: str | os.PathLike[str] = CLAIMS) -> float:
    """Return the average of JTFS with a linear classifier (2019), as the paper quotes it."""
    ids = {row["id"]: row["there"] for row in io.load_csv(path)}
    return float(ids["section4-jtfs-above-linear"])


def _cells(path: str | os.PathLike[str]) -> list[dict[str, str]]:
    return [
        row for row in io.load_csv(path) if row["id"].startswith("table2-") if "±" in row["there"]
    ]


def _mean(row: Mapping[str, str]) -> Published:
    mean, _, sd = row["there"].partition(" ± ")
    return Published(mean=float(mean), sd=float(sd))


def key(name: str) -> str:
    """Return the name of a class as it begins a column.

    Examples
    --------
    >>> key("tenor saxophone")
    'tenor_saxophone'
    """
    return name.replace(" ", "_")


def published_difference(model: str, minus: str) -> float | None:
    """Return the published difference of two models' averages in points, None if not published.

    Examples
    --------
    >>> published_difference("jtfs", "cqt"), published_difference("jtfs", "mfcc_svm")
    (13.0, None)
    """
    averages = {name: row["average"].mean for name, row in paper_table2().items()}
    averages["jtfs_linear"] = linear_classifier()
    if model not in averages or minus not in averages:
        return None
    return round(averages[model] - averages[minus], 1)
