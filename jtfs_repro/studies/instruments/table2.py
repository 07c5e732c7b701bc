"""Table 2: test recall per class and its mean over classes, for every model, also as Markdown.

Numbers are in percent. Means and sample standard deviations are over seeds; ``low`` and ``high``
are the ends of the 95 % bootstrap interval over songs, blank where a class has fewer than two.
Where the classes are the paper's, its averages stand in columns of their own: they were measured on
Medley-solos-DB, and are comparable with ours on that clip set only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from jtfs_repro.metrics import classification as metrics
from jtfs_repro.plots.classifiers import CLASSIFIERS, REAL
from jtfs_repro.provenance import Stamp
from jtfs_repro.studies.instruments import scores
from jtfs_repro.studies.instruments.predictions import Prediction
from jtfs_repro.studies.instruments.published import (
    CLASS_ORDER,
    PAPER_TEST_CLIPS,
    has_paper_classes,
    key,
    paper_table2,
    published_difference,
)
from jtfs_repro.studies.instruments.scores import ran
from jtfs_repro.studies.instruments.table2_text import table2_text

DECIMALS = 9
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
    classes: Sequence[str],
    models: Sequence[str] = tuple(CLASSIFIERS),
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> Table2:
    """Tabulate the test scores of all models, in the order of ``models``; songs are resampled.

    ``classes`` are those of the clip set, by id. ValueError: a model is unknown, or the predictions
    are not of the same clips.
    """
    runs = scores.by_model(predictions, models)
    is_papers = has_paper_classes(classes)
    order = CLASS_ORDER if is_papers else tuple(classes)
    columns = [classes.index(name) for name in order]
    drawn = scores.resampled_recalls(runs, n_bootstrap=n_bootstrap, seed=seed)
    draws = {model: _percent(values, columns) for model, values in drawn.items()}
    recalls = {
        model: _percent(scores.seed_recalls(seeds), columns) for model, seeds in runs.items()
    }
    source = {"clip_set": clip_set, "at_paper_scale": at_paper_scale(predictions, stamp, clip_set)}

    def tail(seeds: Sequence[Prediction]) -> Row:
        status = (ran(seeds) or seeds)[0].status
        return {**source, "status": status, **stamp.as_dict()}

    def row(model: str) -> Row:
        cells = _recall_cells(order, recalls[model], draws[model])
        return {"model": model, **cells, **_row_cells(model, runs[model], is_papers=is_papers)}

    def difference(a: str, b: str) -> Row:
        found = _difference(recalls[a], recalls[b], draws[a], draws[b])
        worse = runs[b] if ran(runs[a]) else runs[a]  # the status of the one that did not run
        return {**_pair(a, b, found, is_papers=is_papers), **tail(worse)}

    rows = [{**row(model), **tail(seeds)} for model, seeds in runs.items()]
    alone = {**_pair(next(iter(runs)), "", (None, None, None), is_papers=is_papers), **source}
    pairs = [difference(a, b) for a, b in combinations(list(runs)[::-1], 2)]
    return Table2(
        rows=rows,
        seeds=[
            {**_seed_row(run, order, columns), **tail([run])}
            for seeds in runs.values()
            for run in seeds
        ],
        differences=pairs or [{**alone, "status": ALONE, **stamp.as_dict()}],
        confusion=[
            {**cells, **tail(seeds)}
            for model, seeds in runs.items()
            for cells in _confusion_rows(model, ran(seeds), order, columns)
        ],
        text=table2_text(rows, [p.seed for p in ran(predictions)], order, stamp=stamp),
    )


def at_paper_scale(predictions: Sequence[Prediction], stamp: Stamp, clip_set: str) -> str:
    """Return 'yes' if every clip of the paper's test set was scored, at paper scale."""
    sizes = {len(run.of("labels")) for run in ran(predictions)}
    is_whole = clip_set == REAL and sizes == {PAPER_TEST_CLIPS}
    return "yes" if is_whole and stamp.scale == "paper" else "no"


def _percent(recalls: np.ndarray, columns: Sequence[int]) -> np.ndarray:
    """Return recalls by class id as percent in the table's order, their mean appended."""
    average = recalls.mean(axis=1, keepdims=True)
    return 100 * np.concatenate([recalls[:, columns], average], axis=1)


