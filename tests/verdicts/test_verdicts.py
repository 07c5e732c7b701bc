"""Verdicts on our own tables: every rule at its bound, what is missing, no number of other data."""

import numpy as np
import pytest
import study_standins
from medley_standins import WHY, not_run, predictions, tables
from study_standins import grid, study
from texture_standins import STAMP
from verdict_standins import (
    MADE,
    benchmark,
    cost,
    edited,
    find,
    judged,
    resynthesis,
    spins,
)

from jtfs_repro import io
from jtfs_repro.datasets.medley_solos_db import CLASSES, SUBSETS, SUPPORTS
from jtfs_repro.plots.classifiers import REAL
from jtfs_repro.provenance import Stamp
from jtfs_repro.studies.chirps.ablation import ablation
from jtfs_repro.studies.chirps.scores import FLOOR, scores

THETA = grid()
CHIRP_CLAIMS = ("fig3-", "fig4-", "strf-", "ablation-")


# ---- Section 3: chirps ----


@pytest.fixture(scope="module")
def chirps():
    made = scores(study(THETA), THETA, stamp=study_standins.STAMP, n_bootstrap=50)
    return {"knn": made.knn, "embedding": made.embedding}


@pytest.fixture(scope="module")
def chirp_rows(chirps):
    return judged(*CHIRP_CLAIMS, **chirps)


def test_claims_that_hold_and_fail(chirp_rows):
    """The stand-ins obey the paper, except that STRF keeps f_m."""
    assert find(chirp_rows, representation="mfcc", parameter="")["verdict"] == "within"
    assert find(chirp_rows, representation="jtfs", parameter="")["verdict"] == "within"
    strf = [r for r in chirp_rows if r["representation"] == "strf" and r["parameter"] == "f_m"]
    assert [row["verdict"] for row in strf] == ["outside", "outside"]
    real = [r for r in chirp_rows if r["representation"] == "strf_real" and r["parameter"] == "f_m"]
    assert [row["verdict"] for row in real] == ["within"] * 3


def test_value_and_tolerance_are_printed(chirps, chirp_rows):
    row = find(chirp_rows, representation="jtfs", parameter="f_m", quantity="share_0.75_to_1.5")
    best = find(chirps["knn"], representation=FLOOR, parameter="f_m", mean="arithmetic")
    limit = 0.9 * best["share_0.75_to_1.5"]
    assert row["tolerance"] == (f">= {limit:.3g} (0.9 x floor {best['share_0.75_to_1.5']:.3g})")
    assert (row["verdict"] == "within") == (row["value_here"] >= limit)


@pytest.mark.parametrize(("median", "verdict"), [(0.1374, "within"), (0.1376, "outside")])
def test_about_one_is_ten_percent(chirps, median, verdict):
    cells = {"representation": "jtfs", "parameter": "f_c", "mean": "arithmetic"}
    knn = edited(chirps["knn"], {"median_abs_log2": median}, **cells)
    (row,) = judged("fig4-jtfs-f-c", **chirps | {"knn": knn})
    assert (row["verdict"], row["tolerance"]) == (verdict, "< 0.138")


@pytest.mark.parametrize(("rho", "verdict"), [(0.9, "within"), (0.899, "outside")])
def test_one_lost_parameter_breaks_the_mesh(chirps, rho, verdict):
    embedding = edited(chirps["embedding"], {"direction_rho_f_m": rho}, representation="jtfs")
    (row,) = judged("fig3-jtfs-mesh", **chirps | {"embedding": embedding})
    assert row["verdict"] == verdict


def test_not_aligned_is_below_the_bound(chirps):
    embedding = edited(chirps["embedding"], {"direction_rho_f_m": 0.9}, representation="mfcc")
    (row,) = judged("fig3-mfcc-f-m", **chirps | {"embedding": embedding})
    assert (row["verdict"], row["tolerance"]) == ("outside", "< 0.9")


def test_not_run_says_why(chirp_rows):
    openl3 = [row for row in chirp_rows if row["representation"] == "openl3"]
    assert {(r["verdict"], r["reason"], r["value_here"]) for r in openl3} == {
        ("not run", study_standins.WHY, None)
    }
    command = "snakemake --cores all --config scale=smoke openl3_download=always"
    assert {r["command"] for r in openl3} == {command}
    assert len(openl3) == 4


def test_missing_representation_is_not_run(chirps):
    fewer = {k: [row for row in v if row["representation"] != "strf"] for k, v in chirps.items()}
    found = judged(*CHIRP_CLAIMS, **fewer)
    assert {row["verdict"] for row in found if row["representation"] == "strf"} == {"not run"}
    assert find(found, quantity="log2_rmse_low")["reason"].startswith("strf is not in the list")


