"""Verdicts on Section 4: the written rules, other data, missing tables, the same columns."""

import pytest
import study_standins
from medley_standins import STAMP, WHY, predictions, tables

from jtfs_repro import io
from jtfs_repro.experiments.medley_claims import GAIN_CLAIMS, VALUE_CLAIMS
from jtfs_repro.experiments.medley_verdicts import Tables, medley_verdicts
from jtfs_repro.experiments.published import CLASS_ORDER, REAL, TABLE2
from jtfs_repro.experiments.scores import scores
from jtfs_repro.experiments.verdicts import verdicts
from jtfs_repro.provenance import Stamp


def judged(made, **options):
    found = Tables(table2=made.rows, differences=made.differences, seeds=made.seeds)
    return medley_verdicts(found, stamp=STAMP, **options)


@pytest.fixture(scope="module")
def made():
    return tables(clip_set=REAL)


@pytest.fixture(scope="module")
def rows(made):
    return judged(made)


def find(rows, **cells):
    (row,) = [row for row in rows if all(row[k] == v for k, v in cells.items())]
    return row


def edited(rows, changes, **cells):
    match = [all(row[k] == v for k, v in cells.items()) for row in rows]
    assert any(match)
    return [row | changes if hit else row for row, hit in zip(rows, match, strict=True)]


def verdict_of(made, cells, *, changes, model="jtfs"):
    table = edited(made.rows, changes, model=model)
    found = medley_verdicts(Tables(table2=table, differences=made.differences), stamp=STAMP)
    return find(found, **cells)


def test_every_cell_of_table_2_is_a_claim(rows):
    cells = {(c.model, c.quantity) for c in VALUE_CLAIMS}
    assert cells == {(m, q) for m in TABLE2 for q in (*CLASS_ORDER, "average")}
    assert [gain.published.mean for gain in GAIN_CLAIMS] == [7.4, 13.0]
    assert len(rows) == 27 + 2 + 4 + 3
    assert len({row["id"] for row in rows}) == len(rows)


CELL = {"representation": "jtfs", "parameter": "average", "section": "4, Table 2"}


@pytest.mark.parametrize(
    ("mean", "low", "high", "verdict"),
    [
        (82.6, 82.5, 82.7, "within"),  # 2 x 0.6 = 1.2 points
        (82.7, 82.6, 82.8, "outside"),
        (80.2, 80.1, 80.3, "within"),
        (78.5, 75.6, 81.6, "within"),  # half the interval: 3 points
        (78.3, 75.3, 81.3, "outside"),
    ],
)
def test_rule_of_a_cell(made, mean, low, high, verdict):
    changes = {"average_mean": mean, "average_low": low, "average_high": high}
    row = verdict_of(made, CELL, changes=changes)
    assert row["verdict"] == verdict
    assert row["value_there"] == "81.4 ± 0.6"
    assert row["value_here"] == mean


def test_tolerance_says_which_bound_held(made):
    narrow = {"average_mean": 81.0, "average_low": 80.9, "average_high": 81.1}
    row = verdict_of(made, CELL, changes=narrow)
    assert row["tolerance"] == "81.4 ± 1.2 (2 published sd)"
    wide = {"average_mean": 81.0, "average_low": 78.0, "average_high": 84.0}
    assert verdict_of(made, CELL, changes=wide)["tolerance"] == "81.4 ± 3 (half our interval)"
    blank = {"average_mean": 81.0, "average_low": None, "average_high": float("nan")}
    assert verdict_of(made, CELL, changes=blank)["tolerance"] == "81.4 ± 1.2 (2 published sd)"


def test_class_without_clips_is_not_run(made):
    cells = {"representation": "jtfs", "parameter": "flute"}
    row = verdict_of(made, cells, changes={"flute_mean": float("nan")})
    assert (row["verdict"], row["reason"]) == ("not run", "a class has no test clip")


@pytest.mark.parametrize(("low", "verdict"), [(0.1, "within"), (0.0, "outside"), (-0.1, "outside")])
def test_order_needs_the_whole_interval(made, low, verdict):
    differences = edited(made.differences, {"low": low}, pair="jtfs - scattering1d")
    differences = edited(differences, {"low": 3.0}, pair="scattering1d - cqt")
    found = medley_verdicts(Tables(table2=made.rows, differences=differences), stamp=STAMP)
    assert find(found, representation="jtfs > scattering1d")["verdict"] == verdict
    assert find(found, representation="jtfs > scattering1d > cqt")["verdict"] == verdict
    assert find(found, representation="scattering1d > cqt")["verdict"] == "within"


def test_order_counts_the_seeds(made):
    seeds = edited(made.seeds, {"average": 0.0}, model="jtfs", seed=1)
    found = Tables(table2=made.rows, differences=made.differences, seeds=seeds)
    row = find(medley_verdicts(found, stamp=STAMP), representation="jtfs > scattering1d")
    assert row["tolerance"].endswith("(holds on 2 of 3 seeds)")


