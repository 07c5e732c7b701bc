"""Verdicts on Sections 2 and 5: the written rules, missing tables, other sounds named, columns."""

import pytest
from texture_standins import METHODS, STAMP

from jtfs_repro.experiments.texture_claims import (
    ERROR_CLAIMS,
    MADE_SPIN_CLAIMS,
    SPIN_CLAIMS,
    SYNCHRONY_CLAIMS,
)
from jtfs_repro.experiments.texture_verdicts import TextureTables, texture_verdicts
from jtfs_repro.provenance import Stamp

RATIOS = {"am_chirp": 9.0, "dizi": -8.0, "gull": -6.0, "hawk": 5.0}
MADE = {"up_chirp": 18.0, "down_chirp": -18.0, "sine": 0.0, "pulse": 0.0}
KEPT = {"jtfs": "0.76", "scattering1d": "0.01"}


def spins(**ratios):
    return [
        {"signal": k, "ratio_db": str(v), **STAMP.as_dict()}
        for k, v in (RATIOS | MADE | ratios).items()
    ]


def resynthesis(stamp=STAMP, **cells):
    """Return the rows of the table that claims look at."""
    rows = []
    for sound in ("gull", "hawk"):
        for representation, descent in METHODS:
            labels = {"sound": sound, "representation": representation, "descent": descent}
            errors = {"error_at_20": "0.08", "error_at_100": "0.025"}
            run = {"status": "finished", "iterations": "100", "n_samples": "65536"}
            kept = {"synchrony_kept": KEPT[representation]}
            rows.append({**labels, **run, **errors, **kept, **stamp.as_dict()} | cells)
    return rows


def cost(device="cpu", seconds="0.6", n_samples="65536"):
    rows = [dict(zip(("representation", "descent"), method, strict=True)) for method in METHODS]
    numbers = {"seconds_per_iteration": seconds, "device": device, "threads": "1"}
    return [{"sound": "gull", **row, **numbers, "n_samples": n_samples} for row in rows]


def judged(**tables):
    return texture_verdicts(TextureTables(**tables), stamp=STAMP)


def find(rows, **cells):
    (row,) = [row for row in rows if all(row[k] == v for k, v in cells.items())]
    return row


ERROR = {"parameter": "gull", "quantity": "error_percent", "kind": "paper"}
SYNCHRONY = {"parameter": "gull", "quantity": "synchrony_kept", "kind": "paper"}
TIME = {"quantity": "seconds_per_iteration"}


@pytest.fixture(scope="module")
def rows():
    return judged(spins=spins(), resynthesis=resynthesis(), cost=cost("cuda"))


def test_every_claim_has_a_row_that_names_its_sound(rows):
    n_claims = (
        len(SPIN_CLAIMS) + len(MADE_SPIN_CLAIMS) + len(ERROR_CLAIMS) + len(SYNCHRONY_CLAIMS) + 1
    )
    assert len(rows) == n_claims == 4 + 4 + 6 + 3 + 1
    assert len({row["id"] for row in rows}) == len(rows)
    assert {row["verdict"] for row in rows} == {"within"}
    for row in rows[:-1]:
        assert row["parameter"] in MADE or "not the paper's" in row["reason"], row["claim"]
    assert {row["at_paper_scale"] for row in rows} == {"no"}


def test_spins_are_named_by_both_signs(rows):
    texts = {row["parameter"]: row["claim"] for row in rows if row["section"] == "2, Fig. 1"}
    assert "theta = -1 (our spin +1)" in texts["am_chirp"]
    assert "theta = +1 (our spin -1)" in texts["dizi"]


@pytest.mark.parametrize(
    ("signal", "ratio", "verdict"),
    [
        ("am_chirp", 3.0, "within"),
        ("am_chirp", 2.9, "outside"),
        ("am_chirp", -9.0, "outside"),
        ("dizi", -3.0, "within"),
        ("dizi", -2.9, "outside"),
        ("gull", 9.0, "outside"),
        ("hawk", -9.0, "outside"),
        ("sine", 2.9, "within"),
        ("sine", -3.0, "outside"),
    ],
)
def test_rule_of_spins(signal, ratio, verdict):
    row = find(judged(spins=spins(**{signal: ratio})), parameter=signal, quantity="spin_ratio_db")
    assert (row["verdict"], row["value_here"]) == (verdict, ratio)


@pytest.mark.parametrize(
    ("iteration", "error", "verdict"),
    [
        (20, "0.1", "within"),
        (20, "0.1001", "outside"),
        (100, "0.03", "within"),
        (100, "0.031", "outside"),
    ],
)
def test_rule_of_errors(iteration, error, verdict):
    table = resynthesis(**{f"error_at_{iteration}": error})
    published = {20: 10.0, 100: 3.0}[iteration]
    row = find(judged(resynthesis=table), **ERROR, value_there=published)
    assert row["verdict"] == verdict
    assert row["value_here"] == pytest.approx(100 * float(error))
    assert "bold driver" in row["claim"]