def test_only_paper_scale_is_called_so(chirps, chirp_rows):
    assert {row["at_paper_scale"] for row in chirp_rows} == {"no"}
    assert {row["scale"] for row in chirp_rows} == {"smoke"}
    measured = [row for row in chirp_rows if row["verdict"] != "not run"]
    assert {row["reason"] for row in measured} == {"125 chirps, the paper has 4096"}
    paper = {k: [row | {"scale": "paper"} for row in rows] for k, rows in chirps.items()}
    published = judged(*CHIRP_CLAIMS, **paper)
    assert {row["at_paper_scale"] for row in published} == {"yes"}
    assert {row["reason"] for row in published if row["verdict"] != "not run"} == {""}


def test_mean_is_chosen(chirps, chirp_rows):
    (geometric,) = judged("fig4-mfcc-f-m", mean="geometric", **chirps)
    assert geometric["mean"] == "geometric"
    assert geometric["value_here"] != find(chirp_rows, id="fig4-mfcc-f-m")["value_here"]
    with pytest.raises(ValueError, match="mean='median'"):
        judged("fig4-", mean="median", **chirps)


def test_strf_finding_compares_intervals(chirps, chirp_rows):
    row = find(chirp_rows, quantity="log2_rmse_low")
    cells = {"parameter": "f_m", "mean": "arithmetic"}
    real = find(chirps["knn"], representation="strf_real", **cells)
    modulus = find(chirps["knn"], representation="strf", **cells)
    assert row["value_here"] == real["log2_rmse_low"]
    assert row["tolerance"].startswith(f">= {modulus['log2_rmse_high']:.3g}")
    assert row["verdict"] == "within"


def test_ablation_finding(chirps, chirp_rows):
    for row in (row for row in chirp_rows if row["id"].startswith("ablation")):
        assert row["verdict"] == "not run"
        assert row["command"] == "snakemake --cores all ablation --config scale=smoke"
        assert row["kind"] == "project"
    runs = {"fm32_J12": chirps["knn"], "fm32_J14": chirps["knn"]}
    orders = ablation(runs, stamp=study_standins.STAMP).orders
    f_m, octaves = judged("ablation-", **chirps, ablation=orders)
    assert f_m["verdict"] == "not run"
    assert f_m["reason"] == "no two runs differ in f_m range alone"
    assert octaves["verdict"] == "within"
    worse = edited(orders, {"kendall_tau": 0.9}, parameter="all")
    assert judged("ablation-j", **chirps, ablation=worse)[0]["verdict"] == "outside"


def test_figure_2_is_measured():
    from jtfs_repro.datasets.chirps import ChirpSynthesis
    from jtfs_repro.features.cqt import Cqt
    from jtfs_repro.studies.chirps.cqt_chirps import cqt_chirps
    from jtfs_repro.verdicts.ridges import ridges
    from jtfs_repro.verdicts.settings import GinSettings

    options = GinSettings().options("cqt_chirps", "Cqt")
    made = cqt_chirps(
        f_c_hz=512.0,
        f_m_hz=3.0,
        gamma_oct_per_s=(0.5, 4.0),
        synthesis=ChirpSynthesis(),
        cqt=lambda **sizes: Cqt(**sizes, **options),
    ).arrays()
    rows = judged("fig2-rate", "fig2-bandwidth", cqt=ridges(made))
    assert {row["verdict"] for row in rows} == {"within"}
    assert {row["at_paper_scale"] for row in rows} == {"yes"}  # one setting at every scale
    slower = ridges(made | {"times_s": 1.1 * made["times_s"]})
    assert judged("fig2-rate-gamma-0-5", cqt=slower)[0]["verdict"] == "outside"
    flat = ridges(made | {"magnitude": np.ones_like(made["magnitude"])})
    assert len(judged("fig2-rate", cqt=flat)) == 2


# ---- Section 4: instruments ----


@pytest.fixture(scope="module")
def made():
    return tables(clip_set=REAL)


def section4(made, *, table2=None, differences=None, seeds=None):
    rows = {"table2": table2 or made.rows, "differences": differences or made.differences}
    return judged("table2-", "section4-jtfs", **rows, seeds=seeds or made.seeds)


def cell(made, **changes):
    rows = section4(made, table2=edited(made.rows, changes, model="jtfs"))
    return find(rows, id="table2-jtfs-average")


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
    row = cell(made, average_mean=mean, average_low=low, average_high=high)
    assert row["verdict"] == verdict
    assert row["value_there"] == "81.4 ± 0.6"
    assert row["value_here"] == mean


