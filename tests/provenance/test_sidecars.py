"""Sidecars: what a script leaves beside its outputs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jtfs_repro import config, gin_files, io
from jtfs_repro.journal import sha256
from jtfs_repro.layout import SUFFIX, operative_of, recorded_name, sidecar_of
from jtfs_repro.provenance import record
from jtfs_repro.provenance.reached import code_sha256

ROOT = Path(__file__).parents[2]
GIN = config.stack("chirps", scale="smoke", root=ROOT / "gin")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder in which a script of the project has run."""
    folder = tmp_path_factory.mktemp("made")
    command = [sys.executable, "-m", "jtfs_repro", "synthesise_chirps", "--gin", *GIN]
    command += ["--run", "smoke", "--chirps", "data/c.npy"]
    command += ["--parameters", "data/c.csv", "--facts", "data/c.json", "--operative", "c.gin"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = {"cwd": folder, "env": environment, "capture_output": True, "text": True}
    done = subprocess.run(command, **run, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_output_has_one(made):
    found = sorted(path.name for path in made.rglob(f"*{SUFFIX}"))
    assert found == [f"c.{kind}{SUFFIX}" for kind in ("csv", "json", "npy")]


def test_it_says_what_made_the_file(made):
    facts = record.load_sidecar(made / "data/c.npy")
    assert facts["file"] == "data/c.npy"
    assert facts["sha256"] == sha256(made / "data/c.npy")
    assert facts["bytes"] == (made / "data/c.npy").stat().st_size
    assert (facts["scale"], facts["preset"], facts["device"]) == ("smoke", "paper", "cpu")
    assert facts["script"] == "jtfs_repro/studies/chirps/feature_stages.py"
    assert facts["stage"] == "synthesise_chirps"
    assert facts["gin_files"] == {path: gin_files.sha256(path) for path in GIN}
    assert facts["operative_gin"] == (made / "c.gin").read_text()
    assert facts["outputs"] == ["data/c.npy", "data/c.csv", "data/c.json"]
    assert {"python", "torch", "numpy", "snakemake"} <= set(facts["versions"])
    assert facts["hardware"]["cores"] >= 1
    assert all(len(kind.split()) == 3 for kind in facts["blas"])
    assert facts["blas"]  # numpy brings one
    assert 0 < facts["wall_s"] < 600
    assert 10 < facts["peak_memory_mb"] < 10_000
    assert facts["gpu_peak_memory_mb"] is None


def test_code_is_hashed_and_the_hash_can_be_made_again(made):
    code = record.load_sidecar(made / "data/c.npy")["code"]
    assert {"jtfs_repro/studies/chirps/feature_stages.py", "jtfs_repro/datasets/chirps.py"} <= set(
        code["files"]
    )
    assert code_sha256(code["files"]) == code["sha256"]
    assert code_sha256(code["files"][1:]) != code["sha256"]
    assert code_sha256(["jtfs_repro/gone.py"]) is None


def test_seeds_are_those_of_the_settings_and_of_the_command(made):
    class Options:
        seed = 3

    text = "a.b.seed = 0\nx/c.init_seeds = (1, 2)\n# a.seed = 9\na.seeded = True\n"
    found = record.seeds(Options, text)
    assert found == {"seed": "0", "init_seeds": "(1, 2)", "--seed": "3"}


def test_inputs_are_hashed_and_hand_on_their_scale(made):
    """A script without --scale takes the stamp of what it read."""
    code = (
        "import argparse, sys\nfrom jtfs_repro import config, gin_files, io\n"
        "def main(options):\n    io.save_json('out.json', io.load_json('data/c.json'))\n"
        "config.run_script(main, config.parser(''))\n"
    )
    (made / "copy_facts.py").write_text(code)
    subprocess.run([sys.executable, "copy_facts.py"], cwd=made, check=True)
    facts = record.load_sidecar(made / "out.json")
    assert facts["inputs"] == {"data/c.json": sha256(made / "data/c.json")}
    assert (facts["scale"], facts["preset"]) == ("smoke", "paper")
    assert facts["script"] == "copy_facts.py"


@pytest.mark.parametrize("run", ["", "smoke/", "demo+fm16_J12/"])
def test_those_of_pictures_lie_with_the_results(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    home = Path("results", run or "demo", "figures")
    for picture in (f"img/{run}fig4.png", tmp_path / f"img/{run}fig4.png"):
        assert sidecar_of(picture) == home / f"fig4.png{SUFFIX}"
        assert operative_of(picture) == home / "fig4.gin"
    assert recorded_name((home / f"fig4.png{SUFFIX}").as_posix()) == f"img/{run}fig4.png"
    assert sidecar_of(ROOT / f"img/{run}a.svg") == ROOT / home / f"a.svg{SUFFIX}"
    assert sidecar_of("kept/img/a.svg") == Path(f"kept/img/a.svg{SUFFIX}")


def test_a_picture_that_is_not_as_recorded_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    io.save_text("img/a.svg", "a")
    io.save_json(sidecar_of("img/a.svg"), {"file": "img/a.svg", "sha256": "0" * 64})
    with pytest.raises(io.FileError, match="corrupted, truncated or swapped"):
        io.load_text("img/a.svg")
    io.save_text("img/a.svg", "b")
    assert not sidecar_of("img/a.svg").exists()


def test_none_where_there_is_none(tmp_path):
    io.save_json(tmp_path / "a.json", {})
    assert record.load_sidecar(tmp_path / "a.json") is None
