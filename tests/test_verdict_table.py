"""The whole table of verdicts: nothing empty, everything covered, no number of another scale."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
import study_standins
from medley_standins import tables as medley_tables
from test_texture_verdicts import cost, resynthesis, spins

from jtfs_repro import io
from jtfs_repro.datasets.medley_solos_db import CLASSES, SUBSETS, SUPPORTS
from jtfs_repro.experiments.context_claims import CONTEXT_CLAIMS
from jtfs_repro.experiments.cqt_chirps import cqt_chirps
from jtfs_repro.experiments.data_claims import DataTables, data_rows
from jtfs_repro.experiments.defaults_claims import DEFAULTS_CLAIMS
from jtfs_repro.experiments.fact_claims import fact_rows, setting
from jtfs_repro.experiments.gin_settings import GinSettings
from jtfs_repro.experiments.published import CLASS_ORDER, REAL
from jtfs_repro.experiments.scores import scores
from jtfs_repro.experiments.speed_claims import RATIOS, TIME_BOUNDS, speed_rows
from jtfs_repro.experiments.structure_facts import absolute_paths
from jtfs_repro.experiments.verdict_rows import NO_STAGE, VERDICTS, checked
from jtfs_repro.experiments.verdict_table import Sources, all_verdicts, columns_by_scale, markdown
from jtfs_repro.experiments.verdicts import verdicts
from jtfs_repro.provenance import Stamp
from jtfs_repro.site.verdict_page import verdict_page

ROOT = Path(__file__).parent.parent
STAMP = study_standins.STAMP
DEMO = Stamp(scale="demo", preset="paper", device="cpu")
# What reference tables say that the verdicts have to hold, by identifier.
LATER = """
tutorial-accuracy-cqt tutorial-accuracy-scattering1d tutorial-accuracy-jtfs tutorial-loss-cqt
tutorial-loss-scattering1d tutorial-loss-jtfs tutorial-set-up tutorial-clips
resynthesis-error-gull-bold-driver-20 resynthesis-error-gull-bold-driver-100
speed-jtfs-iteration-gpu notebook-seconds-scattering-m notebook-speed-up
notebook-loss-at-0 notebook-loss-at-10 notebook-loss-at-20 notebook-loss-at-30 notebook-loss-at-40
notebook-loss-at-50 notebook-loss-at-100 notebook-loss-at-190 notebook-seconds-in-total
notebook-seconds-per-iteration speed-gradient-field checkpoint-validation
scrapl-ms-jtfs-kymatio scrapl-mb-jtfs-kymatio scrapl-ms-scrapl scrapl-mb-scrapl
scrapl-ms-ms-clap scrapl-ms-panns scrapl-ms-mss-linear scrapl-ms-mss-random scrapl-ms-mss-log-lin
scrapl-ms-mss-revisited scrapl-ms-p-loss scrapl-mb-ms-clap scrapl-mb-panns scrapl-mb-mss-linear
scrapl-mb-mss-random scrapl-mb-mss-log-lin scrapl-mb-mss-revisited scrapl-mb-p-loss
scrapl-granular-l1-p-loss scrapl-granular-l1-jtfs scrapl-granular-l1-scrapl
scrapl-granular-l1-scrapl-without-importance-sampling scrapl-granular-l1-scrapl-with-p-adam-only
scrapl-granular-l1-plain-scrapl scrapl-granular-l1-panns scrapl-granular-l1-clap
scrapl-granular-l1-mss scrapl-granular-steps-p-loss scrapl-granular-steps-jtfs
scrapl-granular-steps-scrapl scrapl-tr808-jtfs scrapl-tr808-scrapl scrapl-tr808-mss-lin
scrapl-tr808-fad scrapl-paths-315 scrapl-paths-483
related-jasmp-2021 related-dlfm-2018-technique related-dlfm-2018-instrument
related-icassp-2020-flute related-ismir-2019-adaptive related-pnp related-mesostructures
related-ada-stft-basic related-ada-stft-window related-ada-stft-dft related-ada-stft-window-and-dft
related-ada-stft-test related-timbre-2025
"""
TABLE2 = {
    f"table2-{model}-{name.replace(' ', '-')}"
    for model in ("cqt", "scattering1d", "jtfs")
    for name in ("average", *CLASS_ORDER)
}
FIGURES = """
fig1-pair-am-chirp
fig1-spin-am-chirp fig1-spin-dizi fig1-spin-gull fig1-spin-hawk fig2-f-c fig2-f-m fig2-gamma
fig2-rate-gamma-0-5 fig2-rate-gamma-4 fig2-bandwidth-gamma-0-5 fig2-bandwidth-gamma-4
fig3-mfcc-mesh fig3-scattering1d-q1-mesh fig3-jtfs-mesh fig3-scattering1d-q8-mesh fig3-strf-f-m
fig3-openl3-f-m fig4-jtfs-f-m fig4-openl3-gamma fig5-caption fig6-arrow fig6-views table1-input
table1-kernels table1-channels table1-block-1 table1-block-2 table1-block-3 table1-pool table1-se
table1-head table1-parameters-jtfs table1-parameters-cqt table1-parameters-scattering1d
chirps-count clips-all clips-duration section4-jtfs-above-linear section4-jtfs-above-spiral
section4-jtfs-below-yamnet
"""


@pytest.fixture(scope="module")
def chirps():
    theta = study_standins.grid(3)
    return scores(study_standins.study(theta), theta, stamp=STAMP, n_bootstrap=5)


@pytest.fixture(scope="module")
def rows(chirps):
    tables = {"spins": spins(), "resynthesis": resynthesis(), "resynthesis-cost": cost()}
    sources = Sources(knn=chirps.knn, embedding=chirps.embedding, tables=tables)
    return all_verdicts(sources, judge=verdicts)


def find(rows, **cells):
    (row,) = [row for row in rows if all(row[k] == v for k, v in cells.items())]
    return row


def test_no_verdict_is_empty_and_no_identifier_twice(rows):
    assert len({row["id"] for row in rows}) == len(rows) > 300
    assert {row["verdict"] for row in rows} == set(VERDICTS)


def test_not_run_says_what_is_missing_and_the_one_command(rows):
    absent = [row for row in rows if row["verdict"] == "not run"]
    workflow = r"snakemake --cores all( ablation)?( --config .*)?"
    known = re.compile(workflow + r'|(make peers && )?make benchmark OPTIONS=".*"')
    for row in absent:
        assert len(row["reason"]) > 8, row["id"]
        assert row["command"] == NO_STAGE or known.fullmatch(row["command"]), row["id"]
        assert row["value_here"] is None
    assert all(row["command"] == "" for row in rows if row["verdict"] != "not run")


def test_every_judged_row_has_its_tolerance_with_a_reason(rows):
    for row in rows:
        if row["verdict"] != "not run":
            assert row["tolerance"], row["id"]
            assert row["tolerance_reason"], row["id"]


@pytest.mark.parametrize("words", [LATER, FIGURES, " ".join(TABLE2)], ids=["later", "paper", "t2"])
def test_what_was_published_is_covered(rows, words):
    assert set(words.split()) <= {row["id"] for row in rows}


def test_every_disagreement_and_defect_is_covered(rows):
    """29 disagreements, of which five are the code's alone, and 11 defects."""
    ids = [row["id"] for row in rows]
    for number in range(1, 30):
        found = [i for i in ids if i.startswith(f"code-{number:02d}-")]
        assert len(found) == (1 if number in (5, 8, 18, 26) else 2), found
    assert len([i for i in ids if re.match(r"defect-\d\d-", i)]) == 11
    assert {row["verdict"] for row in rows if row["id"].startswith("defect-")} == {"within"}