def test_tolerance_says_which_bound_held(made):
    narrow = cell(made, average_mean=81.0, average_low=80.9, average_high=81.1)
    assert narrow["tolerance"] == "81.4 ± 1.2 (2 published sd)"
    wide = cell(made, average_mean=81.0, average_low=78.0, average_high=84.0)
    assert wide["tolerance"] == "81.4 ± 3 (half our interval)"
    blank = cell(made, average_mean=81.0, average_low=None, average_high=float("nan"))
    assert blank["tolerance"] == "81.4 ± 1.2 (2 published sd)"


def test_class_without_clips_is_not_run(made):
    rows = section4(made, table2=edited(made.rows, {"flute_mean": float("nan")}, model="jtfs"))
    row = find(rows, id="table2-jtfs-flute")
    assert (row["verdict"], row["reason"]) == ("not run", "a class has no test clip")


@pytest.mark.parametrize(("low", "verdict"), [(0.1, "within"), (0.0, "outside"), (-0.1, "outside")])
def test_order_needs_the_whole_interval(made, low, verdict):
    differences = edited(made.differences, {"low": low}, pair="jtfs - scattering1d")
    differences = edited(differences, {"low": 3.0}, pair="scattering1d - cqt")
    found = section4(made, differences=differences)
    assert find(found, representation="jtfs > scattering1d")["verdict"] == verdict
    assert find(found, representation="jtfs > scattering1d > cqt")["verdict"] == verdict
    assert find(found, representation="scattering1d > cqt")["verdict"] == "within"


def test_order_counts_the_seeds(made):
    seeds = edited(made.seeds, {"average": 0.0}, model="jtfs", seed=1)
    row = find(section4(made, seeds=seeds), representation="jtfs > scattering1d")
    assert row["tolerance"].endswith("(holds on 2 of 3 seeds)")


@pytest.mark.parametrize(("low", "verdict"), [(78.1, "within"), (78.0, "outside")])
def test_above_the_linear_classifier(made, low, verdict):
    rows = section4(made, table2=edited(made.rows, {"average_low": low}, model="jtfs"))
    row = find(rows, id="section4-jtfs-above-linear")
    assert (row["verdict"], row["value_there"]) == (verdict, "78")


@pytest.mark.parametrize(("high", "verdict"), [(92.9, "within"), (93.0, "outside")])
def test_below_the_pretrained_network(made, high, verdict):
    rows = section4(made, table2=edited(made.rows, {"average_high": high}, model="jtfs"))
    assert find(rows, id="section4-jtfs-below-yamnet")["verdict"] == verdict


@pytest.mark.parametrize(("difference", "verdict"), [(12.3, "within"), (12.5, "outside")])
def test_gain_has_the_deviation_of_two_rows(made, difference, verdict):
    """2 sqrt(0.6^2 + 2.4^2) = 4.95 points around 7.4."""
    ends = {"difference": difference, "low": difference - 0.1, "high": difference + 0.1}
    rows = section4(made, differences=edited(made.differences, ends, pair="jtfs - scattering1d"))
    assert find(rows, representation="jtfs - scattering1d")["verdict"] == verdict


def test_other_clips_are_never_set_against_the_paper():
    rows = section4(tables())
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


def test_intervals_seeds_and_scale_are_given(made):
    rows = section4(made)
    row = find(rows, id="table2-jtfs-average")
    low, high = map(float, row["interval"].split(" to "))
    assert low < row["value_here"] < high
    assert (row["seeds"], row["link"]) == ("3 seeds", "table2")
    assert {row["reason"] for row in rows} == {"scale demo, 192 of 12236 test clips"}


def test_without_section_4_nothing_is_judged():
    rows = judged("table2-", "section4-jtfs")
    assert {row["verdict"] for row in rows} == {"not run"}
    assert {row["reason"].split(";")[0] for row in rows} == {"Section 4 is not part of this run"}


def test_models_that_did_not_run():
    runs = [p for p in predictions() if p.model in ("mfcc_svm", "jtfs", "cqt")]
    rows = section4(tables(runs, clip_set=REAL))
    row = find(rows, representation="scattering1d", parameter="average")
    assert row["reason"].startswith("not in the list of classifiers")
    assert find(rows, representation="jtfs > scattering1d > cqt")["verdict"] == "not run"
    absent = [not_run(p.model, p.seed) for p in runs]
    rows = section4(tables(absent, clip_set=REAL))
    assert find(rows, representation="cqt", parameter="flute")["reason"] == WHY


