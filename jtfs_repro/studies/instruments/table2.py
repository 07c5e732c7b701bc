"""Table 2: test recall per class and its mean over classes, for every model, also as Markdown.

Numbers are in percent. Means and sample standard deviations are over seeds; ``low`` and ``high``
are the ends of the 95 % bootstrap interval over songs, blank where a class has fewer than two.
The paper's averages stand in columns of their own: they were measured on Medley-solos-DB, and are
comparable with ours on that clip set only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from jtfs_repro import checks, io
from jtfs_repro.datasets.medley_solos_db import CLASSES
from jtfs_repro.metrics import classification as metrics
from jtfs_repro.plots.classifiers import class_label
from jtfs_repro.provenance import Stamp
from jtfs_repro.studies.instruments.model_scores import MODELS, ModelScores, model_scores
from jtfs_repro.studies.instruments.predictions import N_CLASSES, Prediction, Scored
from jtfs_repro.studies.instruments.published import (
    CLASS_ORDER,
    CLIP_SETS,
    PAPER_TEST_CLIPS,
    REAL,
    key,
    linear_classifier,
    paper_table2,
    published_difference,
)

COLUMNS = [CLASSES.index(name) for name in CLASS_ORDER]  # class id of each column
DECIMALS = 9
QUANTITIES = (*map(key, CLASS_ORDER), "average")
Row = dict[str, Any]
ALONE = "not run: one classifier has none to differ from; name more in config/config.yaml"


@dataclass(frozen=True, kw_only=True)
class Table2:
    """Rows of the tables, ready for CSV, and the table as the paper prints it.

    ``rows``: one per model, recalls per class and their average with ``_mean``, ``_sd``, ``_low``,
    ``_high``. ``seeds``: one per model and seed. ``differences``: one per pair of models, in
    points, with a paired interval. ``confusion``: clips of each model, true and predicted class,
    summed over seeds, and their share of the true class in [0, 1]. ``text``: Markdown.
    """

    rows: list[Row]
    seeds: list[Row]
    differences: list[Row]
    confusion: list[Row]
    text: str


def table2(
    predictions: Sequence[Prediction],
    *,
    stamp: Stamp,
    clip_set: str,
    models: Sequence[str] = MODELS,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> Table2:
    """Tabulate the test scores of all models, in the order of ``models``; songs are resampled.

    ValueError: the clip set or a model is unknown, or the predictions are not of the same clips.
    """
    checks.choice("clip_set", clip_set, CLIP_SETS)
    found = model_scores(predictions, models=models, n_bootstrap=n_bootstrap, seed=seed)
    source = {"clip_set": clip_set, "at_paper_scale": at_paper_scale(found, stamp, clip_set)}

    def tail(status: str) -> Row:
        return {**source, "status": status, **stamp.as_dict()}

    rows = [{**_row(scores), **tail(scores.status)} for scores in found]
    pairs = list(combinations(found[::-1], 2))
    differences = [{**_difference_row(*pair), **tail(_worse(*pair))} for pair in pairs]
    return Table2(
        rows=rows,
        seeds=[{**_seed_row(run), **tail(run.status)} for s in found for run in s.runs],
        differences=differences or [{**_no_difference(found[0].model), **tail(ALONE)}],
        confusion=[{**row, **tail(s.status)} for s in found for row in _confusion_rows(s)],
        text=table2_text(rows, [run.seed for s in found for run in s.ran], stamp=stamp),
    )


def at_paper_scale(found: Sequence[ModelScores], stamp: Stamp, clip_set: str) -> str:
    """Return 'yes' if every clip of the paper's test set was scored, at paper scale."""
    sizes = {len(run.test.labels) for scores in found for run in scores.ran}
    is_whole = clip_set == REAL and sizes == {PAPER_TEST_CLIPS}
    return "yes" if is_whole and stamp.scale == "paper" else "no"