def test_clips_of_every_class_and_subset_are_covered(rows):
    wanted = {row["id"]: row["value_there"] for row in rows if row["id"].startswith("clips-")}
    assert len(wanted) == 1 + len(SUBSETS) * (1 + len(CLASSES)) + 1
    assert wanted["clips-test-flute"] == 3167
    assert wanted["clips-training"] == 5841


def test_our_presets_follow_what_they_name(rows):
    """The disagreements that are followed and those that are not, by number."""
    outside = {
        "paper": {6, 7, 19, 24, 25, 27, 28},
        "as-coded": {11, 23, 29},
    }
    for row in (row for row in rows if row["id"].startswith("code-")):
        side = "as-coded" if row["id"].endswith("as-coded") else "paper"
        is_outside = int(row["id"][5:7]) in outside[side]
        assert row["verdict"] == ("outside" if is_outside else "within"), row["id"]
        assert row["preset"] == ("as_coded" if side == "as-coded" else "paper")
        assert row["reason"]


def test_settings_are_read_and_not_copied(tmp_path):
    for path in sorted((ROOT / "gin").rglob("*.gin")):
        text = path.read_text().replace("(4.0, 16.0)", "(4.0, 17.0)")
        target = tmp_path / "gin" / path.relative_to(ROOT / "gin")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    claims = [claim for claim in DEFAULTS_CLAIMS if claim.id.startswith("code-01")]
    found = fact_rows(claims, GinSettings(folder=tmp_path / "gin"), stamp=DEMO)
    assert [row["verdict"] for row in found] == ["within", "outside"]
    assert found[1]["value_here"] == "f_m_hz = (4.0, 17.0)"
    assert found[1]["link"] == "gin/presets/as_coded/chirps.gin"
    (tmp_path / "gin/scale/paper/chirps.gin").write_text("x.Y.folder = '/data'\n")
    assert absolute_paths(GinSettings(folder=tmp_path / "gin")).value == 1


