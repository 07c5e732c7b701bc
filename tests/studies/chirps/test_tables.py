"""Tables: content against the metrics, yardsticks, 'not run' rows, cost, ablation, determinism."""

import numpy as np
import pytest
from study_standins import STAMP, WHY, grid, outcome, study

from jtfs_repro import io
from jtfs_repro.metrics import embeddings as metrics
from jtfs_repro.studies.chirps.ablation import ablation
from jtfs_repro.studies.chirps.scores import CHANCE, FLOOR, Outcome, cost_rows, scores, yardsticks
from jtfs_repro.studies.chirps.stored import absent_clouds, stored_clouds, stored_ratios
from jtfs_repro.tables import to_markdown

THETA = grid()
N_BOOTSTRAP = 50


@pytest.fixture(scope="module")
def outcomes():
    return study(THETA)


@pytest.fixture(scope="module")
def tables(outcomes):
    return scores(outcomes, THETA, stamp=STAMP, n_bootstrap=N_BOOTSTRAP)


def find(rows, **cells):
    return [row for row in rows if all(row[k] == v for k, v in cells.items())]


def test_one_row_per_representation_parameter_and_mean(tables):
    assert len(tables.knn) == (8 + 2) * 3 * 2
    assert len(tables.embedding) == 8
    assert [row["representation"] for row in tables.knn[::6]][-2:] == [FLOOR, CHANCE]


def test_numbers_are_the_metrics(outcomes, tables):
    ratios = outcomes[1].ratios["geometric"][:, 2]
    (row,) = find(tables.knn, representation="scattering1d_q1", parameter="gamma", mean="geometric")
    assert row["log2_rmse"] == metrics.log2_rmse(ratios)
    assert row["median_ratio"] == metrics.median_ratio(ratios)
    assert row["share_within_25_percent"] == metrics.share_within(ratios, 0.75, 1.25)
    assert row["log2_rmse_low"] <= row["log2_rmse"] <= row["log2_rmse_high"]
    assert row["n_neighbors"] == 8
    assert row["n_chirps"] == len(THETA)


def test_every_row_says_scale_preset_and_device(tables):
    for row in [*tables.knn, *tables.embedding]:
        assert (row["scale"], row["preset"], row["device"]) == ("smoke", "paper", "cpu")


def test_not_run_rows_hold_the_reason_and_no_number(tables):
    rows = find(tables.knn, representation="openl3") + find(
        tables.embedding, representation="openl3"
    )
    assert len(rows) == 7
    for row in rows:
        assert row["status"] == f"not run: {WHY}"
    assert all(row["log2_rmse"] is None for row in rows[:6])
    assert rows[6]["direction_rho_f_m"] is None


def test_lost_parameter_shows(tables):
    (mfcc,) = find(tables.embedding, representation="mfcc")
    (jtfs,) = find(tables.embedding, representation="jtfs")
    assert mfcc["direction_rho_f_c"] > 0.9 > 0.5 > mfcc["direction_rho_f_m"]
    assert min(jtfs[f"direction_rho_{p}"] for p in ("f_c", "f_m", "gamma")) > 0.9


def test_floor_is_best_and_chance_is_worst(tables):
    errors = {
        name: find(tables.knn, representation=name, parameter="f_m", mean="geometric")[0][
            "log2_rmse"
        ]
        for name in (FLOOR, "jtfs", CHANCE)
    }
    assert errors[FLOOR] <= errors["jtfs"] * 1.1  # K neighbours of a noisy lattice may be luckier
    assert errors["jtfs"] < errors[CHANCE] / 2


def test_chance_is_the_standard_deviation_of_the_grid():
    chance = yardsticks(THETA, n_neighbors=8)[1]
    np.testing.assert_allclose(
        metrics.log2_rmse(chance.ratios["geometric"][:, 1]), np.log2(THETA[:, 1]).std()
    )


def test_same_seed_same_tables_and_text(outcomes, tables):
    again = scores(outcomes, THETA, stamp=STAMP, n_bootstrap=N_BOOTSTRAP)
    assert to_markdown(again.knn) == to_markdown(tables.knn)
    other = scores(outcomes, THETA, stamp=STAMP, n_bootstrap=N_BOOTSTRAP, seed=1)
    assert to_markdown(other.knn) != to_markdown(tables.knn)


def test_all_not_run_still_makes_tables():
    tables = scores([outcome("openl3", THETA, None)], THETA, stamp=STAMP)
    assert {row["status"] for row in tables.knn} == {f"not run: {WHY}"}


