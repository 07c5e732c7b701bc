"""config/captions.yaml: every figure and table in words, and one line for what is wrong in it."""

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import Environment

from jtfs_repro import captions, io
from jtfs_repro.plots.classifiers import CLIP_SETS

ROOT = Path(__file__).parents[1]
FILE = ROOT / "config/captions.yaml"
CAPTIONS = captions.load(FILE)
LEAST_ALT = 20  # characters: words that stand for a picture
SMALL = """
studies: {chirps: {title: Chirps}}
captions: {a.png: {study: chirps, title: A, caption: One., alt: A line.}}
"""


def test_every_row_says_what_is_shown():
    for key, entry in CAPTIONS.items():
        assert entry.title, key
        assert entry.caption.endswith("."), key
        if not key.endswith(".csv"):
            assert len(entry.alt) > LEAST_ALT, key


def test_committed_results_have_a_row():
    listed = subprocess.run(
        ["git", "ls-files", "img", "results"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split()
    for path in listed:
        is_shown = "textures" not in Path(path).parts  # histories are drawn, not listed
        if is_shown and Path(path).suffix in (".png", ".gif", ".csv"):
            assert captions.find(CAPTIONS, path).key in CAPTIONS, path


def test_tables_of_one_name_are_told_apart():
    assert captions.find(CAPTIONS, "results/demo/cost.csv").study.key == "chirps"
    for name in CLIP_SETS:
        assert captions.find(CAPTIONS, f"results/demo/{name}/cost.csv").study.key == "instruments"
        picture = f"img/smoke/{name}_confusion.png"
        assert captions.find(CAPTIONS, picture) is CAPTIONS["instruments/confusion.png"]


def test_a_file_without_a_row_comes_last_under_its_own_name():
    entry = captions.find(CAPTIONS, "results/demo/my own.csv")
    assert (entry.title, entry.study.title) == ("my own", "Beyond the paper")
    assert "my own.csv, without a caption" in entry.caption
    assert entry.place == len(CAPTIONS)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ({"run": "demo"}, "Scale demo, preset paper."),
        ({"run": "paper-as_coded+fm16_J14"}, "Scale paper, preset as_coded."),
        ({"pictures": ""}, "Scale demo, preset paper."),
        ({"pictures": "smoke/"}, "Scale smoke, preset paper."),
    ],
)
def test_the_text_of_the_report_names_paper_scale_and_preset(run, words):
    template = Environment(trim_blocks=True, lstrip_blocks=True).from_string(
        (ROOT / "config/caption.rst").read_text(encoding="utf-8")
    )
    job = SimpleNamespace(wildcards=run)
    for paper, line in (("Figure 3", "Paper: Figure 3."), ("", "Not in the paper.")):
        text = template.render(snakemake=job, caption="Three lines.", paper=paper)
        assert text.split("\n") == ["Three lines.", line, words]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("caption: One., ", "", r"a\.png: lacks caption"),
        (", alt: A line.", "", r"a\.png: lacks alt"),
        ("study: chirps", "study: chrips", r"a\.png: study='chrips' must be one of chirps"),
        ("alt:", "papr: x, alt:", r"a\.png: papr is none of study, title, caption, alt, paper"),
        ("title: A,", "title: 7,", r"a\.png: title=7 must be text"),
        ("{title: Chirps}", "Chirps", "chirps: must hold title"),
        ("studies:", "headings:", "the file: lacks studies"),
        ("A line.}}", "A line.", "while parsing"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, old, new, words):
    path = tmp_path / "captions.yaml"
    path.write_text(SMALL.replace(old, new), encoding="utf-8")
    with pytest.raises(io.FileError, match=words) as error:
        captions.load(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)