@pytest.mark.parametrize(("low", "verdict"), [(78.1, "within"), (78.0, "outside")])
def test_above_the_linear_classifier(made, low, verdict):
    cells = {"representation": "jtfs", "value_there": 78.0}
    row = verdict_of(made, cells, changes={"average_low": low})
    assert row["verdict"] == verdict
    assert "78 %" in row["claim"]


@pytest.mark.parametrize(("difference", "verdict"), [(12.3, "within"), (12.5, "outside")])
def test_gain_has_the_deviation_of_two_rows(made, difference, verdict):
    """2 sqrt(0.6^2 + 2.4^2) = 4.95 points around 7.4."""
    ends = {"difference": difference, "low": difference - 0.1, "high": difference + 0.1}
    differences = edited(made.differences, ends, pair="jtfs - scattering1d")
    found = medley_verdicts(Tables(table2=made.rows, differences=differences), stamp=STAMP)
    assert find(found, representation="jtfs - scattering1d")["verdict"] == verdict


def test_other_clips_are_never_set_against_the_paper():
    rows = judged(tables())
    numbers = [row for row in rows if row["value_there"] != "> 0"]
    assert len(numbers) == 27 + 2 + 3
    assert {row["verdict"] for row in numbers} == {"not run"}
    assert {row["value_here"] for row in numbers} == {None}
    for row in numbers:
        assert row["reason"] == (
            "Medley-solos-DB (Zenodo record 3464194, 21 571 clips, 11 GB);"
            " this run has soundfont_solos"
        )
        assert row["command"] == "snakemake --cores all --config scale=paper"
    orders = [row for row in rows if row["value_there"] == "> 0"]
    assert all(row["verdict"] in ("within", "outside") for row in orders)
    assert all(row["reason"].startswith("judged on soundfont_solos") for row in orders)
    assert all(row["command"] == "" for row in orders)
    assert {row["at_paper_scale"] for row in rows} == {"no"}


@pytest.mark.parametrize(("high", "verdict"), [(92.9, "within"), (93.0, "outside")])
def test_below_the_pretrained_network(made, high, verdict):
    cells = {"id": "section4-jtfs-below-yamnet"}
    row = verdict_of(made, cells, changes={"average_high": high})
    assert row["verdict"] == verdict


def test_intervals_and_seeds_are_given(rows):
    row = find(rows, id="table2-jtfs-average")
    low, high = map(float, row["interval"].split(" to "))
    assert low < row["value_here"] < high
    assert row["seeds"] == "3 seeds"
    assert row["link"] == "table2"
    assert row["tolerance_reason"]


def test_smaller_scale_is_named(rows):
    assert {row["reason"] for row in rows} == {"scale demo, 192 of 12236 test clips"}


def test_without_tables_nothing_is_judged():
    rows = medley_verdicts(Tables(), stamp=STAMP)
    assert {row["verdict"] for row in rows} == {"not run"}
    assert {row["reason"].split(";")[0] for row in rows} == {"Section 4 is not part of this run"}


def test_models_that_did_not_run():
    some = [p for p in predictions() if p.model in ("mfcc_svm", "jtfs", "cqt")]
    rows = judged(tables(some, clip_set=REAL))
    row = find(rows, representation="scattering1d", parameter="average")
    assert row["reason"].startswith("not in the list of classifiers")
    assert find(rows, representation="jtfs > scattering1d > cqt")["verdict"] == "not run"
    absent = [type(p).absent(p.model, p.seed, not_run=WHY) for p in some]
    rows = judged(tables(absent, clip_set=REAL))
    assert find(rows, representation="cqt", parameter="flute")["reason"] == WHY


def test_one_song_per_class_cannot_order():
    rows = judged(tables(predictions(n_songs=1)))
    row = find(rows, representation="jtfs > scattering1d")
    assert (row["verdict"], row["value_here"]) == ("not run", None)
    assert row["reason"].startswith("no interval: a class has clips of one song only")


def test_tables_read_back_give_the_same_verdicts(made, rows, tmp_path):
    again = {}
    for name, table in (
        ("table2", made.rows),
        ("differences", made.differences),
        ("seeds", made.seeds),
    ):
        io.save_csv(tmp_path / name, table)
        again[name] = io.load_csv(tmp_path / name)
    found = medley_verdicts(
        Tables(**again), stamp=Stamp(scale="smoke", preset="paper", device="cpu")
    )
    assert [row["verdict"] for row in found] == [row["verdict"] for row in rows]
    assert [row["tolerance"] for row in found] == [row["tolerance"] for row in rows]
    assert {row["scale"] for row in found} == {"demo"}  # the tables', not the given one


def test_rows_stand_in_one_table_with_section_3(rows, tmp_path):
    theta = study_standins.grid(3)
    made = scores(study_standins.study(theta), theta, stamp=STAMP, n_bootstrap=5)
    first = verdicts(made.knn, made.embedding, stamp=STAMP)
    io.save_csv(tmp_path / "verdicts.csv", first + rows)
    assert len({row["id"] for row in first + rows}) == len(first + rows)