def _row(scores: ModelScores) -> Row:
    published = paper_table2().get(scores.model, {}).get("average")
    return {
        "model": scores.model,
        **_recall_cells(scores),
        "accuracy_mean": _mean([_accuracy(run.test) for run in scores.ran]),
        "paper_average": published.mean if published else None,
        "paper_sd": published.sd if published else None,
        "n_seeds": len(scores.ran),
        "n_parameters": scores.ran[0].n_parameters if scores.ran else None,
        "n_test_clips": len(scores.ran[0].test.labels) if scores.ran else None,
        "n_test_songs": _n_songs(scores.ran[0].test) if scores.ran else None,
    }


def _recall_cells(scores: ModelScores) -> Row:
    """Mean, standard deviation and interval of each class and of the average, in percent."""
    recalls, resampled = _columns(scores.recalls), _columns(scores.resampled)
    cells: Row = {}
    for name, values, draws in zip(QUANTITIES, recalls.T, resampled.T, strict=True):
        low, high = metrics.percentile_interval(draws)
        sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
        numbers = (_mean(values), sd, low, high)
        names = [f"{name}_{kind}" for kind in ("mean", "sd", "low", "high")]
        cells |= dict(zip(names, map(_rounded, numbers), strict=True))
    return cells


def _rounded(value: float | None) -> float | None:
    """Remove the noise of means, so that equal seeds have no standard deviation."""
    return None if value is None else round(value, DECIMALS)


def _columns(recalls: np.ndarray) -> np.ndarray:
    """Return recalls by class id as percent in the table's order, their mean appended."""
    average = recalls.mean(axis=1, keepdims=True)
    return 100 * np.concatenate([recalls[:, COLUMNS], average], axis=1)


def _mean(values: Sequence[float] | np.ndarray) -> float | None:
    return float(np.mean(values)) if len(values) else None


def _accuracy(scored: Scored) -> float:
    return 100 * metrics.accuracy(scored.labels, scored.predictions)


def _n_songs(scored: Scored) -> int:
    return len(np.unique(scored.songs))


def _seed_row(run: Prediction) -> Row:
    names = (*QUANTITIES, "accuracy", "validation_average", "validation_accuracy", "best_epoch")
    values: list[Any] = [None] * len(names)
    if not run.not_run:
        epoch = run.best_epoch if run.best_epoch >= 0 else None
        test, validation = (_columns(_recalls(s)[None])[0] for s in (run.test, run.validation))
        accuracies = [_accuracy(run.test), validation[-1], _accuracy(run.validation)]
        values = [*test, *accuracies, epoch]
    return {"model": run.model, "seed": run.seed, **dict(zip(names, values, strict=True))}


def _recalls(scored: Scored) -> np.ndarray:
    return metrics.class_recalls(scored.labels, scored.predictions, N_CLASSES)


def _difference_row(a: ModelScores, b: ModelScores) -> Row:
    """Difference of the two averages; the interval is over the same resampled songs."""
    difference, low, high = None, None, None
    if a.ran and b.ran:
        draws = _columns(a.resampled)[:, -1] - _columns(b.resampled)[:, -1]
        low, high = metrics.percentile_interval(draws)
        mine, other = (float(_columns(scores.recalls)[:, -1].mean()) for scores in (a, b))
        difference = mine - other
    numbers = zip(("difference", "low", "high"), (difference, low, high), strict=True)
    published = published_difference(a.model, b.model)
    return {
        "pair": f"{a.model} - {b.model}",
        "model": a.model,
        "minus": b.model,
        **{name: _rounded(value) for name, value in numbers},
        "paper_difference": published,
        "holds_in_paper": "" if published is None else ("yes" if published > 0 else "no"),
    }


def _no_difference(model: str) -> Row:
    """Return the row of a model that stands alone: the columns of `_difference_row`."""
    blank = dict.fromkeys(("difference", "low", "high", "paper_difference"))
    return {"pair": "", "model": model, "minus": "", **blank, "holds_in_paper": ""}