def test_one_song_per_class_cannot_order():
    rows = section4(tables(predictions(n_songs=1)))
    row = find(rows, representation="jtfs > scattering1d")
    assert (row["verdict"], row["value_here"]) == ("not run", None)
    assert row["reason"].startswith("no interval: a class has clips of one song only")


def test_tables_read_back_give_the_same_verdicts(made, chirps, chirp_rows, tmp_path):
    again = {}
    named = {"table2": made.rows, "differences": made.differences, "seeds": made.seeds}
    for name, table in (named | chirps).items():
        io.save_csv(tmp_path / name, table)
        again[name] = io.load_csv(tmp_path / name)
    found = judged("table2-", "section4-jtfs", **again)
    assert [row["tolerance"] for row in found] == [row["tolerance"] for row in section4(made)]
    assert {row["scale"] for row in found} == {"demo"}  # the tables', not the run's
    found = judged(*CHIRP_CLAIMS, **again)
    assert [row["verdict"] for row in found] == [row["verdict"] for row in chirp_rows]


def test_clips_are_counted_where_the_real_set_is(made):
    clips = [
        {"subset": subset, "instrument": name}
        for subset in SUBSETS
        for name, n in zip(CLASSES, SUPPORTS[subset], strict=True)
        for _ in range(n)
    ]
    claims = ("clips-all", "clips-t", "clips-v")
    found = judged(*claims, clips=clips, table2=made.rows)
    assert len(found) == 1 + len(SUBSETS) * (1 + len(CLASSES))
    assert {row["verdict"] for row in found} == {"within"}
    row = find(judged(*claims, clips=clips[1:], table2=made.rows), id="clips-training-clarinet")
    assert (row["verdict"], row["value_here"]) == ("outside", 250)
    others = judged(*claims, clips=clips, table2=tables().rows)  # of another clip set
    assert {row["verdict"] for row in others} == {"not run"}


# ---- Sections 2 and 5: spins, resynthesis, speed ----

TEXTURES = ("fig1-spin", "resynthesis-", "speed-jtfs")
ERRORS = {
    20: "resynthesis-error-gull-bold-driver-20",
    100: "resynthesis-error-gull-bold-driver-100",
}
SYNCHRONY = "resynthesis-synchrony-gull-bold-driver"
TIME = "speed-jtfs-iteration-gpu"


def one(id, **tables):
    return find(judged(*TEXTURES, **tables), id=id)


def test_every_row_names_its_sound():
    made = {"spins": spins(), "resynthesis": resynthesis(), "resynthesis_cost": cost("cuda")}
    rows = judged(*TEXTURES, **made)
    assert len(rows) == 4 + 4 + 6 + 3 + 1
    assert {row["verdict"] for row in rows} == {"within"}
    for row in rows[:-1]:
        assert row["parameter"] in MADE or "not the paper's" in row["reason"], row["claim"]
    assert {row["at_paper_scale"] for row in rows} == {"no"}


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
    row = find(judged("fig1-spin", spins=spins(**{signal: ratio})), parameter=signal)
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
    row = one(ERRORS[iteration], resynthesis=resynthesis(**{f"error_at_{iteration}": error}))
    assert row["verdict"] == verdict
    assert row["value_here"] == pytest.approx(100 * float(error))


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
    row = one(SYNCHRONY, resynthesis=table)
    assert row["verdict"] == verdict
    assert row["value_here"] == pytest.approx(float(jtfs) - float(scattering1d))
    assert f"JTFS {float(jtfs):.2f}" in row["tolerance"]


@pytest.mark.parametrize("id", [SYNCHRONY, ERRORS[20]])
def test_few_iterations_are_not_judged(id):
    table = resynthesis(iterations="3", error_at_20="", error_at_100="")
    row = one(id, resynthesis=table)
    assert (row["verdict"], row["value_here"]) == ("not run", None)
    assert row["reason"] == "3 iterations only, at scale demo"
    assert row["command"] == "snakemake --cores all --config scale=paper"


@pytest.mark.parametrize("id", [SYNCHRONY, ERRORS[100]])
def test_early_stop_and_divergence_are_judged_and_named(id):
    status = "diverged at iteration 60: error not finite"
    row = one(id, resynthesis=resynthesis(iterations="60", status=status, n_samples="8192"))
    assert row["verdict"] == "within"
    assert status in row["reason"]
    assert "N = 8192, the paper's 65536" in row["reason"]


