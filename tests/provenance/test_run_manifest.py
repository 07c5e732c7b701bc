"""The manifest of a run, gathered from the sidecars of everything behind its results."""

import json
from pathlib import Path

import numpy as np
import pytest
from recorded_runs import (
    ARRAY,
    CHIRPS,
    CODE,
    COMMIT,
    FIGURE,
    MANIFEST,
    MARKDOWN,
    SHARDS,
    SOURCE,
    TABLE,
    finished_run,
    make,
    sidecar,
    write,
)

from jtfs_repro import io
from jtfs_repro.journal import sha256
from jtfs_repro.layout import run_of
from jtfs_repro.provenance import environment
from jtfs_repro.provenance import gather as gathering
from jtfs_repro.provenance.gather import expanded, folded, gather, is_sealed

DEMO = {"scale": "demo", "preset": "paper", "variant": ""}


@pytest.fixture(autouse=True)
def _run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    finished_run()


def outputs(entries):
    return {name for job in entries["jobs"] for name in job["outputs"]}


def test_jobs_from_figures_back_to_the_sources():
    entries = gather([FIGURE])
    assert outputs(entries) == {CHIRPS, *SHARDS, ARRAY, TABLE, MARKDOWN, FIGURE}
    assert len(entries["jobs"]) == 6  # one made two tables
    assert entries["sources"] == {SOURCE: sha256(SOURCE)}
    assert entries["without_provenance"] == {}
    assert entries["commits"] == [COMMIT]


def test_a_job_holds_what_its_sidecars_say():
    job = next(j for j in gather([FIGURE])["jobs"] if TABLE in j["outputs"])
    recorded = json.loads(sidecar(TABLE).read_text())
    own = {"sha256": sha256(TABLE), "bytes": Path(TABLE).stat().st_size}
    assert job["outputs"][TABLE] == own
    assert list(job["outputs"]) == [TABLE, MARKDOWN]
    for key in ("script", "arguments", "inputs", "gin_files", "seeds", "threads", "started"):
        assert job[key] == recorded[key]
    for key in ("wall_s", "cpu_s", "peak_memory_mb", "gpu_peak_memory_mb", "scale", "device"):
        assert job[key] == recorded[key]


def test_what_jobs_share_is_stored_once():
    entries = gather([FIGURE])
    assert len(entries["environments"]) == len(entries["codes"]) == len(entries["settings"]) == 1
    assert entries["codes"][0]["files"] == CODE
    job = expanded(entries)[0]
    assert job["environment"]["commit"] == COMMIT
    assert job["operative_gin"].startswith("scores.scores.seed")


def test_jobs_of_several_commits():
    other = {"sha": "feed", "dirty": True}
    make({FIGURE: b"\x89PNG"}, inputs=[TABLE], commit=other)
    entries = gather([FIGURE])
    assert sorted(entries["commits"], key=str) == sorted([COMMIT, other], key=str)
    commits = {job["outputs"].keys() >= {FIGURE}: job["environment"] for job in expanded(entries)}
    assert commits[True]["commit"] == other


def test_results_without_sidecars_are_listed():
    sidecar(ARRAY).unlink()
    write("img/extra.png", b"\x89PNG")
    entries = gather([FIGURE, "img/extra.png"])
    assert entries["without_provenance"] == {
        name: sha256(name) for name in ("img/extra.png", ARRAY)
    }
    assert outputs(entries) == {TABLE, MARKDOWN, FIGURE}
    assert entries["sources"] == {}


def test_files_of_the_run_that_no_figure_is_made_from():
    make({"img/dag.svg": "a graph"})
    make({"results/paper/x.csv": [{"x": 1}]})
    make({"results/demo/site/x.json": "{}"})
    found = outputs(gather([FIGURE], run=DEMO))
    assert "img/dag.svg" in found
    assert not {"results/paper/x.csv", "results/demo/site/x.json", MANIFEST} & found
    assert outputs(gather([], run=run_of("results/paper/x.csv"))) == {"results/paper/x.csv"}


def test_other_output_of_a_job_that_is_gone():
    Path(MARKDOWN).unlink()
    job = next(j for j in gather([FIGURE])["jobs"] if TABLE in j["outputs"])
    assert job["outputs"][MARKDOWN] is None


def test_many_files_of_one_folder_are_one_entry(monkeypatch):
    monkeypatch.setattr(gathering, "MOST_FILES", 2)
    clips = {f"data/clips/{i}.wav": f"clip {i}" for i in range(3)}
    make(clips, script="scripts/render.py")
    make({TABLE: [{"x": 1}]}, inputs=[*clips, SOURCE], script="scripts/index.py")
    entries = gather([TABLE])
    jobs = {job["script"]: job for job in entries["jobs"]}
    assert set(jobs["scripts/index.py"]["inputs"]) == {"data/clips/", SOURCE}
    assert jobs["scripts/render.py"]["outputs"]["data/clips/"]["files"] == 3
    assert entries["sources"] == {SOURCE: sha256(SOURCE)}


def test_folding_tells_contents_apart():
    files = {f"a/{i}.wav": "12" for i in range(500)}
    assert folded(files) == folded(dict(files))
    assert folded(files) != folded(files | {"a/7.wav": "13"})


def test_results_that_are_not_as_recorded_are_refused():
    write(TABLE, [{"x": 2}])
    make({TABLE: [{"x": 1}]})
    Path(TABLE).write_text("x\n3\n")
    with pytest.raises(io.FileError, match=f"{TABLE}: its content is not what its sidecar"):
        gather([TABLE])


@pytest.mark.parametrize("key", ["inputs", "outputs"])
def test_incomplete_sidecar(key):
    recorded = json.loads(sidecar(ARRAY).read_text())
    del recorded[key]
    sidecar(ARRAY).write_text(json.dumps(recorded))
    with pytest.raises(io.FileError, match=f"{ARRAY}.provenance.json: lacks {key}"):
        gather([FIGURE])


def test_digest_is_over_all_entries():
    manifest = json.loads(Path(MANIFEST).read_text())
    assert is_sealed(manifest)
    assert not is_sealed({key: value for key, value in manifest.items() if key != "digest"})
    manifest["jobs"][0]["outputs"][CHIRPS] = {"sha256": "0" * 64, "bytes": 1}
    assert not is_sealed(manifest)


def test_gathering_twice_gives_the_same():
    assert gather([FIGURE, TABLE]) == gather([FIGURE, TABLE])
    make({"results/demo/x.npy": np.ones(2)})
    assert "results/demo/x.npy" not in outputs(gather([FIGURE]))


def test_the_commit_is_that_of_this_tree_within_a_hook_of_another(monkeypatch, tmp_path):
    own = environment.commit.__wrapped__()
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    assert environment.commit.__wrapped__() == own
