"""Try the Slurm profile on this machine: a cluster of one node, compared with a local run.

    sudo .venv/bin/python profiles/slurm/try_on_one_node.py --log docs/slurm_run.log

A smoke-scale run of all sections, with few features, is made twice, in copies of this folder: once
by plain snakemake, once by Slurm. In the second a training's script is killed (SIGKILL) and an
extraction is cancelled (scancel) as they run; both must be tried again. At the end all arrays,
tables, figures and sounds must have the same bytes; costs, sidecars and manifests are left out.
Root is needed to start the daemons (see one_node.sh); they are stopped at the end.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
TREE = (
    "Snakefile",
    "claims",
    "config",
    "gin",
    "jtfs_repro",
    "notebooks",
    "profiles",
    "rules",
    "scripts",
)
CLUSTER = ROOT / "profiles/slurm/one_node.sh"
CONFIG = [
    "scale=smoke", "features=[mfcc,scattering1d_q1]", "shards=2", "clip_shards=1",
    "classifiers=[mfcc_svm,cqt]", "seeds=1", "sounds=[gull]", "descents=[lbfgs]",
    "notebooks=False", "device=cpu", "openl3_download=never", "test_soundfont=tiny.sf2",
    "soundfont_download=never",
]  # fmt: skip
PROFILE = ["--workflow-profile", "profiles/slurm", "--jobs", "4"]
# wall times, memory, dates and machines: all else must be the same
MAY_DIFFER = re.compile(
    r"(cost\.(csv|md|html|json)|manifest\.json|(shard|seed)-[^/]*\.json|\.provenance\.json"
    r"|/site/.*)$"
)
HEADER = "Date|Host|User|Platform|Python version|Command|Workflow ID"
HIDDEN = re.compile(rf"^ *({HEADER}): ?.*\n?", re.MULTILINE)
DULL = re.compile(r"(Select jobs to execute|Execute \d+ jobs?)\.\.\.|\[\w{3} \w{3} .*\d{4}\]$")
POLL_S, LONGEST_S = 0.3, 3600.0


def main() -> int:
    """Run both, compare, write the log; return the exit status."""
    options = arguments().parse_args()
    if reason := obstacle():
        print(f"error: {reason}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="try_slurm_") as folder:
        local = copy_tree(Path(folder, "local"))
        by_slurm = copy_tree(Path(folder, "slurm"))
        run(local, ["--cores", "2", *options.targets, "--config", *options.config])
        with cluster(Path(folder, "cluster")), killer(by_slurm, options.kill) as killed:
            text = run(by_slurm, [*PROFILE, *options.targets, "--config", *options.config])
        found = [*killed, *comparison(local, by_slurm)]
        text = cleaned(text, folder)
    is_well = is_equal(found) and len(killed) == len(options.kill)
    found.append("passed" if is_well else "FAILED")
    print("\n".join(found))
    if options.log:
        head = f"$ snakemake {' '.join([*PROFILE, *options.targets, '--config', *options.config])}"
        Path(options.log).write_text("\n".join([head, text, *found]) + "\n", encoding="utf-8")
    return 0 if is_well else 1


def arguments() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--log", help="output: what snakemake printed, and the comparison")
    parser.add_argument("--targets", nargs="*", default=[], help="rules or files; default: all")
    parser.add_argument("--config", nargs="+", default=CONFIG, metavar="KEY=VALUE")
    parser.add_argument(
        "--kill", nargs="*", default=["train_classifier:SIGKILL", "extract_features:scancel"],
        metavar="RULE:HOW", help="a running job of each rule is killed once: SIGKILL or scancel",
    )  # fmt: skip
    return parser


def obstacle() -> str:
    """Return why it cannot be tried here, or an empty string."""
    if os.geteuid() != 0:
        return "not root: the daemons of Slurm need it (run with sudo)"
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        return "no snakemake-executor-plugin-slurm (pip install -e .[slurm])"
    if not (shutil.which("slurmctld") and shutil.which("munged")) and not shutil.which("apt-get"):
        return "no Slurm, and no apt-get to install it (slurm-wlm, munge)"
    conf = Path("/etc/slurm/slurm.conf")
    return f"{conf} is there already: this machine has a cluster" if conf.exists() else ""


def copy_tree(folder: Path) -> Path:
    """Copy what a run needs into ``folder``; the clips are played from a tiny soundfont."""
    sys.path.insert(0, str(ROOT / "tests"))
    from tiny_soundfont import tiny_soundfont

    folder.mkdir(parents=True)
    for name in TREE:
        source, ignored = ROOT / name, shutil.ignore_patterns("__pycache__", "*.part")
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy2(source, folder / name)
    (folder / "tiny.sf2").write_bytes(tiny_soundfont())
    return folder


def run(folder: Path, options: Sequence[str]) -> str:
    """Run snakemake in ``folder``; return what it printed."""
    command = [sys.executable, "-m", "snakemake", *options]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        raise SystemExit(f"error: {' '.join(command)} ended with {done.returncode}")
    return done.stdout


@contextmanager
def cluster(folder: Path) -> Iterator[None]:
    """Have a cluster of one node, with its state in ``folder``."""
    environment = os.environ | {"CLUSTER": str(folder)}
    try:
        subprocess.run([CLUSTER, "start"], env=environment, check=True, stdout=subprocess.DEVNULL)
        yield
    finally:
        subprocess.run([CLUSTER, "stop"], env=environment, check=True)


@contextmanager
def killer(folder: Path, targets: Sequence[str]) -> Iterator[list[str]]:
    """Kill one running job of each rule in ``targets``; yield the list of what was killed."""
    killed: list[str] = []
    is_over = threading.Event()
    threads = [
        threading.Thread(target=_kill_one, args=(folder, *target.split(":"), killed, is_over))
        for target in targets
    ]
    for thread in threads:
        thread.start()
    try:
        yield killed
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def _kill_one(folder: Path, rule: str, how: str, killed: list[str], is_over: threading.Event):
    end = time.monotonic() + LONGEST_S
    while not is_over.wait(POLL_S) and time.monotonic() < end:
        process = _script_of(folder, rule)
        if process is None:
            continue
        job = _environment(process).get("SLURM_JOB_ID", "?")
        time.sleep(1)  # well into its imports
        try:
            if how == "scancel":
                subprocess.run(["scancel", job], check=True)
            else:
                process.kill()
        except (psutil.NoSuchProcess, subprocess.CalledProcessError):
            continue
        killed.append(f"killed: a running job of {rule} (Slurm job {job}), by {how}")
        return


def _script_of(folder: Path, rule: str) -> psutil.Process | None:
    """Return a process that runs the rule's script in ``folder``."""
    for process in psutil.process_iter(["cmdline", "cwd"]):
        words = process.info["cmdline"] or []
        if f"scripts/{rule}.py" in words[1:2] and process.info["cwd"] == str(folder):
            return process
    return None


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:
        return {}


