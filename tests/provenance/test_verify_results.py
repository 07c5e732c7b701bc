"""Stored results against what was recorded: each kind of tampering is caught and named."""

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest
from recorded_runs import (
    ARRAY,
    CHIRPS,
    FIGURE,
    GIN,
    MANIFEST,
    MARKDOWN,
    ROWS,
    SHARDS,
    SOURCE,
    TABLE,
    finished_run,
    found,
    fresh_copy,
    make,
    notes,
    sidecar,
    write,
    write_manifest,
)

from jtfs_repro import layout
from jtfs_repro.journal import sha256
from jtfs_repro.layout import Roots
from jtfs_repro.provenance.gather import seal
from jtfs_repro.provenance.verify import verify

ROOT = Path(__file__).parents[2]
DOWNSTREAM = {ARRAY, TABLE, MARKDOWN, FIGURE}


@pytest.fixture(autouse=True)
def _run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    finished_run()


def edit(name, change):
    path = Path(name)
    path.write_bytes(change(path.read_bytes()))


def edit_json(path, **entries):
    path = Path(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def stale(names):
    return {("stale", name) for name in names}


# ------------------------------------------------------------------------------ nothing is wrong


def test_untouched_run():
    report, faults = found()
    assert not faults
    assert not report.is_wrong
    assert (report.n_recorded, report.n_verified, report.n_not_here) == (7, 7, 0)
    assert list(report.lines())[-1] == "7 files recorded: 7 as recorded, 0 not here; nothing wrong"
    assert notes(report) == {}


def test_new_dates_alone_are_fine():
    for path in Path().rglob("*"):
        os.utime(path, (1, 1))
    assert found()[1] == set()


def test_fresh_copy_has_tables_figures_and_manifest():
    fresh_copy()
    report, faults = found()
    assert faults == set()
    assert (report.n_verified, report.n_not_here) == (3, 4)
    assert notes(report)["not here"].startswith("4 intermediate files: ")
    assert notes(report)["sources that are not here"] == f"1 files: {SOURCE}"
    assert ("missing", ARRAY) in found(needs_all=True)[1]


def test_fresh_copy_still_tells_an_edited_table():
    fresh_copy()
    edit(TABLE, lambda content: content.replace(b"1.25", b"1.05"))
    report, faults = found()
    assert faults == {("changed", TABLE)}
    assert MANIFEST in report.findings[0].text


def test_one_manifest_alone():
    edit(FIGURE, lambda content: content[:-1])
    write("results/demo/extra.csv", ROWS)
    assert found(manifests=[Path(MANIFEST)])[1] == {("changed", FIGURE)}


def test_folders_elsewhere():
    shutil.move("results", "old-results")
    roots = Roots(results=Path("old-results"))
    assert not verify(roots).is_wrong
    edit("old-results/demo/knn_scores.csv", lambda content: content + b"\n")
    assert [f.name for f in verify(roots).findings] == [TABLE]


# --------------------------------------------------------------------------------------- contents


def test_edited_cell():
    edit(TABLE, lambda content: content.replace(b"1.25", b"1.05"))
    assert found()[1] == {("changed", TABLE)}


def test_flipped_byte_of_an_array():
    edit(ARRAY, lambda content: content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
    assert found()[1] == {("changed", ARRAY)}


def test_truncated_figure():
    edit(FIGURE, lambda content: content[:5])
    assert found()[1] == {("changed", FIGURE)}


def test_edited_settings(tmp_path):
    operative = "results/demo/features/mfcc.gin"
    write(operative, "mfcc.Mfcc.n = 20\n")
    manifest = json.loads(Path(MANIFEST).read_text()) | {"gin": {operative: "0" * 64}}
    del manifest["digest"]
    write(MANIFEST, json.dumps(seal(manifest)))
    assert found()[1] == {("changed", operative)}


def test_digest_that_was_taken_away():
    edit_json(MANIFEST, digest=None)
    assert found()[1] == {("manifest edited", MANIFEST)}


def swap(first, second):
    Path(first).rename("aside")
    Path(second).rename(first)
    Path("aside").rename(second)


def test_swapped_shards():
    swap(*SHARDS)
    assert found()[1] == {("changed", name) for name in SHARDS}


def test_shards_swapped_with_their_sidecars():
    swap(*SHARDS)
    swap(*map(sidecar, SHARDS))
    report, faults = found()
    expected = {(kind, s) for kind in ("sidecar does not fit", "changed") for s in SHARDS}
    assert faults == expected
    assert f"its sidecar is that of {SHARDS[1]}" in str(report.findings)


def test_deleted_outputs():
    for name in (FIGURE, ARRAY):
        Path(name).unlink()
    report, faults = found()
    assert faults == {("missing", FIGURE)}
    assert notes(report)["not here"] == f"1 intermediate files: {ARRAY}"
    assert found(needs_all=True)[1] == {("missing", FIGURE), ("missing", ARRAY)}


# ---------------------------------------------------------------------------------------- records


@pytest.mark.parametrize(
    "entries",
    [{"seeds": {"seed": "1"}}, {"wall_s": 0.1}, {"commit": {"sha": "feed", "dirty": False}}],
    ids=lambda entries: next(iter(entries)),
)
def test_edited_sidecar(entries):
    edit_json(sidecar(TABLE), **entries)
    report, faults = found()
    assert faults == {("sidecar does not fit", TABLE)}
    key = "environment" if "commit" in entries else next(iter(entries))
    assert f"differ in {key} " in report.findings[0].text


def test_edited_hash_in_a_sidecar():
    edit_json(sidecar(FIGURE), sha256="0" * 64)
    report, faults = found()
    assert faults == {("sidecar does not fit", FIGURE)}
    assert "not what its sidecar does" in report.findings[0].text


def test_table_and_sidecar_edited_together():
    edit(TABLE, lambda content: content.replace(b"1.25", b"1.05"))
    edit_json(sidecar(TABLE), sha256=sha256(TABLE))
    assert found()[1] == {("sidecar does not fit", TABLE), ("stale", FIGURE)}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"file": 3}', '{"jobs": [{}]}'])
def test_unreadable_sidecar_and_manifest(text):
    sidecar(TABLE).write_text(text)
    Path(MANIFEST).write_text(text)
    _, faults = found()
    assert ("unreadable", f"{TABLE}.provenance.json") in faults
    assert ("unreadable", MANIFEST) in faults


JUNK = (None, -1, 1.5, "", "x", "\0", "..", "é" * 300, [], {}, [1], {"a": 1}, [[]], TABLE)


def places(tree, path=()):
    """Yield the paths of all values within a JSON tree, but not the tree itself."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


@pytest.mark.parametrize("name", [MANIFEST, f"{ARRAY}.provenance.json"])
def test_damaged_records_are_reported(name):
    """Values of a sidecar or manifest replaced at random: a finding, never a traceback."""
    original, random = Path(name).read_text(), Random(0)
    for _ in range(40):
        tree = json.loads(original)
        *above, last = random.choice(list(places(tree)))
        node = functools.reduce(lambda part, key: part[key], above, tree)
        before, node[last] = node[last], random.choice(JUNK)
        Path(name).write_text(json.dumps(tree))
        report, faults = found()
        assert faults or node[last] == before, (above, last, node[last])
        assert list(report.lines())


def test_edited_manifest():
    manifest = json.loads(Path(MANIFEST).read_text())
    manifest["jobs"][0]["seeds"] = {"seed": "7"}
    Path(MANIFEST).write_text(json.dumps(manifest))
    name = next(iter(manifest["jobs"][0]["outputs"]))
    assert found()[1] == {("manifest edited", MANIFEST), ("sidecar does not fit", name)}


def test_manifest_older_than_a_result():
    make({FIGURE: b"\x89PNG another"}, inputs=[TABLE], started="2026-02-02")
    report, faults = found()
    assert faults == {("sidecar does not fit", FIGURE)}
    assert "made again after results/demo/manifest.json" in report.findings[0].text
    write_manifest()
    assert found()[1] == set()


@pytest.mark.parametrize("other", ["results/paper", "results/demo-as_coded"])
def test_manifest_of_the_run_of_a_file_counts(other):
    """Runs share files: what another run's manifest says of one may be older."""
    hashes = {TABLE: "0" * 64, MARKDOWN: "0" * 64}
    write(f"{other}/manifest.json", json.dumps(seal({"jobs": [], "inputs": hashes})))
    for name in (TABLE, MARKDOWN):
        sidecar(name).unlink()
    assert found()[1] == set()


def test_same_content_made_again_is_a_note():
    same = Path(FIGURE).read_bytes()
    make({FIGURE: same}, inputs=[TABLE], started="2026-02-02")
    report, faults = found()
    assert faults == set()
    assert (
        notes(report)["made again after the manifest"]
        == f"1 files, with the same content: {FIGURE}"
    )


# ----------------------------------------------------------------------------------------- stale


def test_input_made_again_with_other_content():
    make({SHARDS[0]: np.ones(4)}, inputs=[CHIRPS], script="scripts/extract.py", started="later")
    report, faults = found()
    assert faults - {("sidecar does not fit", SHARDS[0])} == stale(DOWNSTREAM)
    texts = {f.name: f.text for f in report.findings}
    assert texts[ARRAY].startswith(f"made from another content of {SHARDS[0]}")
    assert texts[TABLE].startswith(f"made from {ARRAY}, which is stale (")
    assert texts[FIGURE].startswith(f"made from {ARRAY}, which is stale, through {TABLE}")


def test_source_with_other_content():
    write(SOURCE, b"RIFF another recording")
    assert found()[1] == stale({CHIRPS, *SHARDS, *DOWNSTREAM})


def test_other_gin_file():
    write(GIN, "scores.scores.seed = 1\n")
    report, faults = found()
    assert faults == stale({TABLE, MARKDOWN, FIGURE})
    texts = {f.name: f.text for f in report.findings}
    assert texts[TABLE].startswith(f"made with another content of {GIN}")


def test_other_code_is_a_note(monkeypatch):
    monkeypatch.setattr("jtfs_repro.provenance.reached.code_sha256", lambda files: None)
    report, faults = found()
    assert faults == set()
    expected = "its code changed since it made 2 outputs: " + f"{TABLE}, {MARKDOWN}"
    assert notes(report)["scripts/tabulate.py"] == expected


def test_dirty_tree_is_a_note():
    commit = {"sha": "0123abcd", "dirty": True}
    make({FIGURE: b"\x89PNG a picture"}, inputs=[TABLE], commit=commit, started="2026-02-02")
    write_manifest()
    report, _ = found()
    assert notes(report)["made from a tree with uncommitted changes"] == f"1 files: {FIGURE}"


# ------------------------------------------------------------------------------------ other runs


def test_demo_table_in_the_folder_of_paper():
    os.makedirs("results/paper")
    shutil.copy(TABLE, "results/paper/knn_scores.csv")
    shutil.copy(MARKDOWN, "results/paper/knn_scores.md")
    copies = {"results/paper/knn_scores.csv", "results/paper/knn_scores.md"}
    expected = {
        (kind, c) for kind in ("other scale or preset", "without provenance") for c in copies
    }
    assert found()[1] == expected
    shutil.copy(sidecar(TABLE), "results/paper")
    assert ("sidecar does not fit", "results/paper/knn_scores.csv") in found()[1]


def test_demo_table_over_that_of_paper():
    paper = "results/paper/knn_scores.csv"
    make({paper: [ROWS[0] | {"scale": "paper"}]})
    assert found()[1] == set()
    shutil.copy(TABLE, paper)
    assert found()[1] == {("changed", paper), ("other scale or preset", paper)}


@pytest.mark.parametrize("key", ["scale", "preset", "variant"])
def test_sidecar_of_another_run(key):
    value = {"scale": "smoke", "preset": "as_coded", "variant": "fm16_J12"}[key]
    make({"results/demo/x.npy": np.ones(2)}, **{key: value})
    report, faults = found()
    assert faults == {("other scale or preset", "results/demo/x.npy")}
    assert f"its sidecar says {key} {value}, its folder is {key}" in report.findings[0].text


def test_rows_of_a_table():
    make({"results/demo/x.csv": [*ROWS, ROWS[0] | {"scale": "smoke"}]})
    make({"results/demo/verdicts.csv": [*ROWS, ROWS[0] | {"scale": "paper"}]})  # mixed by design
    report, faults = found()
    assert faults == {("other scale or preset", "results/demo/x.csv")}
    assert "a row says scale smoke, its folder is scale demo" in report.findings[0].text


def test_several_variants_are_no_other_run():
    make({"results/demo/ablation.csv": ROWS}, variant="fm16_J12+fm16_J13")
    assert found()[1] == set()


# ----------------------------------------------------------------------------------- other files


def test_file_that_nothing_records():
    write("results/demo/extra.csv", ROWS)
    write("img/extra.png", b"\x89PNG")
    write("results/demo/site/index.html", "a page made from the rest")
    write("results/demo/partial/step.npz", b"a checkpoint")
    write("results/demo/notes.txt", "no result")
    write("results/benchmarks/growth.csv", [{"seconds": 1.0}])
    write("results/benchmarks/manifest.json", '{"commit": {"sha": "0123abcd"}}')
    expected = {
        ("without provenance", name) for name in ("results/demo/extra.csv", "img/extra.png")
    }
    assert found()[1] == expected


def test_half_written_file_is_a_note():
    write("results/demo/cost.csv.machine.123.part", "half")
    report, faults = found()
    assert faults == set()
    assert "half-written" in notes(report)["results/demo/cost.csv.machine.123.part"]


def test_git_agrees_on_what_is_intermediate():
    names = [SHARDS[0], ARRAY, TABLE, FIGURE, MANIFEST, CHIRPS, "results/demo/features/mfcc.json"]
    names += [
        "results/smoke/cost.csv",
        "img/demo+fm16_J12/fig4.png",
        "results/demo/site/index.html",
    ]
    names += ["results/demo/medley/clips.csv", "results/demo/medley/predictions/jtfs/seed-0.csv"]
    command = ["git", "-C", str(ROOT), "check-ignore", "--no-index", *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        pytest.skip(f"no git repository here: {done.stderr.strip()}")
    assert [n for n in names if layout.is_intermediate(n)] == done.stdout.split()


# ------------------------------------------------------------------------------------ the command


def command(*arguments):
    run = [sys.executable, str(ROOT / "scripts/verify_results.py"), *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(run, capture_output=True, text=True, check=False, env=environment)


def test_command():
    edit(TABLE, lambda content: content.replace(b"1.25", b"1.05"))
    write("results/demo/cost.csv.machine.123.part", "half")
    done = command("--json", "report.json", "--quiet")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines() == [
        "changed (1)",
        f"  {TABLE}: its content is not what its sidecar records (edited, corrupted or swapped)",
        "7 files recorded: 6 as recorded, 0 not here; 1 changed",
    ]
    report = json.loads(Path("report.json").read_text())
    assert report["is_wrong"]
    assert report["counts"]["changed"] == 1
    assert [f["name"] for f in report["findings"]] == [
        TABLE,
        "results/demo/cost.csv.machine.123.part",
    ]


def test_command_without_results():
    done = command("--results", "nowhere")
    assert done.returncode == 1
    assert done.stderr == "error: nowhere: no such folder (give --results)\n"
