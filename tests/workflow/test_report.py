"""Snakemake's report: every figure and table in it, with words, run times and no network."""

import re
import shutil

import pytest
from chromium import Browser, needs_chromium
from test_workflow import ROOT, copy_tree, snakemake

from jtfs_repro import captions, io
from jtfs_repro.site.tables import table_page

CAPTIONS = captions.load(ROOT / "config/captions.yaml")
TABLES = ["knn_scores", "embedding_scores", "cost", "spin_leak", "spin_leak_frames"]
TARGETS = [*(f"results/demo/report/{name}.html" for name in TABLES), "img/spin_leak.png"]
# only these two rules: what they read is there, and is not made anew
DAG = [*TARGETS, "--allowed-rules", "render_table", "plot_spin_leak"]
# made by the benchmarks
NOT_IN_A_RUN = {"transform.png", "transform.csv"}


def in_rules(function, suffix):
    """Return the rows of captions of what the rules hand to ``function``."""
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "rules").glob("*.smk"))
    names = re.findall(rf'\b{function}\(\s*"\w+",\s*"([^"]+)"', text)
    return {captions.row_name(name + suffix, CAPTIONS) for name in names}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the project with the stored tables of Section 3, a figure, and pages of tables."""
    folder = copy_tree(tmp_path_factory.mktemp("report"))
    (folder / "results/demo").mkdir(parents=True)
    for name in TABLES:
        shutil.copy2(ROOT / f"results/demo/{name}.csv", folder / "results/demo")
    status, text = snakemake(folder, *DAG)
    assert status == 0, text
    return folder


@pytest.fixture(scope="module")
def report(tree):
    status, text = snakemake(tree, *DAG, "--report", "report.html")
    assert status == 0, text
    return tree / "report.html"


def test_the_report_holds_figures_tables_captions_and_run_times(report):
    text = report.read_text(encoding="utf-8")
    pages = [f"{name}.html" for name in TABLES]
    assert all(f'"results/demo/report/{page}"' in text for page in pages)
    assert '"img/spin_leak.png"' in text
    assert CAPTIONS["spin_leak.png"].title in text
    assert "reflected at its borders" in text  # its caption
    assert re.search(r"Not in the paper\.\\nScale demo, preset paper\.", text)
    assert "the rest of the columns says how they spread." in text  # the caption of a table
    assert '"runtime"' in text
    assert text.count("render_table") > 1  # in the graph and in the run times
    for title in ("Section 2: joint", "Section 3: manifolds"):
        assert title in text


def test_declared_resources_rerun_nothing(tree, report):
    path = tree / "rules/needs.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("MARGIN = 4", "MARGIN = 8"), encoding="utf-8")
    status, printed = snakemake(tree, "-n", *DAG)
    path.write_text(text, encoding="utf-8")
    assert status == 0, printed
    assert "Nothing to be done" in printed


def test_broken_captions_are_one_line(tree, report):
    path = tree / "config/captions.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("study: textures", "study: birds"), encoding="utf-8")
    status, printed = snakemake(tree, "-n", *DAG)
    path.write_text(text, encoding="utf-8")
    assert status == 1
    assert re.search(
        r"^error: captions: .*fig6_resynthesis\.png: study='birds' must", printed, re.M
    )
    assert "Traceback" not in printed


def test_a_caption_edited_reruns_pages_of_tables_and_no_figure(tree, report):
    path = tree / "config/captions.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("frame by frame.", "by frame."), encoding="utf-8")
    status, printed = snakemake(tree, "-n", *DAG)
    path.write_text(text, encoding="utf-8")
    assert status == 0, printed
    jobs = set(re.findall(r"^(\w+) +\d+$", printed, re.MULTILINE)) - {"total"}
    assert jobs == {"render_table"}


@needs_chromium
def test_the_report_opens_without_a_network(report, tmp_path):
    browser = Browser(tmp_path / "profile")
    try:
        browser.open(report)
        browser.wait("document.body.innerText.includes('Section 3: manifolds of chirps')")
        outside = [r for r in browser.requests if not r.startswith(("file:", "data:", "blob:"))]
        assert outside == []
    finally:
        browser.close()


def test_every_figure_and_table_of_the_captions_is_in_the_report():
    tables = {key for key in CAPTIONS if key.endswith(".csv")}
    assert in_rules("table", ".csv") | {"verdicts.csv"} == tables - NOT_IN_A_RUN
    figures = in_rules("figure", ".png") - {"scale_rate.png"} | {"scale_rate.gif"}
    assert figures == set(CAPTIONS) - tables - NOT_IN_A_RUN


def test_a_page_of_a_table_is_escaped_and_complete(tmp_path):
    rows = [{"model": "<img src=x onerror=alert(1)>", "recall": 12.5, "scale": "smoke"}]
    io.save_csv(tmp_path / "own.csv", rows)
    page = table_page(tmp_path / "own.csv", captions.find(CAPTIONS, "own.csv"))
    assert "&lt;img src=x onerror" in page
    assert "<img" not in page
    assert '<td class="number">12.5</td>' in page
    assert not re.search(r"(src|href)=", page.replace("src=x", ""))
