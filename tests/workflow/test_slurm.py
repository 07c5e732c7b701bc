"""The Slurm profile on a real cluster of one node; long, so only where JTFS_SLURM=1 is set.

sudo env JTFS_SLURM=1 .venv/bin/pytest tests/workflow/test_slurm.py
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "profiles/slurm/try_on_one_node.py"
# seven jobs of Section 3, one of which is killed
SMALL = [
    *("--targets", "results/smoke/knn_scores.csv"),
    *("--kill", "extract_features:scancel"),
    *("--config", "scale=smoke", "features=[mfcc]", "shards=2", "device=cpu"),
]


def load():
    spec = importlib.util.spec_from_file_location("try_on_one_node", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


attempt = load()
needs_slurm = pytest.mark.skipif(
    os.environ.get("JTFS_SLURM") != "1" or bool(attempt.obstacle()),
    reason=attempt.obstacle() or "some minutes of a cluster: set JTFS_SLURM=1",
)


@needs_slurm
def test_a_run_by_slurm_has_the_bytes_of_a_local_run_though_a_job_was_cancelled(tmp_path):
    log = tmp_path / "slurm.log"
    done = subprocess.run(
        [sys.executable, SCRIPT, "--log", log, *SMALL], capture_output=True, text=True, check=False
    )
    text = log.read_text(encoding="utf-8") if log.exists() else ""
    assert done.returncode == 0, done.stdout + done.stderr + text
    assert text.count("has been submitted with SLURM jobid") == 8  # seven and the retry
    assert text.count("Trying to restart job") == 1
    assert "killed: a running job of extract_features (Slurm job " in text
    assert text.endswith("with other bytes than the local run: 0\npassed\n")
    assert not Path("/etc/slurm/slurm.conf").exists()  # stopped, nothing left behind


def test_the_comparison_names_what_differs(tmp_path):
    for name in ("local", "slurm"):
        folder = tmp_path / name / "results/smoke"
        (folder / "partial").mkdir(parents=True)
        (folder / "knn_scores.csv").write_text("a\n1\n")
        (folder / "cost.csv").write_text(name)
        (folder / "knn_scores.csv.provenance.json").write_text(name)
        (folder / "partial/last.ckpt").write_text(name)
    folders = tmp_path / "local", tmp_path / "slurm"
    lines = attempt.comparison(*folders)
    assert lines == ["compared: 1 files (1 .csv)", "with other bytes than the local run: 0"]
    assert attempt.is_equal(lines)
    (tmp_path / "slurm/results/smoke/knn_scores.csv").write_text("a\n2\n")
    (tmp_path / "local/results/smoke/only.md").write_text("")
    lines = attempt.comparison(*folders)
    assert lines[1:3] == ["differs: results/smoke/knn_scores.csv", "differs: results/smoke/only.md"]
    assert not attempt.is_equal(lines)


def test_nothing_compared_is_not_equal(tmp_path):
    assert not attempt.is_equal(attempt.comparison(tmp_path, tmp_path))


def test_the_log_names_no_machine(monkeypatch):
    monkeypatch.setattr(attempt.socket, "gethostname", lambda: "tower")
    text = "  Host: tower\n  User: me\n[Sat Nov 21 21:53:45 2026]\nJob 1 (log: /x/y/logs/1.log)\n"
    text += f"Select jobs to execute...\n{sys.prefix}/bin/python on tower\n"
    assert attempt.cleaned(text, "/x/y") == "Job 1 (log: ./logs/1.log)\n.venv/bin/python on node"


def test_a_running_stage_is_found_by_its_folder(tmp_path):
    (tmp_path / "jtfs_repro").mkdir()
    text = "import time\nprint(1, flush=True)\ntime.sleep(60)\n"
    (tmp_path / "jtfs_repro/__main__.py").write_text(text)
    command = [sys.executable, "-m", "jtfs_repro", "toy"]
    found_here = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}  # the toy, not ours
    toy = subprocess.Popen(command, cwd=tmp_path, env=found_here, stdout=subprocess.PIPE)
    try:
        toy.stdout.readline()
        assert attempt._stage_of(tmp_path, "toy").pid == toy.pid
        assert attempt._stage_of(tmp_path / "jtfs_repro", "toy") is None
        assert attempt._stage_of(tmp_path, "other") is None
    finally:
        toy.kill()
        toy.wait()
        toy.stdout.close()


def test_it_says_why_it_cannot_run(monkeypatch, capsys):
    monkeypatch.setattr(attempt.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(sys, "argv", ["try_on_one_node.py"])
    assert attempt.main() == 1
    assert capsys.readouterr().err.startswith("error: not root: the daemons of Slurm need it")


def test_one_node_without_a_command_says_what_it_can_do():
    done = subprocess.run([attempt.CLUSTER], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "one_node.sh start" in done.stdout