def _worse(a: ModelScores, b: ModelScores) -> str:
    """Return the status of a pair: that of the one that did not run."""
    return a.status if not a.ran else b.status


def _confusion_rows(scores: ModelScores) -> list[Row]:
    """Return counts by true and predicted class in order; one empty row where not run."""
    names = ("model", "true", "predicted", "count", "share_of_true")
    if not scores.ran:
        return [dict(zip(names, (scores.model, "", "", None, None), strict=True))]
    tests = [run.test for run in scores.ran]
    counts = sum(metrics.confusion(t.labels, t.predictions, N_CLASSES) for t in tests)
    counts = np.asarray(counts)[np.ix_(COLUMNS, COLUMNS)]
    totals = counts.sum(axis=1)
    return [
        {
            "model": scores.model,
            "true": true,
            "predicted": predicted,
            "count": int(counts[i, j]),
            "share_of_true": counts[i, j] / totals[i] if totals[i] else None,
        }
        for i, true in enumerate(CLASS_ORDER)
        for j, predicted in enumerate(CLASS_ORDER)
    ]


SCORE = (
    "Test recall per class and its mean over the eight classes (average), in percent: mean ±"
    " standard deviation over seeds; in brackets the 95 % bootstrap interval over songs."
)
SAME_DATA = "Both tables are of Medley-solos-DB: ours of {n} test clips, the paper's of {paper}."
OTHER_DATA = (
    "**Other data:** ours were measured on another clip set and must not be compared with the"
    " paper's number by number."
)


def table2_text(rows: Sequence[Row], seeds: Sequence[int], *, stamp: Stamp) -> str:
    """Return both tables (`Table2.rows`, at least one, and the paper's) with their captions."""
    clip_set = rows[0]["clip_set"]
    used = ", ".join(map(str, sorted(set(seeds)))) or "none"
    ours = f"**Ours, on {CLIP_SETS[clip_set]}.** {SCORE} {stamp.line} · seeds {used}."
    paper = (
        "**The paper's Table 2, on Medley-solos-DB** (three seeds). It quotes"
        f" {linear_classifier():g} % for JTFS with a linear classifier (2019)."
    )
    n = max(row["n_test_clips"] or 0 for row in rows)
    same = SAME_DATA.format(n=n, paper=PAPER_TEST_CLIPS)
    parts = [
        io.csv_to_markdown([_our_row(row) for row in rows], caption=ours),
        *[f"{row['model']} {row['status']}." for row in rows if row["status"] != io.RUN],
        io.csv_to_markdown([_paper_row(model) for model in paper_table2()], caption=paper),
        same if clip_set == REAL else OTHER_DATA,
    ]
    return "\n\n".join(parts)


def mean_and_sd(mean: float | None, sd: float | None) -> str:
    """Return a cell as the paper prints it.

    Examples
    --------
    >>> mean_and_sd(71.52, 5.9), mean_and_sd(71.52, None), mean_and_sd(None, None)
    ('71.5 ± 5.9', '71.5', '-')
    """
    if mean is None or mean != mean:
        return "-"
    return f"{mean:.1f}" if sd is None else f"{mean:.1f} ± {sd:.1f}"


def _our_row(row: Row) -> dict[str, str]:
    low, high = row["average_low"], row["average_high"]
    interval = "" if low is None or low != low else f" [{low:.1f}, {high:.1f}]"
    cells = {
        class_label(name): mean_and_sd(row[f"{key(name)}_mean"], row[f"{key(name)}_sd"])
        for name in CLASS_ORDER
    }
    average = mean_and_sd(row["average_mean"], row["average_sd"]) + interval
    return {"model": row["model"], **cells, "average": average, "n seeds": str(row["n_seeds"])}


def _paper_row(model: str) -> dict[str, str]:
    cells = {
        class_label(name): mean_and_sd(value.mean, value.sd)
        for name, value in paper_table2()[model].items()
    }
    return {"model, in the paper": model, **cells}