def test_misspelt_setting_is_named():
    claim = setting("a", "3", "a", ("jtfs", "Jtfs.j"), 1)
    with pytest.raises(ValueError, match=r"jtfs.gin: name='Jtfs.j' must end one binding, not 0"):
        fact_rows([claim], GinSettings(), stamp=DEMO)


def test_a_number_of_another_scale_never_stands_in_the_papers_column(rows):
    for row in rows:
        at_paper, here = columns_by_scale(row)
        assert not (at_paper and here)
        if row["scale"] != "paper":
            assert at_paper == "", row["id"]
            assert row["at_paper_scale"] == "no"
    lines = markdown(rows, stamp=STAMP).splitlines()
    heads = next(line for line in lines if line.startswith("| claim |")).split(" | ")
    assert heads[3:5] == ["here, at paper scale", "here, at smoke scale"]
    spin = next(line for line in lines if "falling calls of a gull" in line).split(" | ")
    assert spin[3:5] == ["", "-6"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "Two Words"}, "lower-case words"),
        ({"verdict": ""}, "verdict=''"),
        ({"verdict": "not run"}, "have a reason, a command and no value"),
        ({"verdict": "not run", "value_here": None, "reason": "a GPU"}, "have a reason, a command"),
        ({"value_here": None}, "have a value and a tolerance"),
        ({"value_here": float("nan")}, "be finite"),
        ({"tolerance": ""}, "have a value and a tolerance"),
        ({"kind": "rumour"}, "kind='rumour'"),
        ({"scale": "demo", "at_paper_scale": "yes"}, "be 'paper' at paper scale"),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused(rows, changes, message):
    row = find(rows, id="chirps-count")
    with pytest.raises(ValueError, match=message):
        checked([row | changes])


def test_two_rows_of_one_identifier_are_refused(rows):
    with pytest.raises(ValueError, match="id='chirps-count' must be unique"):
        checked([find(rows, id="chirps-count")] * 2)


def benchmark(**cells):
    known = {"study": "transform", "program": "ours", "mode": "training", "device": "cpu"}
    known |= {"allocator": "tuned", "batch": "1", "configuration": "resynthesis", "status": "run"}
    known |= {"seconds": "0.5", "seconds_q1": "0.4", "seconds_q3": "0.6", "calls": "5"}
    return known | {"threads": "2", "machine": "a CPU", "peak_bytes": "1e9"} | cells


def test_time_of_a_cpu_is_never_set_against_a_gpu():
    rows = speed_rows([benchmark()], stamp=DEMO, link="benchmarks")
    assert {row["verdict"] for row in rows} == {"not run"}
    assert len(rows) == len(TIME_BOUNDS) + len(RATIOS)
    gpu = benchmark(device="cuda", allocator="caching")
    row = find(speed_rows([gpu], stamp=DEMO, link="b"), id="speed-benchmark-iteration-gpu")
    assert (row["verdict"], row["value_here"], row["device"]) == ("within", 0.5, "cuda")
    slow = benchmark(device="cuda", allocator="caching", seconds="0.73")
    row = find(speed_rows([slow], stamp=DEMO, link="b"), id="speed-benchmark-iteration-gpu")
    assert row["verdict"] == "outside"


def test_ratio_is_of_one_machine_and_allocator():
    peer = benchmark(program="kymatio", seconds="10", seconds_q1="9", seconds_q3="12")
    name = {"id": "speed-kymatio-resynthesis-training-cpu"}
    row = find(speed_rows([benchmark(), peer], stamp=DEMO, link="b"), **name)
    assert (row["verdict"], row["value_here"]) == ("within", 20.0)
    assert row["interval"] == "15 to 30 (quartiles)"
    other = peer | {"allocator": "default"}
    row = find(speed_rows([benchmark(), other], stamp=DEMO, link="b"), **name)
    assert (row["verdict"], row["command"][:10]) == ("not run", "make peers")