def test_no_synchrony_to_keep():
    row = one(SYNCHRONY, resynthesis=resynthesis(synchrony_kept=""))
    assert row["reason"].startswith("gull has no synchrony to keep")


@pytest.mark.parametrize(
    ("seconds", "verdict"), [("0.72", "within"), ("0.721", "outside"), ("0.05", "within")]
)
def test_rule_of_time(seconds, verdict):
    assert one(TIME, resynthesis_cost=cost("cuda", seconds))["verdict"] == verdict


def test_time_is_the_slowest_and_of_jtfs():
    table = cost("cuda", "0.1")
    table[1]["seconds_per_iteration"] = "0.3"  # jtfs
    table[0]["seconds_per_iteration"] = "5.0"  # scattering1d
    assert one(TIME, resynthesis_cost=table)["value_here"] == 0.3


def test_time_without_a_gpu_names_the_cpu():
    for table in (cost(), cost("cuda", n_samples="8192"), cost("cuda", "")):
        row = one(TIME, resynthesis_cost=table)
        assert (row["verdict"], row["value_here"]) == ("not run", None)
        assert "device=cuda" in row["command"]
    assert row["reason"] == "a GPU: this run has no resynthesis from jtfs"
    why = one(TIME, resynthesis_cost=cost())["reason"]
    assert why == "a GPU: this run took N = 65536 on cpu"
    assert why == one(TIME, resynthesis_cost=cost(seconds="9.9"))["reason"]


def test_without_textures_nothing_is_judged():
    rows = judged(*TEXTURES)
    assert {row["verdict"] for row in rows} == {"not run"}
    whys = {row["reason"] for row in rows[:-1]}
    assert [why.split(":")[0] for why in whys] == ["Sections 2 and 5 are not part of this run"]
    assert all(row["command"].startswith("snakemake --cores all --config") for row in rows)
    assert {row["scale"] for row in rows} == {"demo"}


def test_what_is_missing_is_named_with_a_remedy():
    table = [row for row in resynthesis() if row["sound"] == "gull" and row["descent"] == "lbfgs"]
    rows = judged(*TEXTURES, spins=spins()[1:], resynthesis=table)
    why = find(rows, id=SYNCHRONY)["reason"]
    assert why == "no resynthesis of gull from jtfs by bold_driver in this run"
    hawk = find(rows, parameter="hawk", quantity="synchrony_kept")
    assert hawk["reason"].startswith("no resynthesis of hawk from jtfs by lbfgs")
    chirp = find(rows, parameter="am_chirp")
    assert chirp["reason"] == "am_chirp is not in the table of spins"


def test_stamp_is_the_tables():
    paper = Stamp(scale="paper", preset="paper", device="cuda")
    rows = judged("resynthesis-", resynthesis=resynthesis(stamp=paper))
    assert {(row["scale"], row["at_paper_scale"]) for row in rows} == {("paper", "yes")}
    assert STAMP.scale == "demo"


def test_time_of_a_cpu_is_never_set_against_a_gpu():
    claims = ("speed-benchmark", "speed-gradient", "scrapl-m")
    assert {row["verdict"] for row in judged(*claims, benchmarks=[benchmark()])} == {"not run"}
    gpu = benchmark(device="cuda", allocator="caching")
    (row,) = judged("speed-benchmark", benchmarks=[gpu])
    assert (row["verdict"], row["value_here"], row["device"]) == ("within", 0.5, "cuda")
    (row,) = judged("speed-benchmark", benchmarks=[gpu | {"seconds": "0.73"}])
    assert row["verdict"] == "outside"


def test_benchmark_that_failed_or_is_missing_is_not_of_paper_scale():
    paper = Stamp(scale="paper", preset="paper", device="cpu")
    failed = benchmark(device="cuda", status="out of memory")
    for rows in ([], [failed]):
        (row,) = judged("speed-benchmark", stamp=paper, benchmarks=rows)
        assert (row["verdict"], row["at_paper_scale"], row["link"]) == ("not run", "no", "")


def test_ratio_is_of_one_machine_and_allocator():
    peer = benchmark(program="kymatio", seconds="10", seconds_q1="9", seconds_q3="12")
    (row,) = judged("speed-kymatio-resynthesis-training", benchmarks=[benchmark(), peer])
    assert (row["verdict"], row["value_here"]) == ("within", 20.0)
    assert row["interval"] == "15 to 30 (quartiles)"
    other = peer | {"allocator": "default"}
    (row,) = judged("speed-kymatio-resynthesis-training", benchmarks=[benchmark(), other])
    assert (row["verdict"], row["command"][:10]) == ("not run", "make peers")
