"""What the site shows, in memory; `stored` reads it from files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jtfs_repro.audio import Sound
from jtfs_repro.plots.series import Cloud
from jtfs_repro.site.catalogue import Entry

Row = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What the footer of every page says.

    Parameters
    ----------
    stamp_line : str
        Scale, preset and device.
    commit : str
        Of the source tree, or empty.
    manifest : str
        Text of manifest.json, or empty.
    """

    stamp_line: str
    commit: str = ""
    manifest: str = ""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure: `name` of its file without suffix, `png` its bytes."""

    name: str
    entry: Entry
    png: bytes


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table: `key` is its path without suffix, from the folder on; `text` the CSV as stored."""

    key: str
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
    """One resynthesis.

    Parameters
    ----------
    sound, representation, descent : str
        What was resynthesised, and how.
    facts : mapping
        The stored facts: status, iterations, error_best, ...
    history : sequence of rows
        One per iteration, as text.
    iterations : array [shape=(k,)]
        Of the snapshots; 0 is the initial noise, the last one the best.
    errors : array [shape=(k,)]
    samples : array [shape=(k, channels, N)]
    best : Sound
        The best sound found.
    """

    sound: str
    representation: str
    descent: str
    facts: Mapping[str, Any]
    history: Sequence[Row]
    iterations: np.ndarray
    errors: np.ndarray
    samples: np.ndarray
    best: Sound


@dataclass(frozen=True, kw_only=True)
class ScaleRateMap:
    """Responses |X * Psi| of one sound to all joint wavelets.

    Parameters
    ----------
    name, title : str
    times_s : array [shape=(frames,)]
    frequencies_hz : array [shape=(rows,)]
        From high to low.
    scalogram : array [shape=(any rows, any frames)]
        Over the same times and frequencies, or finer.
    rate_hz, scale_cpo : array [shape=(cells,)]
        0 for the low-pass.
    spin : array [shape=(cells,)], int
        +1 rising, -1 falling, 0 neither.
    energy : array [shape=(cells,)]
    response : array [shape=(cells, rows, frames)]
    """

    name: str
    title: str
    times_s: np.ndarray
    frequencies_hz: np.ndarray
    scalogram: np.ndarray
    rate_hz: np.ndarray
    scale_cpo: np.ndarray
    spin: np.ndarray
    energy: np.ndarray
    response: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Notebook:
    """A notebook: its `name` without suffix, and its `text` (JSON)."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Everything the site shows; a group that is empty is reported as not run."""

    origin: Origin
    figures: Sequence[Picture] = ()
    tables: Sequence[Table] = ()
    manifolds: Manifolds | None = None
    targets: Sequence[Target] = ()
    runs: Sequence[Run] = ()
    scale_rates: Sequence[ScaleRateMap] = ()
    animation: bytes = b""
    notebooks: Sequence[Notebook] = ()

    def table(self, key: str) -> Table | None:
        """Return the table whose key ends in ``key``, None if it was not given."""
        found = [t for t in self.tables if f"/{t.key}".endswith(f"/{key}")]
        return found[0] if found else None
