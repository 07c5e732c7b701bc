"""Tabulate the test scores of the classifiers: Table 2, every seed, differences, confusions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.learning_curves import history_key, learning_curves
from jtfs_repro.experiments.predictions import devices, load_prediction
from jtfs_repro.experiments.table2 import table2
from jtfs_repro.runs import stamp_of


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
    """Write all tables; predictions are of every model and seed, ``costs`` tell the devices."""
    clip_set = io.load_json(facts)["clip_set"]
    stamp = stamp_of(run, device=devices([io.load_json(path) for path in costs]))
    found = [load_prediction(path) for path in predictions]
    by_run = {history_key(path): io.load_csv(path) for path in histories}
    made = config.bound(table2)(found, stamp=stamp, clip_set=clip_set)
    io.save_table(seeds, made.seeds, caption=stamp.line)
    io.save_table(differences, made.differences, caption=stamp.line)
    io.save_csv(table, made.rows)
    io.save_text(table.with_suffix(".md"), made.text)
    io.save_csv(confusion, made.confusion)
    io.save_csv(curves, learning_curves(found, by_run, stamp=stamp, clip_set=clip_set))
