"""Verdicts: every claim judged, by the written rules, without mixing scales."""

import pytest
from study_standins import STAMP, WHY, grid, study

from jtfs_repro import io
from jtfs_repro.experiments.ablation import ablation
from jtfs_repro.experiments.claims import EMBEDDING_CLAIMS, RATIO_CLAIMS
from jtfs_repro.experiments.scores import FLOOR, scores
from jtfs_repro.experiments.verdicts import verdicts
from jtfs_repro.provenance import Stamp

THETA = grid()
# Published ranges: representation, parameter -> text; the paper's Figure 4 in words.
PUBLISHED = {
    ("scattering1d_q1", "f_c"): "about 1",
    ("jtfs", "f_c"): "about 1",
    ("strf", "f_c"): "about 1",
    ("openl3", "f_c"): "about 1",
    ("mfcc", "f_c"): "about 1",
    ("scattering1d_q1", "f_m"): "f_m 0.75-1.5",
    ("jtfs", "f_m"): "f_m 0.75-1.5",
    ("strf", "f_m"): "outside",
    ("openl3", "f_m"): "outside",
    ("mfcc", "f_m"): "outside",
    ("scattering1d_q1", "gamma"): "gamma 0.75-1.25",
    ("jtfs", "gamma"): "gamma 0.75-1.25",
    ("strf", "gamma"): "gamma 0.75-1.25",
    ("openl3", "gamma"): "gamma 0.75-1.25",
    ("mfcc", "gamma"): "outside",
}


@pytest.fixture(scope="module")
def tables():
    return scores(study(THETA), THETA, stamp=STAMP, n_bootstrap=50)


@pytest.fixture(scope="module")
def rows(tables):
    return verdicts(tables.knn, tables.embedding, stamp=STAMP)


def find(rows, **cells):
    (row,) = [row for row in rows if all(row[k] == v for k, v in cells.items())]
    return row


def edited(rows, changes, **cells):
    match = [all(row[k] == v for k, v in cells.items()) for row in rows]
    assert any(match)
    return [row | changes if hit else row for row, hit in zip(rows, match, strict=True)]


def test_every_published_range_is_a_claim():
    claims = {(c.representation, c.parameter): c.text for c in RATIO_CLAIMS}
    for key, text in PUBLISHED.items():
        assert text in claims[key], key


def test_every_finding_of_figure_3_is_a_claim():
    texts = " | ".join(claim.text for claim in EMBEDDING_CLAIMS)
    for words in ("MFCC lies on a curved 2-D", "Q=1 is a 3-D", "Q=8 is a 3-D", "Q=8 is 2-D"):
        assert words in texts
    assert "OpenL3: f_m not aligned" in texts
    assert "STRF: f_m not aligned" in texts


def test_claims_that_hold_and_fail(rows):
    """The stand-ins obey the paper, except that STRF keeps f_m."""
    assert find(rows, representation="mfcc", parameter="")["verdict"] == "within"
    assert find(rows, representation="jtfs", parameter="")["verdict"] == "within"
    strf = [r for r in rows if r["representation"] == "strf" and r["parameter"] == "f_m"]
    assert [row["verdict"] for row in strf] == ["outside", "outside"]
    real = [r for r in rows if r["representation"] == "strf_real" and r["parameter"] == "f_m"]
    assert [row["verdict"] for row in real] == ["within"] * 3


def test_value_and_tolerance_are_printed(tables, rows):
    row = find(rows, representation="jtfs", parameter="f_m", quantity="share_0.75_to_1.5")
    best = find(tables.knn, representation=FLOOR, parameter="f_m", mean="arithmetic")
    limit = 0.9 * best["share_0.75_to_1.5"]
    assert row["tolerance"] == (f">= {limit:.3g} (0.9 x floor {best['share_0.75_to_1.5']:.3g})")
    assert (row["verdict"] == "within") == (row["value_here"] >= limit)


@pytest.mark.parametrize(("median", "verdict"), [(0.1374, "within"), (0.1376, "outside")])
def test_about_one_is_ten_percent(tables, median, verdict):
    cells = {"representation": "jtfs", "parameter": "f_c", "mean": "arithmetic"}
    knn = edited(tables.knn, {"median_abs_log2": median}, **cells)
    found = verdicts(knn, tables.embedding, stamp=STAMP)
    row = find(found, representation="jtfs", parameter="f_c", quantity="median_abs_log2")
    assert row["verdict"] == verdict
    assert row["tolerance"] == "< 0.138"