def test_outcomes_of_other_chirps_are_refused(outcomes):
    with pytest.raises(ValueError, match="must hold 8 signals"):
        scores(outcomes, grid(2), stamp=STAMP)
    with pytest.raises(ValueError, match="rerun its isomap and knn stages"):
        Outcome.from_arrays("jtfs", {}, {})


def test_figures_draw_what_was_stored(outcomes, tmp_path):
    names = [outcome.name for outcome in outcomes]
    for o in outcomes:
        fields = {"embedding": o.embedding, "not_run": np.asarray(o.not_run)}
        io.save_arrays(tmp_path / f"{o.name}.npz", **fields)
        ratios = {f"ratio_{mean}": o.ratios[mean] for mean in o.ratios}
        ratios |= {"n_neighbors": np.asarray(o.n_neighbors), "not_run": np.asarray(o.not_run)}
        io.save_arrays(tmp_path / f"{o.name}.knn.npz", **ratios)
    manifolds = [tmp_path / f"{name}.npz" for name in names]
    clouds = stored_clouds(names, manifolds) + absent_clouds(["mfcc"], len(THETA))
    assert [cloud.name for cloud in clouds] == [*names, "mfcc"]
    assert clouds[7].not_run == WHY
    assert clouds[-1].not_run.startswith("not in the list of features")
    knn = [tmp_path / f"{name}.knn.npz" for name in names]
    columns = stored_ratios(names, knn, THETA)
    assert columns[-1].name == FLOOR
    assert columns[7].not_run == WHY
    np.testing.assert_array_equal(columns[3].geometric, outcomes[3].ratios["geometric"])
    assert [c.name for c in stored_ratios(["openl3"], [knn[7]], THETA)] == ["openl3"]


def test_cost_rows():
    record = {
        "representation": "jtfs",
        "feature": "jtfs",
        "n_signals": 4,
        "dimension": 7,
        "seconds": 2.0,
        "peak_memory_bytes": 2**21,
        "not_run": "",
    }
    ran, absent = cost_rows([record, record | {"not_run": WHY, "dimension": 0}], stamp=STAMP)
    assert ran["seconds_per_signal"] == 0.5
    assert ran["peak_memory_mib"] == 2
    assert absent["seconds_per_signal"] is None
    assert absent["status"] == f"not run: {WHY}"


def swapped(rows, first, second):
    """The same rows with two representations' names exchanged."""
    names = {first: second, second: first}
    return [row | {"representation": names.get(row["representation"], "")} for row in rows]


VARIANTS = [f"fm{f_m}_J{J}" for f_m in (32, 16) for J in (12, 13, 14)]


def test_ablation_compares_runs_that_differ_in_one_setting(tables):
    found = ablation(dict.fromkeys(VARIANTS, tables.knn), stamp=STAMP)
    pairs = {(r["run"], r["other_run"], r["differs_in"]) for r in found.orders}
    assert len(pairs) == 3 + 2 * 3
    assert ("fm32_J12", "fm16_J12", "f_m range") in pairs
    assert not any(a[:4] != b[:4] and a[-3:] != b[-3:] for a, b, _ in pairs)
    assert {row["kendall_tau"] for row in found.orders} == {1.0}
    assert {row["largest_change_oct"] for row in found.orders} == {0.0}
    assert sorted(r["rank"] for r in found.errors if r["run"] == "fm16_J13") == [*range(1, 8)]
    assert FLOOR not in {row["representation"] for row in found.errors}


def test_ablation_sees_a_changed_order(tables):
    pair = find(tables.knn, representation="mfcc") + find(tables.knn, representation="jtfs")
    runs = {"fm32_J12": pair, "fm32_J14": swapped(pair, "mfcc", "jtfs")}
    found = ablation(runs, stamp=STAMP)
    row = find(found.orders, parameter="f_m")[0]
    assert row["kendall_tau"] == -1
    assert row["order"] == "jtfs < mfcc"
    assert row["other_order"] == "mfcc < jtfs"
    assert row["differs_in"] == "J"


def test_bad_ablation(tables):
    with pytest.raises(ValueError, match="hold two runs"):
        ablation({"fm32_J12": tables.knn}, stamp=STAMP)
    with pytest.raises(ValueError, match="read fm<Hz>_J<octaves>"):
        ablation({"J12": tables.knn}, stamp=STAMP)