def test_clips_are_counted_where_the_real_set_is():
    clips = [
        {"subset": subset, "instrument": name}
        for subset in SUBSETS
        for name, n in zip(CLASSES, SUPPORTS[subset], strict=True)
        for _ in range(n)
    ]
    counted = data_rows(DataTables(clips=clips), stamp=DEMO)
    found = [row for row in counted if row["quantity"] == "clips"]
    assert {row["verdict"] for row in found} == {"within"}
    row = find(data_rows(DataTables(clips=clips[1:]), stamp=DEMO), id="clips-training-clarinet")
    assert (row["verdict"], row["value_here"]) == ("outside", 250)


def test_figure_2_is_measured(chirps):
    from jtfs_repro.datasets.chirps import ChirpSynthesis
    from jtfs_repro.features.cqt import Cqt

    options = GinSettings().options("cqt_chirps", "Cqt")
    made = cqt_chirps(
        f_c_hz=512.0,
        f_m_hz=3.0,
        gamma_oct_per_s=(0.5, 4.0),
        synthesis=ChirpSynthesis(),
        cqt=lambda **sizes: Cqt(**sizes, **options),
    ).arrays()
    rows = [r for r in data_rows(DataTables(cqt=made), stamp=DEMO) if r["section"] == "3, Fig. 2"]
    assert {row["verdict"] for row in rows} == {"within"}
    assert {row["at_paper_scale"] for row in rows} == {"yes"}  # one setting at every scale
    slower = made | {"times_s": 1.1 * made["times_s"]}
    rows = data_rows(DataTables(cqt=slower), stamp=DEMO)
    assert find(rows, id="fig2-rate-gamma-0-5")["verdict"] == "outside"
    flat = made | {"magnitude": np.ones_like(made["magnitude"])}
    assert len(data_rows(DataTables(cqt=flat), stamp=DEMO)) == len(rows)


def test_context_says_that_no_stage_measures_it():
    assert {claim.command for claim in CONTEXT_CLAIMS} == {NO_STAGE}
    assert all(claim.missing for claim in CONTEXT_CLAIMS)


def test_page_escapes_and_names_both_columns(rows):
    hostile = find(rows, id="chirps-count") | {
        "claim": "</script><b>bold</b>",
        "reason": '"><img src=x onerror=alert(1)>',
        "link": 'a"onmouseover="b.csv',
    }
    text = verdict_page([hostile, *rows[1:]], stamp=STAMP)
    assert "<b>bold" not in text
    assert "<img" not in text
    assert 'onmouseover="b' not in text
    assert "&lt;b&gt;bold" in text
    assert "here, at paper scale" in text
    assert "here, at smoke scale" in text
    assert text.count("<script>") == 1
    assert "http" not in text  # nothing from a network
    assert text.count('class="row"') == len(rows)


def test_script_writes_three_files_with_links_that_lead_there(chirps, tmp_path, monkeypatch):
    """Run in this process: a process of its own spends most of its time on imports."""
    made = medley_tables(clip_set=REAL)
    tables = {"knn": chirps.knn, "embedding": chirps.embedding, "table2": made.rows}
    tables |= {"differences": made.differences, "seeds": made.seeds, "spins": spins()}
    tables |= {"resynthesis": resynthesis(), "resynthesis-cost": cost()}
    for name, table in tables.items():
        io.save_csv(tmp_path / f"run/{name}.csv", table)
    inputs = [word for name in tables for word in (f"--{name}", f"run/{name}.csv")]
    script = runpy.run_path(str(ROOT / "scripts/tabulate_verdicts.py"))
    monkeypatch.chdir(tmp_path)
    options = script["arguments"]().parse_args([*inputs, "--table", "run/verdicts.csv"])
    script["main"](options)
    found = io.load_csv(tmp_path / "run/verdicts.csv")
    assert find(found, id="table2-jtfs-average")["link"] == "table2.csv"
    assert find(found, id="chirps-count")["link"] == "../gin/experiments/chirps.gin"
    assert find(found, id="fig1-spin-gull")["verdict"] == "within"
    assert checked(found)[0]["id"] == found[0]["id"]  # read back, the rules still hold
    assert find(found, id="fig2-rate-gamma-4")["link"] == ""  # this run has no such table
    assert "/work" not in io.load_text(tmp_path / "run/verdicts.md")
    assert str(tmp_path) not in io.load_text(tmp_path / "run/verdicts.html")
