"""snakemake extract: shares as jobs, a sound that cannot be read, settings that are wrong."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tree(tmp_path):
    """The project in a folder of its own, since a run locks its folder."""
    for name in ("Snakefile", "claims", "config", "gin", "jtfs_repro", "notebooks", "profiles"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name in ("rules", "scripts", "setup.py"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def snakemake(tree, *changes, dry=False):
    command = [sys.executable, "-m", "snakemake", "extract", "--cores", "1", *["-n"] * dry]
    command += ["--config", "device=cpu", "sounds_output=out.npz", *changes]
    return subprocess.run(command, capture_output=True, text=True, cwd=tree, check=False)


def test_shares_are_joined_though_a_sound_is_broken(folder, tree):
    (folder / "bad.wav").write_bytes(b"RIFF")
    changes = (f"sounds_folder={folder}", "sounds_representation=mfcc", "shards=2")
    done = snakemake(tree, *changes, "sounds_sr=8000")
    assert done.returncode == 0, done.stdout + done.stderr
    assert np.load(tree / "out.npz")["values"].shape == (4, 20)
    said = (tree / "logs/extract_sounds.log").read_text()
    assert "bad.wav" in said
    assert not list(tree.glob("*share*"))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ([], "sounds_folder: name a folder of sounds"),
        (["sounds_folder=nowhere"], "nowhere: no such file or folder"),
        (["sounds_folder=sounds", "sounds_gin=mine.gin"], "mine.gin:1: "),
    ],
)
def test_what_is_wrong_is_one_line_before_any_job(tree, folder, changes, why):
    (tree / "mine.gin").write_text("representations.jtfs.J = sixteen\n")
    done = snakemake(tree, *changes, dry=True)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("error")]
    assert len(lines) == 1
    assert why in lines[0]
