"""The verdicts in short: two scales apart, a line a section, the claim by which it is known."""

import pytest

from jtfs_repro import io
from jtfs_repro.verdicts.claims import load_claims
from jtfs_repro.verdicts.summary import counts_line, load_verdicts, summary_table

LINKS = {"paper": "results/paper/verdicts.md", "demo": "results/demo/verdicts.md"}


def row(id, verdict, *, section="3, Fig. 3", at_paper="yes", value="0.97"):
    here = "" if verdict == "not run" else value
    cells = {"id": id, "section": section, "verdict": verdict, "at_paper_scale": at_paper}
    return cells | {"value_here": here, "value_there": "aligned"}


def line(paper, demo, part):
    table = summary_table({"paper": paper, "demo": demo}, links=LINKS)
    return next(x for x in table.splitlines() if x.startswith(f"| [{part}]")).split(" | ")


def test_scales_are_counted_apart():
    paper = [row("fig3-jtfs-mesh", "within"), row("b", "not run", at_paper="no")]
    demo = [row("fig3-jtfs-mesh", "outside", at_paper="no", value="0.1"), row("b", "within")]
    cells = line(paper, demo, "3, Fig. 3")
    assert cells[0] == "| [3, Fig. 3](results/paper/verdicts.md#3-fig-3)"
    assert cells[1:4] == ["2", "1 / 0 / 1", "1 / 1 / 0"]
    assert cells[4:6] == ["JTFS: lowest rank correlation", "0.97"]  # never the demo's 0.1


def test_number_of_other_data_is_not_of_paper_scale():
    paper = [row("fig3-jtfs-mesh", "within", at_paper="no")]
    cells = line(paper, paper, "3, Fig. 3")
    assert cells[2] == "0 / 0 / 1"
    assert cells[5] == "not run"
    assert counts_line(paper) == "1 claims and numbers: 1 within, 0 outside, 0 not run"
    assert counts_line(paper, is_paper=True).endswith(": 0 within, 0 outside, 1 not run")


def test_later_work_is_one_line():
    rows = [row("a", "not run", section=f"later: {name}") for name in ("one", "two")]
    assert line(rows, rows, "later work, for context")[2] == "0 / 0 / 2"


def test_one_scale_without_links():
    table = summary_table({"demo": [row("b", "within")]})
    assert "| 3, Fig. 3 | 1 | 1 / 0 / 0 |" in table
    assert "| all | 1 | 1 / 0 / 0 |" in table
    with pytest.raises(ValueError, match="must hold rows"):
        summary_table({})


def test_every_section_but_made_and_later_ones_has_a_headline():
    claims = load_claims()
    sections = {claim.section for claim in claims.claims if claim.section[0] in "2345"}
    assert sections - set(claims.headlines) == {"2, scale-rate figure"}


def test_other_table_is_refused_in_one_line(tmp_path):
    io.save_csv(tmp_path / "verdicts.csv", [{"claim": "a", "value": 1}])
    with pytest.raises(io.FileError, match=r"verdicts\.csv: no table of verdicts: it lacks id"):
        load_verdicts(tmp_path / "verdicts.csv")
