"""Snakemake's report: every figure and table in it, with words, run times and no network."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from chromium import Browser, needs_chromium
from jinja2 import Environment
from test_workflow import ROOT, copy_tree, snakemake

from jtfs_repro import io
from jtfs_repro.site import catalogue
from jtfs_repro.site.table_page import table_page

CAPTIONS = ROOT / "rules/captions"
TABLES = ["knn_scores", "embedding_scores", "cost", "spin_leak", "spin_leak_frames"]
TARGETS = ["results/report/cost.html", "img/spin_leak.png"]
# only these two rules: what they read is there, and is not made anew
DAG = [*TARGETS, "--allowed-rules", "render_tables", "plot_spin_leak"]
NOT_IN_A_RUN = {"transform", "dag"}  # of the benchmarks; of `snakemake dag`


class Job:
    """What a caption knows of its job."""

    def __init__(self, run):
        self.wildcards = type("Wildcards", (), {"run": run})()
        self.config = {"scale": "demo", "preset": "paper"}


def in_rules(function):
    """Return the paths that the rules hand to ``function``, loops over names written out."""
    found = []
    for path in sorted((ROOT / "rules").glob("*.smk")):
        found += re.findall(rf'\b{function}\(\s*f?"([^"]+)"', path.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the project with the stored tables of Section 3, a figure, and pages of tables."""
    folder = copy_tree(tmp_path_factory.mktemp("report"))
    (folder / "results").mkdir()
    for name in TABLES:
        shutil.copy2(ROOT / f"results/{name}.csv", folder / "results")
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
    assert all(f'"results/report/{page}"' in text for page in pages)
    assert '"img/spin_leak.png"' in text
    assert catalogue.FIGURES["spin_leak"].title in text
    assert "reflected at its borders" in text  # its caption
    assert re.search(r"Scale demo, preset paper\.", text)
    assert '"runtime"' in text
    assert text.count("render_tables") > 1  # in the graph and in the run times
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


def test_every_figure_and_table_is_in_the_report():
    figures = {Path(path).name.replace("{run}", "") for path in in_rules("figure")}
    assert figures >= set(catalogue.FIGURES) - NOT_IN_A_RUN
    rules = (ROOT / "rules/report.smk").read_text(encoding="utf-8")
    shown = set(re.findall(r'"(\w+)"', rules.partition("\nrule ")[0])) | {"verdicts"}
    tables = {key.rpartition("/")[2] for key in catalogue.TABLES} - NOT_IN_A_RUN
    assert shown == tables


def test_every_figure_and_table_has_a_caption():
    rules = (ROOT / "rules/report.smk").read_text(encoding="utf-8")
    tables = set(re.findall(r'"(\w+)"', rules.partition("\nrule ")[0]))
    names = {Path(path).name.replace("{run}", "") for path in in_rules("figure")}
    names |= {f"table_{name}" for name in [*tables, "medley_cost", "verdicts"]}
    assert {path.stem for path in CAPTIONS.glob("*.rst")} == {*names, "workflow"}


@pytest.mark.parametrize("path", sorted(CAPTIONS.glob("*.rst")), ids=lambda path: path.stem)
def test_a_caption_is_short_and_names_scale_and_preset(path):
    environment = Environment(trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(path.read_text(encoding="utf-8"))
    runs = {"": "demo, preset paper", "paper-as_coded+J14/": "paper, preset as_coded"}
    runs = {"": "demo, preset paper"} if path.stem == "workflow" else runs
    for run, words in runs.items():
        text = template.render(snakemake=Job(run))
        assert f"Scale {words}." in text
        assert len(text.strip().splitlines()) <= 5
    assert "aper" in text


def test_a_page_of_a_table_is_escaped_and_complete(tmp_path):
    rows = [{"model": "<img src=x onerror=alert(1)>", "recall": 12.5, "scale": "smoke"}]
    io.save_csv(tmp_path / "own.csv", rows)
    page = table_page(tmp_path / "own.csv")
    assert "&lt;img src=x onerror" in page
    assert "<img" not in page
    assert '<td class="number">12.5</td>' in page
    assert not re.search(r"(src|href)=", page.replace("src=x", ""))


def test_pages_and_tables_must_be_as_many(tmp_path):
    io.save_csv(tmp_path / "own.csv", [{"a": 1}])
    script = [sys.executable, "scripts/render_tables.py", "--tables", tmp_path / "own.csv"]
    run = [*script, "--pages", tmp_path / "a.html", tmp_path / "b.html"]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "error: pages=2 must name one page for each of 1 tables\n"
    assert not (tmp_path / "a.html").exists()