def digests(folder: Path) -> dict[str, str]:
    """Return path -> SHA-256 of all that must be the same in every run."""
    files = [f for top in ("data", "results", "img") for f in (folder / top).rglob("*")]
    names = {f.relative_to(folder).as_posix(): f for f in files if f.is_file()}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in sorted(names.items())
        if not MAY_DIFFER.search(name) and "/partial/" not in name
    }


def comparison(local: Path, by_slurm: Path) -> list[str]:
    """Return lines that say which files differ between two runs."""
    ours, theirs = digests(local), digests(by_slurm)
    names = sorted(ours.keys() | theirs.keys())
    differing = [name for name in names if ours.get(name) != theirs.get(name)]
    counts = Counter(Path(name).suffix for name in names)
    kinds = ", ".join(f"{count} {suffix}" for suffix, count in sorted(counts.items()))
    lines = [f"compared: {len(names)} files ({kinds})"]
    lines += [f"differs: {name}" for name in differing]
    return [*lines, f"with other bytes than the local run: {len(differing)}"]


def is_equal(lines: Sequence[str]) -> bool:
    """Return whether a comparison found files, and none that differs."""
    is_any = not any(line.startswith("compared: 0 files") for line in lines)
    return is_any and "with other bytes than the local run: 0" in lines


def cleaned(text: str, folder: str) -> str:
    """Return what snakemake printed, without the machine's names and places."""
    text = HIDDEN.sub("", text)
    for name, new in ((folder, "."), (sys.prefix, ".venv"), (str(ROOT), ".")):
        text = text.replace(name, new)
    text = re.sub(rf"\b{re.escape(socket.gethostname())}\b", "node", text)
    text = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "RUN_ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d{6}\.\d+", "DATE", text)
    lines = [line for line in text.splitlines() if line.strip() and not DULL.match(line)]
    # what the plugin says for every job it says once
    once = [n for n, line in enumerate(lines) if "account" not in line or line not in lines[:n]]
    return "\n".join(lines[n] for n in once)


if __name__ == "__main__":
    sys.exit(main())
