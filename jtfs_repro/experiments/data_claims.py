"""Numbers of the data: clips per class and subset, dimensions of features, seeds, Figure 2.

Each is counted or measured in the tables and arrays of the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jtfs_repro import io
from jtfs_repro.datasets.medley_solos_db import CLASSES, N_FILES, SUBSETS, SUPPORTS
from jtfs_repro.experiments.medley_verdicts import ARCHIVE
from jtfs_repro.experiments.structure_claims import CHIRPS, DATA, FIG2, SETTINGS
from jtfs_repro.experiments.verdict_rows import (
    PAPER,
    PAPER_SCALE,
    Judgement,
    VerdictRow,
    missing,
    run_command,
    slug,
)
from jtfs_repro.experiments.verdicts import WEIGHTS_OPTION
from jtfs_repro.provenance import Stamp

DIMENSIONS = {"mfcc": 20, "strf": 22656, "openl3": 6144}
FIG2_BANDWIDTH, WINDOW_SDS = 2.0, 10.0  # octaves; the window's +-5 standard deviations span them
RATE_TOLERANCE = 0.05
SEEDS_SCOPE = "jtfs_seeds in config/config.yaml: by default one at demo scale"
WHY_COUNT = "a count is the same or it is not"
WHY_FIG2 = "the CQT's windows, up to 0.2 s long, smear the faster chirp"
Row = Mapping[str, Any]
Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class DataTables:
    """What the run has; empty where it was not made.

    Parameters
    ----------
    embedding : sequence of rows
        Table of the embeddings, with the column ``dimension``.
    clips : sequence of rows
        Index of the clips, of Medley-solos-DB only.
    table2 : sequence of rows
    cqt : mapping of arrays
        ``magnitude``, ``frequencies_hz``, ``times_s``, ``theta`` of `CqtChirps`.
    """

    embedding: Sequence[Row] = ()
    clips: Sequence[Row] = ()
    table2: Sequence[Row] = ()
    cqt: Arrays | None = None


def data_rows(tables: DataTables, *, stamp: Stamp) -> list[dict[str, Any]]:
    """Judge every number of the data.

    Parameters
    ----------
    tables : DataTables
    stamp : Stamp
        Of the run.
    """
    rows = [*_dimension_rows(tables, stamp), *_clip_rows(tables, stamp)]
    rows += [_seed_row(tables, stamp), *_fig2_rows(tables, stamp)]
    return [row.as_dict() for row in rows]


def _row(judgement: Judgement, stamp: Stamp, **cells: Any) -> VerdictRow:
    is_paper = stamp.scale == PAPER_SCALE
    return VerdictRow.judged(judgement, stamp=stamp, is_paper_scale=is_paper, kind=PAPER, **cells)


def _count(value: int, wanted: int, link: str, reason: str = "") -> Judgement:
    return Judgement(
        value=value,
        tolerance="equal",
        tolerance_reason=WHY_COUNT,
        holds=value == wanted,
        link=link,
        reason=reason,
    )


def _dimension_rows(tables: DataTables, stamp: Stamp) -> list[VerdictRow]:
    known = {row["representation"]: row for row in tables.embedding}
    rows = []
    for name, wanted in DIMENSIONS.items():
        row = known.get(name, {"dimension": "", "status": "not in the list of representations"})
        options = (WEIGHTS_OPTION,) if name == "openl3" else ()
        judgement = missing(
            str(row["status"]).removeprefix("not run: "), run_command(stamp, *options)
        )
        if row["status"] == io.RUN:
            judgement = _count(int(row["dimension"]), wanted, "embedding")
        words = {"claim": f"{name} has {wanted} dimensions", "section": CHIRPS}
        cells = {"representation": name, "quantity": "dimension", "value_there": wanted}
        rows.append(_row(judgement, stamp, id=slug("dimension", name), **words, **cells))
    return rows


def _clip_rows(tables: DataTables, stamp: Stamp) -> list[VerdictRow]:
    counts = Counter((row["subset"], row["instrument"]) for row in tables.clips)
    claims: list[tuple[str, str, int, int]] = [("", "", N_FILES, sum(counts.values()))]
    for subset in SUBSETS:
        total = sum(n for (s, _), n in counts.items() if s == subset)
        claims.append((subset, "", sum(SUPPORTS[subset]), total))
        claims += [
            (subset, name, wanted, counts[subset, name])
            for name, wanted in zip(CLASSES, SUPPORTS[subset], strict=True)
        ]
    return [_clip_row(*claim, bool(tables.clips), stamp) for claim in claims]


def _clip_row(
    subset: str, name: str, wanted: int, value: int, is_there: bool, stamp: Stamp
) -> VerdictRow:
    # the index holds the whole set at every scale
    at = replace(stamp, scale=PAPER_SCALE) if is_there else stamp
    command = run_command(replace(stamp, preset="paper", variant=""), scale=PAPER_SCALE)
    judgement = _count(value, wanted, "clips") if is_there else missing(ARCHIVE, command)
    what = " ".join(filter(None, [name, "clips", f"for {subset}" if subset else "in all"]))
    return _row(
        judgement,
        at,
        id=slug("clips", subset or "all", name),
        section=DATA,
        claim=f"Medley-solos-DB: {wanted} {what}",
        parameter=name,
        quantity="clips",
        value_there=wanted,
    )


def _seed_row(tables: DataTables, stamp: Stamp) -> VerdictRow:
    row = next((r for r in tables.table2 if r["model"] == "jtfs" and r["n_seeds"]), None)
    judgement = missing("Section 4 is not part of this run", run_command(stamp, scale=PAPER_SCALE))
    if row is not None:
        judgement = replace(
            _count(
                int(row["n_seeds"]),
                3,
                "table2",
                SEEDS_SCOPE,
            ),
            seeds=str(row["n_seeds"]),
            tolerance=">= 3",
            tolerance_reason="more seeds than the paper's are no fault",
            holds=int(row["n_seeds"]) >= 3,
        )
    return _row(
        judgement,
        stamp,
        id="training-seeds",
        section=SETTINGS,
        claim="the JTFS network is trained with three seeds",
        representation="jtfs",
        quantity="seeds",
        value_there=3,
    )


def _fig2_rows(tables: DataTables, stamp: Stamp) -> list[VerdictRow]:
    rows = []
    for k, gamma in enumerate((0.5, 4.0)):
        wanted = {"rate": gamma, "bandwidth": FIG2_BANDWIDTH}
        found = _ridge(tables.cqt, k) if tables.cqt is not None else None
        for quantity, value in wanted.items():
            judgement = missing("the CQT of the two chirps of Figure 2", run_command(stamp))
            if found is not None:
                judgement = _near(found[quantity], value)
            words = {"rate": f"rises at {gamma:g} octaves/s", "bandwidth": "sweeps two octaves"}
            rows.append(
                _row(
                    judgement,
                    replace(stamp, scale=PAPER_SCALE) if found is not None else stamp,
                    id=slug("fig2", quantity, f"gamma {gamma:g}"),
                    section=FIG2,
                    claim=f"measured in our CQT: the chirp of gamma = {gamma:g} {words[quantity]}",
                    representation="cqt",
                    parameter=f"gamma = {gamma:g}",
                    quantity=quantity,
                    unit="octaves/s" if quantity == "rate" else "octaves",
                    value_there=value,
                )
            )
    return rows


def _near(value: float, wanted: float) -> Judgement:
    return Judgement(
        value=value,
        tolerance=f"within {100 * RATE_TOLERANCE:g} %",
        tolerance_reason=WHY_FIG2,
        holds=abs(value - wanted) <= RATE_TOLERANCE * wanted,
        reason="the figure has one setting at every scale",
        link="cqt",
    )


def _ridge(arrays: Arrays, k: int) -> dict[str, float]:
    """Return chirp rate and bandwidth of one chirp, from the strongest bin of each frame.

    The rate is the slope of the ridge, weighted by its energy. The bandwidth is ten standard
    deviations of a Gaussian over log-frequency, fitted to the ridge's amplitude without the
    amplitude modulation, where that is more than half.
    """
    magnitude, f_m = arrays["magnitude"][k].astype(np.float64), arrays["theta"][k, 1]
    octave = np.log2(arrays["frequencies_hz"])[magnitude.argmax(axis=0)]
    height, t = magnitude.max(axis=0), arrays["times_s"]
    loud = height > 1e-3 * height.max()
    rate = np.polyfit(t[loud], octave[loud], 1, w=height[loud])[0]
    modulation = np.abs(np.sin(2 * np.pi * f_m * t))
    kept = (modulation > 0.5) & (height > 1e-2 * height.max())
    sd = _gaussian_sd(octave[kept], np.log(height[kept] / modulation[kept]))
    return {"rate": float(rate), "bandwidth": WINDOW_SDS * sd}


def _gaussian_sd(x: np.ndarray, log_height: np.ndarray) -> float:
    """Return the standard deviation of a Gaussian through points; 0 where they have no peak."""
    if len(np.unique(x)) < 3:  # a parabola needs three
        return 0.0
    curvature = np.polyfit(x - x.mean(), log_height, 2)[0]
    return float(np.sqrt(-1 / (2 * curvature))) if curvature < 0 else 0.0
