"""The README's table of verdicts: two scales apart, rewritten between its markers, checked."""

import subprocess
import sys
from pathlib import Path

import pytest

from jtfs_repro import io
from jtfs_repro.experiments.verdict_summary import (
    END,
    START,
    load_verdicts,
    summary,
    update_readme,
    updated,
)

ROOT = Path(__file__).parent.parent
FOLDERS = ("results/paper", "results")


def row(id, verdict, *, section="3, Fig. 3", at_paper="yes", value="0.97"):
    here = "" if verdict == "not run" else value
    cells = {"id": id, "section": section, "verdict": verdict, "at_paper_scale": at_paper}
    return cells | {"value_here": here, "value_there": "aligned"}


def line(table, part):
    return next(x for x in table.splitlines() if x.startswith(f"| [{part}]")).split(" | ")


def test_scales_are_counted_apart():
    paper = [row("fig3-jtfs-mesh", "within"), row("b", "not run", at_paper="no")]
    demo = [row("fig3-jtfs-mesh", "outside", at_paper="no", value="0.1"), row("b", "within")]
    cells = line(summary(paper, demo, folders=FOLDERS), "3, Fig. 3")
    assert cells[0] == "| [3, Fig. 3](results/paper/verdicts.md#3-fig-3)"
    assert cells[1:4] == ["2", "1 / 0 / 1", "1 / 1 / 0"]
    assert cells[5] == "0.97"  # never the demo's 0.1


def test_number_of_other_data_is_not_of_paper_scale():
    paper = [row("fig3-jtfs-mesh", "within", at_paper="no")]
    cells = line(summary(paper, paper, folders=FOLDERS), "3, Fig. 3")
    assert cells[2] == "0 / 0 / 1"
    assert cells[5] == "not run"


def test_later_work_is_one_line():
    rows = [row("a", "not run", section=f"later: {name}") for name in ("one", "two")]
    table = summary(rows, rows, folders=FOLDERS)
    assert line(table, "later work, for context")[2] == "0 / 0 / 2"


def test_only_what_is_between_the_markers_changes(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"# Title\n{START}\nold\n{END}\nrest é\n", encoding="utf-8")
    with pytest.raises(io.FileError, match="its table of verdicts is not current"):
        update_readme(readme, "new", is_check=True)
    update_readme(readme, "new")
    assert readme.read_text(encoding="utf-8") == f"# Title\n{START}\nnew\n{END}\nrest é\n"
    update_readme(readme, "new", is_check=True)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]  # no sidecar, no part


@pytest.mark.parametrize("text", ["", START, END, f"{END}{START}", 2 * f"{START}{END}"])
def test_missing_markers_are_named(text):
    with pytest.raises(io.FileError, match=r"README\.md: it needs one"):
        updated(text, "table", path="README.md")


def test_other_table_is_refused_in_one_line(tmp_path):
    io.save_csv(tmp_path / "verdicts.csv", [{"claim": "a", "value": 1}])
    with pytest.raises(io.FileError, match=r"verdicts\.csv: no table of verdicts: it lacks id"):
        load_verdicts(tmp_path / "verdicts.csv")


def test_readme_is_current():
    command = [sys.executable, "scripts/summarise_verdicts.py", "--readme", "README.md", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
