"""Profiles and declared resources; the scripts for Kubernetes; two processes and one file."""

import csv
import doctest
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from jtfs_repro import io
from rules import needs

ROOT = Path(__file__).parents[2]
PROFILES = sorted(path.parent.name for path in ROOT.glob("profiles/*/config.yaml"))
KUBERNETES = ROOT / "profiles/kubernetes"
CLUSTERS = ("slurm", "kubernetes")
# what means the same everywhere
SHARED = (
    "rerun-incomplete", "quiet", "show-failed-logs", "keep-going", "rerun-triggers",
    "max-checksum-file-size", "scheduler", "max-jobs-per-timespan",
)  # fmt: skip
SHARED_BY_CLUSTERS = ("jobs", "retries", "latency-wait", "config")
# kubectl that runs the job's command here, and keeps what it was told in files
KUBECTL = """#!{python}
import json, os, subprocess, sys
from pathlib import Path

home, words = Path(os.environ["KUBECTL_HOME"]), sys.argv[1:]
assert words[1:3] == ["--namespace", "default"], words
if words[0] == "create":
    job = json.load(sys.stdin)
    name = job["metadata"]["generateName"] + str(len(list(home.glob("*.json"))))
    (home / (name + ".json")).write_text(json.dumps(job))
    pod = job["spec"]["template"]["spec"]
    own = pod["containers"][0]
    status = subprocess.call(own["command"], cwd=own["workingDir"])
    (home / ("job.batch-" + name)).write_text("Failed" if status else "Complete")
    print("job.batch/" + name)
elif words[0] == "get":
    path = home / words[4].replace("/", "-")
    if path.exists():
        print("found " + path.read_text(), end="")
elif words[0] == "delete":
    for name in words[5:]:
        (home / name.replace("/", "-")).unlink()
"""


@pytest.fixture
def kubectl(tmp_path, monkeypatch):
    """A stand-in for kubectl, first in the PATH; yield the folder where it keeps its jobs."""
    home = tmp_path / "bin"
    home.mkdir()
    (home / "kubectl").write_text(KUBECTL.format(python=sys.executable))
    (home / "kubectl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{home}:{os.environ['PATH']}")
    monkeypatch.setenv("KUBECTL_HOME", str(home))
    for name, value in (("IMAGE", "local/jtfs:1"), ("CLAIM", "shared"), ("MOUNT", "/shared")):
        monkeypatch.setenv(f"JTFS_{name}", value)
    monkeypatch.delenv("JTFS_NAMESPACE", raising=False)
    return home


with (ROOT / "config/needs.csv").open(encoding="utf-8", newline="") as table:
    ROWS = [(row["rule"], row["part"]) for row in csv.DictReader(table)]