@pytest.mark.parametrize(("rho", "verdict"), [(0.9, "within"), (0.899, "outside")])
def test_one_lost_parameter_breaks_the_mesh(tables, rho, verdict):
    embedding = edited(tables.embedding, {"direction_rho_f_m": rho}, representation="jtfs")
    found = verdicts(tables.knn, embedding, stamp=STAMP)
    assert find(found, representation="jtfs", parameter="")["verdict"] == verdict


def test_not_run_says_why(rows):
    openl3 = [row for row in rows if row["representation"] == "openl3"]
    assert {(r["verdict"], r["reason"], r["value_here"]) for r in openl3} == {
        ("not run", WHY, None)
    }
    command = "snakemake --cores all --config scale=smoke openl3_download=always"
    assert {r["command"] for r in openl3} == {command}
    assert len(openl3) == 4


def test_missing_representation_is_not_run(tables):
    knn = [row for row in tables.knn if row["representation"] != "strf"]
    embedding = [row for row in tables.embedding if row["representation"] != "strf"]
    found = verdicts(knn, embedding, stamp=STAMP)
    assert {row["verdict"] for row in found if row["representation"] == "strf"} == {"not run"}
    assert find(found, quantity="log2_rmse_low")["reason"].startswith("strf is not in the list")


def test_only_paper_scale_is_called_so(tables, rows):
    assert {row["at_paper_scale"] for row in rows} == {"no"}
    assert {row["scale"] for row in rows} == {"smoke"}
    judged = [row for row in rows if row["verdict"] != "not run"]
    assert {row["reason"] for row in judged} == {"125 chirps, the paper has 4096"}
    stamp = Stamp(scale="paper", preset="paper", device="cpu")
    published = verdicts(tables.knn, tables.embedding, stamp=stamp)
    assert {row["at_paper_scale"] for row in published} == {"yes"}
    assert {row["reason"] for row in published if row["verdict"] != "not run"} == {""}


def test_mean_is_chosen(tables, rows):
    geometric = verdicts(tables.knn, tables.embedding, stamp=STAMP, mean="geometric")
    cells = {"representation": "mfcc", "parameter": "f_m", "quantity": "share_0.75_to_1.5"}
    assert find(geometric, **cells)["value_here"] != find(rows, **cells)["value_here"]
    with pytest.raises(ValueError, match="mean='median'"):
        verdicts(tables.knn, tables.embedding, stamp=STAMP, mean="median")


def test_strf_finding_compares_intervals(tables, rows):
    row = find(rows, quantity="log2_rmse_low")
    cells = {"parameter": "f_m", "mean": "arithmetic"}
    real = find(tables.knn, representation="strf_real", **cells)
    modulus = find(tables.knn, representation="strf", **cells)
    assert row["value_here"] == real["log2_rmse_low"]
    assert row["tolerance"].startswith(f">= {modulus['log2_rmse_high']:.3g}")
    assert row["verdict"] == "within"


def test_ablation_finding(tables, rows):
    for row in rows[-2:]:
        assert row["verdict"] == "not run"
        assert row["command"] == "snakemake --cores all ablation --config scale=smoke"
        assert row["kind"] == "project"
    orders = ablation({"fm32_J12": tables.knn, "fm32_J14": tables.knn}, stamp=STAMP).orders
    f_m, octaves = verdicts(tables.knn, tables.embedding, stamp=STAMP, ablation=orders)[-2:]
    assert f_m["verdict"] == "not run"
    assert octaves["verdict"] == "within"
    worse = edited(orders, {"kendall_tau": 0.9}, parameter="all")
    *_, octaves = verdicts(tables.knn, tables.embedding, stamp=STAMP, ablation=worse)
    assert octaves["verdict"] == "outside"


def test_tables_read_back_from_csv_give_the_same_verdicts(tables, rows, tmp_path):
    for name in ("knn", "embedding"):
        io.save_csv(tmp_path / name, getattr(tables, name))
    found = verdicts(
        io.load_csv(tmp_path / "knn"), io.load_csv(tmp_path / "embedding"), stamp=STAMP
    )
    assert [row["verdict"] for row in found] == [row["verdict"] for row in rows]
    io.save_csv(tmp_path / "verdicts", found)