def _recall_cells(order: Sequence[str], recalls: np.ndarray, draws: np.ndarray) -> Row:
    """Mean, standard deviation and interval of each class and of the average."""
    cells: Row = {}
    for name, values, resampled in zip((*order, "average"), recalls.T, draws.T, strict=True):
        low, high = metrics.percentile_interval(resampled)
        sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
        numbers = zip(("mean", "sd", "low", "high"), (_mean(values), sd, low, high), strict=True)
        cells |= {f"{key(name)}_{kind}": _rounded(value) for kind, value in numbers}
    return cells


def _row_cells(model: str, seeds: Sequence[Prediction], *, is_papers: bool) -> Row:
    published = paper_table2().get(model, {}).get("average")
    paper = {
        "paper_average": published.mean if published else None,
        "paper_sd": published.sd if published else None,
    }
    first = next(iter(ran(seeds)), None)
    return {
        "accuracy_mean": _mean([_accuracy(run, "test") for run in ran(seeds)]),
        **(paper if is_papers else {}),
        "n_seeds": len(ran(seeds)),
        "n_parameters": first.n_parameters if first else None,
        "n_test_clips": len(first.of("labels")) if first else None,
        "n_test_songs": len(np.unique(first.of("songs"))) if first else None,
    }


def _rounded(value: float | None) -> float | None:
    """Remove the noise of means, so that equal seeds have no standard deviation."""
    return None if value is None else round(value, DECIMALS)


def _mean(values: Sequence[float] | np.ndarray) -> float | None:
    return float(np.mean(values)) if len(values) else None


def _accuracy(run: Prediction, subset: str) -> float:
    return 100 * metrics.accuracy(run.of("labels", subset), run.predicted(subset))


def _seed_row(run: Prediction, order: Sequence[str], columns: Sequence[int]) -> Row:
    names = (*map(key, order), "average", "accuracy", "validation_average", "validation_accuracy")
    row: Row = {"model": run.model, "seed": run.seed, **dict.fromkeys((*names, "best_epoch"))}
    if not run.not_run:
        test, validation = (
            _percent(scores.class_recalls(run, subset)[None], columns)[0]
            for subset in ("test", "validation")
        )
        accuracies = _accuracy(run, "test"), validation[-1], _accuracy(run, "validation")
        row |= zip(names, (*test, *accuracies), strict=True)
        row["best_epoch"] = run.best_epoch if run.best_epoch >= 0 else None
    return row


Numbers = tuple[float | None, float | None, float | None]


def _difference(
    recalls_a: np.ndarray, recalls_b: np.ndarray, draws_a: np.ndarray, draws_b: np.ndarray
) -> Numbers:
    """Return the difference of two averages and its interval over the same resampled songs."""
    if not (len(recalls_a) and len(recalls_b)):
        return None, None, None
    low, high = metrics.percentile_interval(draws_a[:, -1] - draws_b[:, -1])
    return float(recalls_a[:, -1].mean()) - float(recalls_b[:, -1].mean()), low, high


def _pair(a: str, b: str, numbers: Numbers, *, is_papers: bool) -> Row:
    published = published_difference(a, b)
    holds = "" if published is None else ("yes" if published > 0 else "no")
    paper = {"paper_difference": published, "holds_in_paper": holds}
    found = zip(("difference", "low", "high"), map(_rounded, numbers), strict=True)
    row = {"pair": f"{a} - {b}" if b else "", "model": a, "minus": b, **dict(found)}
    return row | (paper if is_papers else {})


def _confusion_rows(
    model: str, seeds: Sequence[Prediction], order: Sequence[str], columns: Sequence[int]
) -> list[Row]:
    """Return counts by true and predicted class in order; one empty row where not run."""
    names = ("model", "true", "predicted", "count", "share_of_true")
    if not seeds:
        return [dict(zip(names, (model, "", "", None, None), strict=True))]
    found = [metrics.confusion(p.of("labels"), p.predicted(), len(order)) for p in seeds]
    counts = np.sum(found, axis=0)[np.ix_(columns, columns)]
    totals = counts.sum(axis=1)
    return [
        {
            "model": model,
            "true": true,
            "predicted": predicted,
            "count": int(counts[i, j]),
            "share_of_true": counts[i, j] / totals[i] if totals[i] else None,
        }
        for i, true in enumerate(order)
        for j, predicted in enumerate(order)
    ]
