"""Two checkouts' outputs: the same, whatever their costs; each difference is named."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from jtfs_repro import io

ROOT = Path(__file__).parents[2]
ROWS = [{"feature": "mfcc", "seconds": 3.0, "ratio": 1.25}]
ARRAY, TABLE, FACTS = "data/smoke/x.npy", "results/smoke/scores.csv", "results/smoke/a.json"
SETTINGS = "results/smoke/a.gin"


@pytest.fixture(autouse=True)
def _checkouts(tmp_path, monkeypatch):
    """Write one run to two folders, ``here`` and ``there``."""
    monkeypatch.chdir(tmp_path)
    for root in ("here/", "there/"):
        io.save_array(root + ARRAY, np.arange(4.0))
        io.save_csv(root + TABLE, [*ROWS])
        io.save_json(root + FACTS, {"n": 1, "deep": [{"wall_s": len(root), "m": 2}]})
        io.save_text(root + SETTINGS, f"import {root[:4]}.mfcc\n\nmfcc.Mfcc.n = 20\n")
        io.save_text(f"{root}img/smoke/a.svg", "a picture")
        io.save_csv(f"{root}results/smoke/cost.csv", [{"seconds": len(root)}])
        io.save_json(f"{root}results/smoke/manifest.json", {"root": root})
        io.save_text(f"{root}results/paper/other.md", root)


def same(*arguments):
    command = [sys.executable, str(ROOT / "tools/same.py"), "--root", "here", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def flip(name):
    content = bytearray(Path("here", name).read_bytes())
    content[-2] ^= 1
    Path("here", name).write_bytes(content)


def test_costs_and_imports_make_no_difference():
    assert same("--against", "there") == (0, ["5 files of smoke, 0 not the same"])


@pytest.mark.parametrize("name", [ARRAY, TABLE, FACTS, SETTINGS, "img/smoke/a.svg"])
def test_one_bit_is_named(name):
    assert same("--record", "hashes.json")[0] == 0
    flip(name)
    for other in ("there", "hashes.json"):
        status, lines = same("--against", other)
        assert (status, lines[1:]) == (1, ["5 files of smoke, 1 not the same"])
        assert lines[0].startswith(f"{name}: differs")


def test_where_it_differs():
    io.save_csv(f"here/{TABLE}", [ROWS[0] | {"ratio": 1.5, "seconds": 9}])
    line = same("--against", "there")[1][0]
    worst = "row 1 (mfcc), column ratio: 1.5 | 1.25, relative 0.17"
    assert line == f"{TABLE}: differs; 1 places, worst {worst}"


def test_files_of_one_checkout_alone():
    Path("here", TABLE).unlink()
    Path("there", ARRAY).unlink()
    lines = [f"{ARRAY}: only here", f"{TABLE}: only there", "5 files of smoke, 2 not the same"]
    assert same("--against", "there") == (1, lines)


def test_renamed_files_and_words():
    shutil.move(f"there/{TABLE}", "there/results/smoke/old.csv")
    io.save_json(f"there/{FACTS}", {"n": 1, "settings_sha256": "ab", "deep": [{"m": 2}]})
    for root, module in (("here", "rooms/a.py"), ("there", "b.py")):
        io.save_text(f"{root}/results/smoke/v.md", f"see `jtfs_repro/{module}`")
    changes = {
        "names": [["^results/smoke/old", "results/smoke/scores"]],
        "texts": [[r"jtfs_repro/[\w/]+\.py", "MODULE"]],
        "keys": ["settings_sha256"],
    }
    Path("changes.json").write_text(json.dumps(changes))
    assert same("--against", "there")[0] == 1
    status, lines = same("--against", "there", "--changes", "changes.json")
    assert (status, lines) == (0, ["6 files of smoke, 0 not the same"])
