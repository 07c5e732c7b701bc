"""Table 2: recalls, differences, confusions and costs of the classifiers, and their figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jtfs_repro import config, io
from jtfs_repro.datasets.clips import classes_of
from jtfs_repro.plots.class_recalls import figure_class_recalls
from jtfs_repro.plots.confusion import figure_confusion
from jtfs_repro.plots.learning_curves import figure_learning_curves
from jtfs_repro.provenance import Stamp
from jtfs_repro.runs import stamp_of
from jtfs_repro.studies.instruments.clip_cost import clip_cost
from jtfs_repro.studies.instruments.learning_curves import history_key, learning_curves
from jtfs_repro.studies.instruments.predictions import devices, load_prediction
from jtfs_repro.studies.instruments.published import paper_table2
from jtfs_repro.studies.instruments.table2 import table2


def tabulate_table2(
    *,
    run: str,
    predictions: list[Path],
    costs: Sequence[Path] = (),
    histories: Sequence[Path] = (),
    facts: Path,
    table: Path,
    seeds: Path,
    differences: Path,
    confusion: Path,
    curves: Path,
) -> None:
    """Tabulate the test scores of the classifiers: Table 2, every seed, differences, confusions.

    Write all tables; predictions are of every model and seed, ``costs`` tell the devices.
    """
    known = io.load_json(facts)
    about = {"clip_set": known["clip_set"], "classes": classes_of(known)}
    stamp = stamp_of(run, device=devices([io.load_json(path) for path in costs]))
    found = [load_prediction(path) for path in predictions]
    by_run = {history_key(path): io.load_csv(path) for path in histories}
    made = config.bound(table2)(found, stamp=stamp, **about)
    io.save_table(seeds, made.seeds, caption=stamp.line)
    io.save_table(differences, made.differences, caption=stamp.line)
    io.save_csv(table, made.rows)
    io.save_text(table.with_suffix(".md"), made.text)
    io.save_csv(confusion, made.confusion)
    io.save_csv(curves, learning_curves(found, by_run, stamp=stamp, clip_set=known["clip_set"]))


def tabulate_clip_cost(
    *, features: list[Path], trainings: list[Path], drawn: Sequence[str] = (), table: Path
) -> None:
    """Tabulate what extraction and training cost: clips per second, bytes on disk, peak memory.

    Write one row per representation and training, from the reports of all shards. ``drawn`` are
    words MODEL=N: the clips that a network's training on Medley-solos-DB draws, if it is asked for.
    """
    reports: dict[str, list[dict[str, Any]]] = {}
    for path in features:
        reports.setdefault(path.parent.name, []).append(io.load_json(path))
    stamp = Stamp.common([report for found in reports.values() for report in found])
    costs = [io.load_json(path) for path in trainings]
    counts = {model: int(n) for model, n in (word.split("=") for word in drawn)}
    rows = config.bound(clip_cost)(reports, costs, stamp=stamp, drawn=counts)
    io.save_table(table, rows, caption=stamp.line)


def plot_classifiers(
    *,
    table: Path,
    seeds: Path,
    confusion: Path,
    curves: Path,
    bars: list[Path],
    matrices: list[Path],
    histories: list[Path],
) -> None:
    """Draw recalls per class, the paper's beside; confusion matrices; learning curves.

    Draw Table 2 and the recalls of every seed, the table of confusions, the histories.
    """
    rows = io.load_csv(table)
    line = Stamp.common(rows).line
    published = paper_table2() if "paper_average" in rows[0] else {}
    recalls = config.bound(figure_class_recalls)
    io.save_figures(bars, recalls(rows, io.load_csv(seeds), published, stamp_line=line))
    mistaken = config.bound(figure_confusion)
    io.save_figures(matrices, mistaken(io.load_csv(confusion), stamp_line=line))
    learnt = config.bound(figure_learning_curves)
    io.save_figures(histories, learnt(io.load_csv(curves), stamp_line=line))
