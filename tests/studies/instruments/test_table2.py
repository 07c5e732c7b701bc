"""Table 2 and its tables: scores by hand, sd, intervals, pairs, not-run rows, text, script."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from medley_standins import STAMP, WHY, curves, histories, not_run, prediction, predictions, tables

from jtfs_repro import io
from jtfs_repro.datasets.medley_solos_db import CLASSES, SUPPORTS
from jtfs_repro.metrics import classification as metrics
from jtfs_repro.plots.classifiers import REAL
from jtfs_repro.provenance import Stamp
from jtfs_repro.studies.instruments.learning_curves import HISTORY, history_key, learning_curves
from jtfs_repro.studies.instruments.predictions import save_prediction
from jtfs_repro.studies.instruments.published import (
    CLASS_ORDER,
    PAPER_TEST_CLIPS,
    paper_table2,
    published_difference,
)
from jtfs_repro.studies.instruments.table2 import table2

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def found():
    return predictions()


@pytest.fixture(scope="module")
def made(found):
    return tables(found)


def find(rows, **cells):
    (row,) = [row for row in rows if all(row[k] == v for k, v in cells.items())]
    return row


def of(found, model):
    return [p for p in found if p.model == model and not p.not_run]


def test_published_rows_are_complete_and_their_averages_are_means():
    for model, row in paper_table2().items():
        assert list(row) == [*CLASS_ORDER, "average"]
        mean = np.mean([row[name].mean for name in CLASS_ORDER])
        assert mean == pytest.approx(row["average"].mean, abs=0.06), model
    assert sorted(CLASS_ORDER) == sorted(CLASSES)
    assert published_difference("jtfs", "scattering1d") == 7.4
    assert published_difference("jtfs", "jtfs_linear") == 3.4


def test_order_of_classes_is_that_of_training_support():
    support = [SUPPORTS["training"][CLASSES.index(name)] for name in CLASS_ORDER[:3]]
    assert support == [123, 149, 155]
    assert sum(SUPPORTS["test"]) == PAPER_TEST_CLIPS


def test_cells_are_recalls_in_percent(found, made):
    row, runs = find(made.rows, model="jtfs"), of(found, "jtfs")
    for name in CLASS_ORDER:
        recalls = []
        for run in runs:
            chosen = run.of("labels") == CLASSES.index(name)
            recalls.append(100 * np.mean(run.predicted()[chosen] == CLASSES.index(name)))
        column = name.replace(" ", "_")
        assert row[f"{column}_mean"] == pytest.approx(np.mean(recalls))
        assert row[f"{column}_sd"] == pytest.approx(np.std(recalls, ddof=1))
    assert row["n_seeds"] == 3
    assert (row["n_test_clips"], row["n_test_songs"]) == (192, 48)
    assert (row["paper_average"], row["paper_sd"]) == (81.4, 0.6)
    assert find(made.rows, model="jtfs_linear")["paper_average"] is None


def test_average_and_its_interval(found, made):
    row, runs = find(made.rows, model="cqt"), of(found, "cqt")
    labels = runs[0].of("labels")
    macro = [100 * metrics.class_recalls(labels, r.predicted(), 8).mean() for r in runs]
    assert row["average_mean"] == pytest.approx(np.mean(macro))
    assert row["average_sd"] == pytest.approx(np.std(macro, ddof=1))
    guesses = np.stack([run.predicted() for run in runs])
    shares = metrics.hit_shares(labels, guesses)[None]
    songs = runs[0].of("songs")
    draws = metrics.bootstrap_recalls(labels, shares, songs, n_classes=8, n_bootstrap=200)
    interval = metrics.percentile_interval(draws[0].mean(axis=1))
    assert (row["average_low"], row["average_high"]) == pytest.approx(np.multiply(interval, 100))
    seeds = [row for row in made.seeds if row["model"] == "cqt"]
    assert [row["average"] for row in seeds] == pytest.approx(macro)
    assert seeds[0]["best_epoch"] == runs[0].best_epoch
    validation = runs[0].of("labels", "validation"), runs[0].predicted("validation")
    expected = 100 * metrics.accuracy(*validation)
    assert seeds[0]["validation_accuracy"] == pytest.approx(expected)


def kept(run, rows):
    """Return a prediction of some of its test clips."""
    some = {name: run.arrays[name][rows] for name in run.arrays if name.startswith("test")}
    return replace(run, arrays=run.arrays | some)


def test_macro_and_accuracy_differ_with_unequal_supports(found):
    run = of(found, "jtfs")[0]
    labels = run.of("labels")
    row = tables([kept(run, (labels > 0) | (np.arange(len(labels)) < 12))]).rows[0]
    assert abs(row["average_mean"] - row["accuracy_mean"]) > 0.1


def test_one_seed_has_no_standard_deviation():
    row = find(tables(predictions(seeds=(4,))).rows, model="jtfs")
    assert row["average_sd"] is None
    assert row["n_seeds"] == 1
    assert row["average_low"] < row["average_mean"] < row["average_high"]


def test_equal_seeds_have_standard_deviation_zero(found):
    run = of(found, "jtfs")[0]
    twins = [replace(run, seed=k) for k in range(3)]
    assert tables(twins).rows[0]["average_sd"] == 0


def test_one_song_per_class_leaves_the_interval_blank(tmp_path):
    made = tables(predictions(n_songs=1))
    io.save_csv(tmp_path / "t.csv", made.rows)
    row = find(io.load_csv(tmp_path / "t.csv"), model="jtfs")
    assert row["average_low"] == row["average_high"] == ""
    assert float(row["average_mean"]) > 0
    assert "[" not in next(line for line in made.text.splitlines() if line.startswith("| jtfs |"))


def test_missing_class_leaves_its_cells_and_the_average_blank(found):
    run = of(found, "jtfs")[0]
    made = tables([kept(run, run.of("labels") != CLASSES.index("flute"))])
    row = made.rows[0]
    assert np.isnan([row["flute_mean"], row["average_mean"], row["flute_low"]]).all()
    assert row["piano_mean"] > 0
    assert find(made.confusion, true="flute", predicted="piano")["share_of_true"] is None
    assert " - " in made.text


def test_not_run_rows_say_why(made, tmp_path):
    row, seed = (find(rows, model="mfcc_svm") for rows in (made.rows, made.seeds))
    assert row["status"] == seed["status"] == f"not run: {WHY}"
    assert row["average_mean"] is None
    assert row["n_seeds"] == 0
    pair = find(made.differences, pair="jtfs - mfcc_svm")
    assert (pair["difference"], pair["status"]) == (None, f"not run: {WHY}")
    assert find(made.confusion, model="mfcc_svm")["count"] is None
    assert f"mfcc_svm not run: {WHY}." in made.text
    io.save_csv(tmp_path / "t.csv", made.rows)  # columns of all rows agree


def test_nothing_ran(tmp_path):
    absent = [not_run(m, k) for m in ("jtfs", "cqt") for k in (0, 1)]
    made = tables(absent, clip_set=REAL)
    assert [row["status"] for row in made.rows] == [f"not run: {WHY}"] * 2
    assert [row["model"] for row in made.rows] == ["cqt", "jtfs"]
    assert len(made.seeds) == 4
    for rows in (made.rows, made.seeds, made.differences, made.confusion):
        io.save_csv(tmp_path / "t.csv", rows)


def test_one_failed_seed_does_not_hide_the_others(found):
    some = [*of(found, "jtfs")[:2], not_run("jtfs", 2)]
    made = tables(some)
    assert (made.rows[0]["n_seeds"], made.rows[0]["status"]) == (2, io.RUN)
    assert [row["status"] for row in made.seeds] == [io.RUN, io.RUN, f"not run: {WHY}"]


def test_differences_are_paired(found, made):
    """Songs are as easy for one model as for another: their difference varies less."""
    pair = find(made.differences, pair="jtfs - scattering1d")
    rows = [find(made.rows, model=name) for name in ("jtfs", "scattering1d")]
    expected = rows[0]["average_mean"] - rows[1]["average_mean"]
    assert pair["difference"] == pytest.approx(expected)
    assert pair["low"] <= pair["difference"] <= pair["high"]
    widths = [row["average_high"] - row["average_low"] for row in rows]
    assert pair["high"] - pair["low"] < 0.9 * np.hypot(*widths)
    assert pair["holds_in_paper"] == "yes"
    assert find(made.differences, pair="jtfs - cqt")["paper_difference"] == 13.0
    assert find(made.differences, pair="jtfs_end_to_end - jtfs")["holds_in_paper"] == ""
    assert len(made.differences) == 15


def test_seed_and_number_of_resamples_are_used(found, made):
    options = dict(stamp=STAMP, clip_set=REAL, classes=CLASSES)
    ends = [
        find(table2(found, **options, **draws).rows, model="jtfs")["average_low"]
        for draws in (dict(n_bootstrap=200), dict(n_bootstrap=200, seed=1), dict(n_bootstrap=300))
    ]
    assert ends[0] == find(made.rows, model="jtfs")["average_low"]
    assert len(set(ends)) == 3
    for some in (found, found[:1]):  # also where nothing ran
        with pytest.raises(ValueError, match="n_bootstrap=0 must be >= 1"):
            table2(some, **options, n_bootstrap=0)


def test_one_classifier_has_none_to_differ_from(found, made):
    (row,) = tables(of(found, "cqt")).differences
    assert list(row) == list(made.differences[0])
    assert row["status"].startswith("not run: one classifier has none to differ from")
    assert (row["pair"], row["difference"], row["low"]) == ("", None, None)


def test_a_model_does_not_differ_from_its_copy(found):
    copy = [replace(p, model="jtfs_end_to_end") for p in of(found, "jtfs")]
    (pair,) = tables([*of(found, "jtfs"), *copy]).differences
    assert (pair["difference"], pair["low"], pair["high"]) == (0, 0, 0)


def test_confusion_counts_all_seeds(found, made):
    rows = [row for row in made.confusion if row["model"] == "cqt"]
    assert len(rows) == 64
    assert sum(row["count"] for row in rows) == 3 * 192
    violins = [row for row in rows if row["true"] == "violin"]
    assert sum(row["share_of_true"] for row in violins) == pytest.approx(1)
    runs, count = of(found, "cqt"), 0
    for run in runs:
        is_flute = run.of("labels") == CLASSES.index("flute")
        count += int(np.sum(run.predicted()[is_flute] == CLASSES.index("piano")))
    assert find(rows, true="flute", predicted="piano")["count"] == count


def test_order_of_models_and_seeds(found, made):
    assert [row["model"] for row in tables(found[::-1]).rows] == [r["model"] for r in made.rows]
    assert tables(found[::-1]).seeds == made.seeds
    order = ("jtfs", "cqt")
    some = [*of(found, "cqt"), *of(found, "jtfs")]
    rows = tables(some, models=order, n_bootstrap=5).rows
    assert [row["model"] for row in rows] == ["jtfs", "cqt"]
    with pytest.raises(ValueError, match="model='scattering1d' must be one of 'jtfs', 'cqt'"):
        tables(found[4:], models=order)


def test_paper_scale_needs_the_real_clips(found):
    stamp = Stamp(scale="paper", preset="paper", device="cuda")
    for clip_set in (REAL, "soundfont_solos"):
        assert tables(found, stamp=stamp, clip_set=clip_set).rows[0]["at_paper_scale"] == "no"
    run = kept(prediction("jtfs", 0), np.arange(1))
    tiled = {
        f"test_{n}": run.of(n).repeat(PAPER_TEST_CLIPS, 0) for n in ("logits", "labels", "songs")
    }
    tiled["test_uuids"] = np.array([f"{k:05d}" for k in range(PAPER_TEST_CLIPS)])
    whole = [replace(run, arrays=run.arrays | tiled)]
    assert tables(whole, stamp=stamp, clip_set=REAL).rows[0]["at_paper_scale"] == "yes"
    assert tables(whole, clip_set=REAL).rows[0]["at_paper_scale"] == "no"
    assert tables(whole, stamp=stamp).rows[0]["at_paper_scale"] == "no"


def test_text_keeps_the_paper_apart(made, found):
    ours, paper = made.text.split("**The paper's Table 2, on Medley-solos-DB**")
    assert "soundfont_solos: rendered" in ours
    assert "choir patch" in ours
    assert STAMP.line in ours
    assert "seeds 0, 1, 2" in ours
    assert "71.5 ± 5.9" in paper
    assert "71.5 ± 5.9" not in ours
    assert "must not be compared" in paper
    row = find(made.rows, model="jtfs")
    cell = f"{row['average_mean']:.1f} ± {row['average_sd']:.1f} [{row['average_low']:.1f}, "
    assert cell in ours
    real = tables(found, clip_set=REAL).text
    assert "ours of 192 test clips, the paper's of 12236" in real
    assert "choir" not in real


def test_other_classes_are_not_compared_with_the_paper(found):
    classes = ("wren", "song thrush", "blackbird")
    some = [*predictions(seeds=(0, 1), n_classes=3)[1:], not_run("mfcc_svm", classes=classes)]
    made = tables(some, clip_set="my_birds", classes=classes)
    row = find(made.rows, model="jtfs")
    assert [name for name in row if name.endswith("_mean")] == [
        *("wren_mean", "song_thrush_mean", "blackbird_mean", "average_mean", "accuracy_mean")
    ]
    for rows in (made.rows, made.seeds, made.differences, made.confusion):
        assert not [name for name in rows[0] if "paper" in name and name != "at_paper_scale"]
        assert {row["clip_set"] for row in rows} == {"my_birds"}
    assert len([row for row in made.confusion if row["model"] == "cqt"]) == 9
    assert made.text.startswith("**Ours, on my_birds, a folder of labelled clips;")
    assert "over the three classes" in made.text
    assert "none of its numbers is compared" in made.text
    assert "Medley" not in made.text
    same = tables(found, clip_set="my_birds").rows  # of the paper's classes
    assert find(same, model="cqt")["paper_average"] == 68.4


def test_learning_curves_are_stacked():
    rows = curves()
    trained = [row for row in rows if row["epoch"] is not None]
    assert len(trained) == 3 * (12 + 12 + 16 + 16)
    assert {row["model"] for row in rows} == {p.model for p in predictions()}
    assert find(rows, model="mfcc_svm")["status"] == f"not run: {WHY}"
    assert list(rows[0])[:3] == ["model", "seed", "epoch"]
    assert history_key("a/jtfs/seed-10.csv") == ("jtfs", 10)
    with pytest.raises(ValueError, match=r"must be named <model>/seed-<k>.csv"):
        history_key("a/jtfs/history.csv")


def test_learning_curves_need_every_history():
    options = dict(stamp=STAMP, clip_set=REAL)
    with pytest.raises(ValueError, match=r"must hold cqt seed 0 \(give its"):
        learning_curves(predictions(), {}, **options)
    short = {key: [{"epoch": 0}] for key in histories()}
    with pytest.raises(ValueError, match="must have the column step"):
        learning_curves(predictions(), short, **options)


# The script


def run(name, *arguments, cwd):
    command = [sys.executable, "-m", "jtfs_repro", name, *map(str, arguments)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


def test_scripts_from_files_to_figures(found, made, tmp_path):
    for p in found:
        base = tmp_path / f"predictions/{p.model}/seed-{p.seed}"
        save_prediction(base.with_suffix(".npz"), p)
        io.save_json(base.with_suffix(".json"), {"device": "" if p.not_run else "cpu"})
    for (model, seed), rows in histories().items():
        io.save_csv(tmp_path / f"predictions/{model}/seed-{seed}.csv", rows)
    facts = {"clip_set": "soundfont_solos", "supports": {"training": dict.fromkeys(CLASSES, 4)}}
    io.save_json(tmp_path / "facts.json", facts)
    outputs = ("table", "seeds", "differences", "confusion", "curves")
    done = run(
        "tabulate_table2",
        *("--gin", ROOT / "gin/instruments/table2.gin", "--run", "demo"),
        *("--predictions", *sorted(tmp_path.glob("predictions/*/*.npz"))),
        *("--costs", *sorted(tmp_path.glob("predictions/*/*.json"))),
        *("--histories", *sorted(tmp_path.glob("predictions/*/*.csv"))),
        *("--facts", "facts.json", "--operative", "table2.gin"),
        *[word for name in outputs for word in (f"--{name}", f"{name}.csv")],
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")
    table = io.load_csv(tmp_path / "table.csv")
    assert [row["model"] for row in table] == [row["model"] for row in made.rows]
    mean = find(made.rows, model="jtfs")["average_mean"]
    assert float(find(table, model="jtfs")["average_mean"]) == pytest.approx(mean, abs=1e-3)
    assert list(io.load_csv(tmp_path / "curves.csv")[1])[2:11] == list(HISTORY)
    assert "paper's Table 2" in (tmp_path / "table.md").read_text(encoding="utf-8")
    assert "n_bootstrap = 1000" in (tmp_path / "table2.gin").read_text()
    names = ("class_recalls", "confusion", "learning_curves")
    tables = [f"--{name}={name}.csv" for name in ("table", "seeds", "confusion", "curves")]
    figures = [
        f"--{option}={name}.png"
        for option, name in zip(("bars", "matrices", "histories"), names, strict=True)
    ]
    stacks = ("--gin", *(ROOT / f"gin/instruments/{name}.gin" for name in names))
    done = run("plot_classifiers", *tables, *figures, *stacks, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert all((tmp_path / f"{name}.png").stat().st_size > 10000 for name in names)


def test_script_errors_are_one_line(tmp_path):
    (tmp_path / "seed-0.npz").write_bytes(b"not an archive")
    facts = {"clip_set": "soundfont_solos", "supports": {"training": {}}}
    io.save_json(tmp_path / "facts.json", facts)
    outputs = ("table", "seeds", "differences", "confusion", "curves")
    done = run(
        "tabulate_table2",
        *("--run", "demo", "--facts", "facts.json"),
        *("--predictions", "seed-0.npz"),
        *[word for name in outputs for word in (f"--{name}", f"{name}.csv")],
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: seed-0.npz: not an .npz archive")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "table.csv").exists()
