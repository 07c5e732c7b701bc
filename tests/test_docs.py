"""README and docs: numbers as in the tables, links that lead somewhere, short pages."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jtfs_repro import io
from jtfs_repro.verdicts.rows import COLUMNS

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "tools" / "fill_docs.py"
SPEC = importlib.util.spec_from_file_location("fill_docs", SCRIPT)
fill_docs = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(fill_docs)
PAGES = fill_docs.pages(ROOT)
README_LINES = 200
LINK = re.compile(r"\]\(([^)\s]+)\)")
# at the start of a line a comment begins a block of HTML, in which Markdown is not read
BLOCK = re.compile(r"^\s*(?:[-*] +)?<!-- (?:cell|ratio|mean|counts) ", re.MULTILINE)


def prose(path):
    return fill_docs.CODE.sub("", path.read_text(encoding="utf-8"))


def anchors(path):
    """Return the anchors of a page's headings, as pages of repositories make them."""
    headings = re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(path):
    """Return file and anchor of every link that stays inside the project."""
    found = [link for link in LINK.findall(prose(path)) if "://" not in link]
    parts = [link.partition("#") for link in found]
    return [((path.parent / file).resolve() if file else path, part) for file, _, part in parts]


@pytest.fixture
def root(tmp_path):
    rows = [
        {"name": "a", "seed": 0, "value": 0.5561, "note": "run"},
        {"name": "b", "seed": 0, "value": 1.1122, "note": ""},
        {"name": "b", "seed": 1, "value": -0.1, "note": ""},
        {"name": "c d", "seed": 0, "value": "", "note": "not run: no GPU"},
    ]
    io.save_csv(tmp_path / "table.csv", rows)
    return tmp_path


def fill(text, root):
    return fill_docs.filled(text, root, Path("docs/page.md"))


@pytest.mark.parametrize(
    ("marker", "value"),
    [
        ("cell table.csv name=a value .2f", "0.56"),
        ("cell table.csv name=a value .1%", "55.6 %"),
        ("cell table.csv name=b seed=1 value +.1f", "\N{MINUS SIGN}0.1"),
        ("cell table.csv name=a value*1e3 .0f", "556"),
        ('cell table.csv "name=c d" note text', "not run: no GPU"),
        ("ratio table.csv name=b/a seed=0 value .1f", "2.0"),
        ("mean table.csv name=b value .2f", "0.51"),
    ],
)
def test_marker_is_filled(root, marker, value):
    text = f"| <!-- {marker} -->old<!-- end --> | rest |"
    assert fill(text, root) == f"| <!-- {marker} -->{value}<!-- end --> | rest |"
    assert fill(fill(text, root), root) == fill(text, root)


@pytest.mark.parametrize(
    ("scale", "counts"), [("demo", "2 within, 1 outside, 1"), ("paper", "1 within, 1 outside, 2")]
)
def test_verdicts_are_counted_and_tabulated(root, scale, counts):
    save_verdicts(root / "verdicts.csv", scale)
    text = fill("<!-- counts verdicts.csv --><!-- end -->", root)
    assert f"-->4 claims and numbers: {counts} not run<!--" in text
    text = fill("<!-- verdicts verdicts.csv verdicts.csv --><!-- end -->", root)
    assert "| [3, Fig. 3](../verdicts.md#3-fig-3) | 4 |" in text
    assert text.endswith(" beside each.\n<!-- end -->")


def save_verdicts(path, scale):
    cells = dict.fromkeys(COLUMNS, "") | {"section": "3, Fig. 3", "at_paper_scale": "yes"}
    verdicts = ("within", "within", "outside", "not run")
    rows = [{**cells, "id": i, "verdict": v, "scale": scale} for i, v in enumerate(verdicts)]
    io.save_csv(path, [rows[0] | {"at_paper_scale": "no"}, *rows[1:]])


def test_code_is_left_alone(root):
    text = "```\n<!-- cell none.csv a=b c .1f -->1<!-- end -->\n```\n"
    assert fill(text, root) == text


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("cell none.csv name=a value .2f", "no such file"),
        ("cell table.csv name=a volume .2f", "no column 'volume'; there are name, seed"),
        ("cell table.csv nam=a value .2f", "no column 'nam'"),
        ("cell table.csv name=z value .2f", "no row of that kind"),
        ("cell table.csv name=b value .2f", "2 rows of that kind, not one"),
        ('cell table.csv "name=c d" value .2f', "the cell is empty"),
        ("cell table.csv name=a note .2f", "could not convert"),
        ("cell table.csv value", "needs FILE KEY=VALUE"),
        ("cell table.csv name a value .2f", "'name' must be KEY=VALUE"),
        ("ratio table.csv name=a value .2f", "needs one KEY=ABOVE/BELOW"),
    ],
)
def test_unknown_cell_is_named_in_one_line(root, marker, message):
    with pytest.raises(fill_docs.MarkerError, match=message) as caught:
        fill(f"<!-- {marker} -->1<!-- end -->", root)
    assert "\n" not in str(caught.value)
    assert marker in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "<!-- cell table.csv name=a value .2f -->1",
        "1<!-- end -->",
        "<!-- cel table.csv name=a value .2f -->1<!-- end -->",
        "<!-- counts a.csv --><!-- counts b.csv -->1<!-- end -->",
    ],
)
def test_broken_marker_is_refused(root, text):
    with pytest.raises(fill_docs.MarkerError, match="needs one <!-- end -->"):
        fill(text, root)


def test_check_names_the_page_and_writes_nothing(root):
    page = root / "README.md"
    page.write_text("<!-- cell table.csv name=a value .2f -->1<!-- end -->\n", encoding="utf-8")
    command = [sys.executable, SCRIPT, "--root", root]
    checked = subprocess.run([*command, "--check"], cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 1
    assert checked.stderr.startswith("error: README.md: not current (run python tools/fill_docs")
    assert ">1<" in page.read_text(encoding="utf-8")
    subprocess.run(command, cwd=ROOT, check=True)
    assert ">0.56<" in page.read_text(encoding="utf-8")
    subprocess.run([*command, "--check"], cwd=ROOT, check=True)


def test_numbers_are_those_of_the_tables():
    command = [sys.executable, SCRIPT, "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    for file, part in links(page):
        assert file.exists(), f"{page.name}: no {file}"
        assert not part or file.suffix != ".md" or part in anchors(file), f"{file.name}#{part}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_marker_does_not_begin_a_line(page):
    assert not BLOCK.search(prose(page))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_is_short(page):
    assert len(page.read_text(encoding="utf-8").splitlines()) <= README_LINES


def test_every_page_is_linked_from_the_readme():
    linked = {file for file, _ in links(PAGES[0])}
    assert [page.name for page in PAGES[1:] if page not in linked] == []