def test_findings_of_this_project_are_told_from_the_papers_claims(rows):
    descents = {row["kind"]: row["claim"] for row in rows if "error" in row["claim"]}
    assert "bold driver" in descents["paper"]
    assert "L-BFGS" in descents["project"]


@pytest.mark.parametrize(
    ("jtfs", "scattering1d", "verdict"),
    [
        ("0.5", "0.3", "within"),
        ("0.49", "0.0", "outside"),
        ("0.9", "0.71", "outside"),
        ("0.6", "-0.1", "within"),
    ],
)
def test_rule_of_synchrony(jtfs, scattering1d, verdict):
    table = resynthesis()
    for row in table:
        row["synchrony_kept"] = jtfs if row["representation"] == "jtfs" else scattering1d
    row = find(judged(resynthesis=table), **SYNCHRONY)
    assert row["verdict"] == verdict
    assert row["value_here"] == pytest.approx(float(jtfs) - float(scattering1d))
    assert f"JTFS {float(jtfs):.2f}" in row["tolerance"]


def test_few_iterations_are_not_judged():
    table = resynthesis(iterations="3", error_at_20="", error_at_100="")
    for cells in (SYNCHRONY, ERROR | {"value_there": 10.0}):
        row = find(judged(resynthesis=table), **cells)
        assert (row["verdict"], row["value_here"]) == ("not run", None)
        assert row["reason"] == "3 iterations only, at scale demo"
        assert row["command"] == "snakemake --cores all --config scale=paper"


def test_early_stop_and_divergence_are_judged_and_named():
    status = "diverged at iteration 60: error not finite"
    table = resynthesis(iterations="60", status=status, n_samples="8192")
    for cells in (SYNCHRONY, ERROR | {"value_there": 3.0}):
        row = find(judged(resynthesis=table), **cells)
        assert row["verdict"] == "within"
        assert status in row["reason"]
        assert "N = 8192, the paper's 65536" in row["reason"]


def test_no_synchrony_to_keep():
    row = find(judged(resynthesis=resynthesis(synchrony_kept="")), **SYNCHRONY)
    assert row["reason"].startswith("gull has no synchrony to keep")


@pytest.mark.parametrize(
    ("seconds", "verdict"), [("0.72", "within"), ("0.721", "outside"), ("0.05", "within")]
)
def test_rule_of_time(seconds, verdict):
    row = find(judged(cost=cost("cuda", seconds)), **TIME)
    assert (row["verdict"], row["value_there"]) == (verdict, 0.72)


def test_time_is_the_slowest_and_of_jtfs():
    table = cost("cuda", "0.1")
    table[1]["seconds_per_iteration"] = "0.3"  # jtfs
    table[0]["seconds_per_iteration"] = "5.0"  # scattering1d
    assert find(judged(cost=table), **TIME)["value_here"] == 0.3


def test_time_of_no_iteration_is_not_judged():
    row = find(judged(cost=cost("cuda", "")), **TIME)
    assert row["reason"] == "a GPU: this run has no resynthesis from jtfs"


def test_time_without_a_gpu_names_the_cpu():
    for table in (cost(), cost("cuda", n_samples="8192")):
        row = find(judged(cost=table), **TIME)
        assert (row["verdict"], row["value_here"]) == ("not run", None)
        assert "device=cuda" in row["command"]
    why = find(judged(cost=cost()), **TIME)["reason"]
    assert why == "a GPU: this run took N = 65536 on cpu"
    assert why == find(judged(cost=cost(seconds="9.9")), **TIME)["reason"]


def test_without_tables_nothing_is_judged():
    rows = judged()
    assert {row["verdict"] for row in rows} == {"not run"}
    whys = {row["reason"] for row in rows[:-1]}
    assert [why.split(":")[0] for why in whys] == ["Sections 2 and 5 are not part of this run"]
    assert all(row["command"].startswith("snakemake --cores all --config") for row in rows)
    assert {row["scale"] for row in rows} == {"demo"}


def test_what_is_missing_is_named_with_a_remedy():
    table = [row for row in resynthesis() if row["sound"] == "gull" and row["descent"] == "lbfgs"]
    rows = judged(spins=spins()[1:], resynthesis=table)
    why = find(rows, **SYNCHRONY)["reason"]
    assert why == "no resynthesis of gull from jtfs by bold_driver in this run"
    hawk = find(rows, parameter="hawk", quantity="synchrony_kept")
    assert hawk["reason"].startswith("no resynthesis of hawk from jtfs by lbfgs")
    chirp = find(rows, parameter="am_chirp")
    assert chirp["reason"] == "am_chirp is not in the table of spins"


def test_stamp_is_the_tables():
    paper = Stamp(scale="paper", preset="paper", device="cuda")
    rows = judged(resynthesis=resynthesis(stamp=paper))
    assert {(row["scale"], row["at_paper_scale"]) for row in rows} == {("paper", "yes")}