def call(script, *arguments, **options):
    command = [KUBERNETES / script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def profile(name):
    return yaml.safe_load((ROOT / f"profiles/{name}/config.yaml").read_text(encoding="utf-8"))


def rules_text():
    """Return rule -> its text."""
    found = {}
    for path in sorted((ROOT / "rules").glob("*.smk")):
        parts = re.split(r"^rule (\w+)", path.read_text(encoding="utf-8"), flags=re.M)
        found |= dict(zip(parts[1::2], parts[2::2], strict=True))
    return found


# ------------------------------------------------------------------------------------- profiles


def test_there_are_four_profiles():
    assert PROFILES == ["default", "gpu", "kubernetes", "slurm"]


@pytest.mark.parametrize("name", PROFILES)
def test_what_means_the_same_is_the_same(name):
    ours, default = profile(name), profile("default")
    assert {key: ours.get(key) for key in SHARED} == {key: default[key] for key in SHARED}


def test_both_clusters_are_used_alike():
    slurm, kubernetes = map(profile, CLUSTERS)
    assert {k: slurm[k] for k in SHARED_BY_CLUSTERS} == {
        k: kubernetes[k] for k in SHARED_BY_CLUSTERS
    }
    assert {"mem_mb=4000", "runtime=60"} < set(slurm["default-resources"])
    assert {"mem_mb=4000", "runtime=60"} < set(kubernetes["default-resources"])


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_sets_only_keys_of_the_config(name):
    known = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    assert {entry.partition("=")[0] for entry in profile(name).get("config", [])} <= set(known)


def test_the_profile_for_slurm_is_understood():
    pytest.importorskip(
        "snakemake_executor_plugin_slurm", reason="an extra: pip install -e .[slurm]"
    )
    options = ["-n", "--workflow-profile", "profiles/slurm", "--config", "scale=paper"]
    run = [sys.executable, "-m", "snakemake", *options, "shards=16", "--", "data/paper/chirps.npy"]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# ----------------------------------------------------------------------------- declared resources


def test_every_rule_declares_its_needs_under_its_own_name():
    for name, text in rules_text().items():
        assert re.findall(r"\*\*needs\(\s*\"(\w+)\"", text) == [name]


def test_every_row_has_a_rule_and_a_rule_without_one_has_that_of_its_kind():
    assert {name for name, _ in ROWS if "*" not in name} <= set(rules_text())
    assert needs.find("plot_a_new_figure")["rule"] == "plot_*"
    assert needs.find("tabulate_something_new")["rule"] == "*"


def test_rules_that_take_a_gpu_say_how_many():
    """The memory of the GPU's libraries comes with it, see `memory_mb`."""
    for name, text in rules_text().items():
        words = ('"device": config["device"]', "training_options()", "extraction(shard=")
        takes_gpu = any(word in text for word in words)
        assert takes_gpu == bool(re.search(r"needs\(\s*\"\w+\",[^)]*gpu=", text)), name
    plain, on_gpu = (needs.memory_mb("train_end_to_end", "demo", gpus=n) for n in (0, 1))
    assert on_gpu - plain == needs.GPU_MB


def test_the_examples_of_needs_hold():
    assert doctest.testmod(needs).failed == 0


@pytest.mark.parametrize(("name", "part"), ROWS)
def test_a_retry_gets_more_and_paper_scale_no_less(name, part):
    for scale in ("smoke", "demo", "paper"):
        first, second = (needs.minutes(name, scale, part=part, attempt=n) for n in (1, 2))
        assert 0 < first < second
    assert needs.minutes(name, "demo", part=part) <= needs.minutes(name, "paper", part=part)
    assert needs.memory_mb(name, "demo", part=part) <= needs.memory_mb(name, "paper", part=part)


def test_shards_divide_the_minutes_of_an_extraction():
    one, many = (
        needs.minutes("extract_clips", "paper", part="jtfs", shards=n) - needs.START_MINUTES
        for n in (1, 64)
    )
    assert many == pytest.approx(one / 64, rel=0.1)


def test_memory_of_an_extraction_grows_with_its_budget_on_the_host_only():
    small, large = (needs.extraction_mb("extract_clips", gb, part="cqt") for gb in (1, 5))
    assert large - small == 4000
    on_gpu = [needs.extraction_mb("extract_clips", gb, part="cqt", gpus=1) for gb in (1, 16)]
    assert on_gpu[0] == on_gpu[1] > needs.GPU_MB


# -------------------------------------------------------------------------------------- kubernetes


def test_a_job_for_kubernetes_asks_for_what_its_rule_declares(kubectl, tmp_path):
    script = tmp_path / "job.sh"
    script.write_text("echo done > made.txt\n")
    done = call("submit.sh", 2, 1500, 30, 0, script, cwd=tmp_path)
    assert done.stdout == "job.batch/jtfs-0\n", done.stderr
    job = json.loads((kubectl / "jtfs-0.json").read_text())
    pod = job["spec"]["template"]["spec"]
    own = pod["containers"][0]
    assert own["resources"] == {
        "requests": {"cpu": "2", "memory": "1500M"},
        "limits": {"memory": "1500M"},
    }
    assert pod["activeDeadlineSeconds"] == 1800
    assert job["spec"]["backoffLimit"] == 0  # snakemake tries again, nobody else
    assert own["workingDir"] == str(tmp_path)
    assert pod["volumes"][0]["persistentVolumeClaim"] == {"claimName": "shared"}
    assert own["volumeMounts"] == [{"name": pod["volumes"][0]["name"], "mountPath": "/shared"}]
    assert (tmp_path / "made.txt").read_text() == "done\n"


def test_a_gpu_is_asked_for_by_its_limit(kubectl, tmp_path):
    script = tmp_path / "job.sh"
    script.write_text("true\n")
    call("submit.sh", 1, 1000, 10, 1, script, cwd=tmp_path)
    own = json.loads((kubectl / "jtfs-0.json").read_text())["spec"]["template"]["spec"]
    assert own["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"


@pytest.mark.parametrize(
    ("stored", "printed"),
    [("Complete", "success"), ("Failed", "failed"), ("", "running"), (None, "failed")],
)
def test_the_status_of_a_job(kubectl, stored, printed):
    if stored is not None:
        (kubectl / "job.batch-jtfs-7").write_text(stored)
    assert call("status.sh", "job.batch/jtfs-7").stdout == f"{printed}\n"


def test_a_server_that_does_not_answer_ends_no_job(kubectl):
    (kubectl / "kubectl").write_text("#!/bin/sh\nexit 1\n")
    assert call("status.sh", "job.batch/jtfs-7").stdout == "running\n"


def test_cancelling_removes_all_jobs_named(kubectl):
    names = ["job.batch/jtfs-1", "job.batch/jtfs-2"]
    for name in names:
        (kubectl / name.replace("/", "-")).write_text("")
    assert call("cancel.sh", *names).returncode == 0
    assert not list(kubectl.glob("job.batch-*"))


@pytest.mark.parametrize("name", ["IMAGE", "CLAIM", "MOUNT"])
def test_a_missing_setting_is_one_line(kubectl, monkeypatch, name):
    monkeypatch.delenv(f"JTFS_{name}")
    done = call("submit.sh", 1, 1000, 10, 0, "job.sh")
    assert done.returncode != 0
    assert f"error: JTFS_{name} is not set" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(kubectl.glob("*.json"))


# --------------------------------------------------------------------- two processes and one file

WRITER = """
import sys
import numpy as np
from jtfs_repro import io
print("ready", flush=True)
sys.stdin.readline()
for _ in range(60):
    io.save_array(sys.argv[1], np.full(20_000, float(sys.argv[2])))
"""


def test_of_two_writers_of_one_file_one_wins_whole(tmp_path):
    """As when Slurm starts a job again while the first still runs on a lost node."""
    path = tmp_path / "shard.npy"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, path, str(value)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for value in (1, 2)
    ]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    n_read = 0
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            values = np.unique(np.load(path))
            assert values.tolist() in ([1.0], [2.0])
            n_read += 1
    assert [writer.wait() for writer in writers] == [0, 0]
    for writer in writers:
        writer.stdin.close()
        writer.stdout.close()
    assert n_read > 3
    assert io.load_array(path).shape == (20_000,)
    assert [p.name for p in tmp_path.iterdir()] == ["shard.npy"]
