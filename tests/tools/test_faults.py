"""Every fault, tried at the smallest size; `make faults` tries them on the dear stages."""

import contextlib
import doctest
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from jtfs_repro import io, run
from jtfs_repro.journal import sha256
from jtfs_repro.layout import sidecar_of
from rules import locks, recordings
from tools.faults import (
    __main__ as command,
)
from tools.faults import (
    damage,
    disk,
    layout,
    machine,
    memory,
    report,
    running,
    signals,
    surroundings,
)
from tools.faults.catalogue import BY_NAME, FAULTS, Fault
from tools.faults.layout import CHIRPS, SHARDS, Plan
from tools.faults.report import Result
from tools.faults.rig import Rig, Trial, plant
from tools.faults.running import Ended

ROOT = Path(__file__).parents[2]
STAGE = Plan(  # one stage, a second: where snakemake adds nothing to what is tested
    targets=[CHIRPS],
    command=[
        *("-m", "jtfs_repro", "synthesise_chirps", "--run", "smoke", "--gin"),
        *("gin/chirps/chirps.gin", "gin/scale/smoke.gin:chirps", "--chirps", CHIRPS),
        *("--parameters", "data/smoke/chirps.csv", "--facts", "data/smoke/chirps.json"),
        *("--operative", "data/smoke/chirps.gin"),
    ],
)
SOUND = layout.SOUND.format("gull")
LIGHT = Plan(targets=[CHIRPS, SOUND])
RESYNTHESIS = Plan(
    targets=["data/out.wav"],
    command=[
        *("scripts/resynthesize_texture.py", "in.wav", "data/out.wav", "--device", "cpu"),
        *("--scale", "smoke", "--preset", "paper", "--gin"),
        *("gin/textures/resynthesis.gin", "gin/scale/smoke.gin:resynthesis"),
        *("gin/textures/resynthesis_jtfs.gin", "gin/scale/smoke.gin:resynthesis_jtfs"),
        *("gin/textures/descent_lbfgs.gin", "--facts", "data/out.json"),
    ],
    edits={
        "gin/scale/smoke.gin": {
            "loop.LoopSettings.iterations = 3\n": "loop.LoopSettings.iterations = 8\n"
            "loop.LoopSettings.checkpoint_iterations = 2\n"
        }
    },
    checkpoints={"resynthesis": ("data/out.wav", "data/out.wav.checkpoint")},
)


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    """A rig whose run is one script."""
    return Rig(tmp_path_factory.mktemp("script"), STAGE)


@pytest.fixture(scope="module")
def light(tmp_path_factory):
    """A rig whose run is snakemake with two jobs."""
    return Rig(tmp_path_factory.mktemp("light"), LIGHT)


@pytest.fixture(autouse=True)
def clean():
    """No test leaves a process."""
    yield
    assert running.marked() == []
    running.kill_all()


def only(trials):
    """Return the one try of a fault; skip where this machine does not allow it."""
    try:
        (trial,) = trials
    except io.Unavailable as error:
        pytest.skip(str(error))
    assert trial.survived, trial.note
    assert trial.bytes_lost == 0
    return trial


# ---------------------------------------------------------------------- kills and interruptions


@pytest.mark.parametrize(
    "blow",
    [signals.script_killed, signals.snakemake_killed, signals.interrupted, signals.terminated],
)
def test_the_same_command_again_ends_with_the_same_bytes(light, blow):
    only(blow(light, 1))


def test_a_second_run_refuses_and_the_first_goes_on(light):
    assert "refused" in only(signals.two_runs(light, 1)).note


def test_lost_bytes_and_failed_runs_are_not_survived(script):
    with script.fresh("judge") as tree:
        assert script.lost(tree) == sum(size for _, size in script.digests.values())
        assert not script.judge(tree, Ended(status=0, text="")).survived
        assert tree.run().status == 0
        assert script.judge(tree, Ended(status=0, text="")).survived
        assert not script.judge(tree, Ended(status=1, text="error: x")).survived
        path = tree.folder / CHIRPS
        path.write_bytes(path.read_bytes()[:-1] + b"?")
        assert script.lost(tree) == path.stat().st_size
        assert script.wrong(tree) == [CHIRPS]


def test_interrupting_the_command_leaves_nothing(tmp_path):
    work = tmp_path / "work"
    command = [sys.executable, "-m", "tools.faults", "--only", "file_limit", "--work", str(work)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as process:
        end = time.monotonic() + 60
        while not at_work_in(work) and process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        text = process.communicate()[1].decode()
    assert process.returncode == 1
    assert "error: interrupted" in text
    assert "Traceback" not in text
    assert not work.exists()
    assert at_work_in(work) == []


def at_work_in(folder):
    found = psutil.process_iter(["pid", "cwd"])
    return [p.pid for p in found if (p.info["cwd"] or "").startswith(os.fspath(folder))]


# -------------------------------------------------------------------------------------- the disk


def test_full_disk(script):
    only(disk.disk_full(script, 1))


def test_file_limit(script):
    only(disk.file_limit(script, 1))


def test_mounts_are_seen_by_their_commands_alone(tmp_path):
    try:
        with machine.mounts() as own:
            own.small_disk(tmp_path, 1 << 20)
            own.run("touch", f"{tmp_path}/there")
            assert (own.seen(tmp_path) / "there").exists()
            assert not (tmp_path / "there").exists()
    except io.Unavailable as error:
        pytest.skip(str(error))
    assert str(tmp_path) not in Path("/proc/self/mounts").read_text()


def test_read_only_results(script):
    only(disk.read_only_results(script, 1))


def test_no_permission(script):
    try:
        trials = list(disk.no_permission(script, 1))
    except io.Unavailable as error:
        pytest.skip(str(error))
    assert [trial.survived for trial in trials] == [True, True], [t.note for t in trials]


# ------------------------------------------------------------------------- damage that is noticed


@pytest.fixture
def gathered(tmp_path, monkeypatch):
    """Return a function that gathers two shards, as the stage does; (error, whether it wrote)."""
    for number, name in enumerate(SHARDS):
        values = np.random.default_rng(number).normal(size=(32, 20)).astype(np.float32)
        io.save_array(tmp_path / name, values)
        parts = {"status": io.RUN, "parts": {"mfcc": [0, 20]}, "device": "cpu"}
        report = parts | {"n_signals": 32, "seconds": 1.0, "peak_memory_bytes": 1}
        io.save_json(tmp_path / name.replace(".npy", ".json"), report)
        io.save_text(tmp_path / name.replace(".npy", ".gin"), "")
    monkeypatch.chdir(tmp_path)
    for name in SHARDS:
        io.save_json(sidecar_of(name), {"file": name, "sha256": sha256(name)})
    io.save_csv(
        "chirps.csv", [dict(f_c_hz=1.0 + i, f_m_hz=1.0, gamma_oct_per_s=1.0) for i in range(64)]
    )
    outputs = ["--array", "a.npy", "--facts", "a.json", "--cost", "b.json", "--settings", "a.gin"]
    outputs += ["--manifold", "a.npz", "--ratios", "b.npz", "--parameters", "chirps.csv"]
    command = ["x", "score_representation", "--run", "smoke", "--shards", *SHARDS, *outputs]
    monkeypatch.setattr(sys, "argv", [*command, "--feature", "mfcc", "--representation", "mfcc"])

    def gather(capsys):
        with contextlib.suppress(SystemExit):
            run.main()
        return capsys.readouterr().err, Path("a.npy").exists()

    return gather


def test_whole_shards_are_gathered(gathered, capsys):
    assert gathered(capsys) == ("", True)


@pytest.mark.parametrize("harm", damage.SHARD_DAMAGES.values(), ids=damage.SHARD_DAMAGES)
def test_damaged_shards_are_refused_by_name(gathered, capsys, harm):
    harm(Path(SHARDS[0]))
    error, is_written = gathered(capsys)
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert Path(SHARDS[0]).name in error
    assert not is_written


def test_damaged_checkpoint(light, tmp_path):
    plan = replace(RESYNTHESIS, edits=dict(RESYNTHESIS.edits))
    sound = light.undisturbed.folder / SOUND
    rig = Rig(tmp_path, plan, files={"in.wav": sound})
    only(damage.corrupted_checkpoints(rig, 1))


# ------------------------------------------------------------------------- names and surroundings


def test_odd_paths(script):
    only(surroundings.odd_paths(script, 1))


def test_long_name(light):
    only(surroundings.long_paths(light, 1))


def test_name_that_is_not_utf8(light):
    only(surroundings.not_utf8(light, 1))


def test_other_folder(light):
    only(surroundings.other_folder(light, 1))


def test_no_home(script):
    only(surroundings.no_home(script, 1))


def test_no_network(light):
    assert "1 of 1 downloads 'not run'" in only(surroundings.no_network(light, 1)).note


def test_memory_budget(script):
    only(memory.memory_budget(script, 1))


# ------------------------------------------------------------------------------ the lock, the page


def test_who_holds_the_lock(tmp_path):
    assert locks.note(tmp_path) == ""
    (tmp_path / locks.LOCKS).mkdir(parents=True)
    (tmp_path / locks.LOCKS / "0.input.lock").touch()
    assert locks.note(tmp_path) == locks.KILLED
    sleeping = [sys.executable, "-c", "import time; time.sleep(60)", "snakemake"]
    with subprocess.Popen(sleeping, cwd=tmp_path) as process:
        try:
            assert locks.note(tmp_path) == locks.AT_WORK.format(process.pid)
        finally:
            process.kill()


def result(name="disk_full", **changes):
    trials = changes.pop("trials", (Trial(survived=True, note="seen"),) * 2)
    return Result(fault=BY_NAME[name], trials=trials, **changes)


def test_page_counts_what_was_tried():
    broken = Trial(survived=False, bytes_lost=7, repeated=1, note="it | broke")
    results = [result(), result("script_killed", trials=(broken, Trial(survived=True)))]
    results.append(result("read_only_results", status="not run: no root; be it", trials=()))
    text = report.page(results, seed=5)
    assert "**2 faults in 4 tries, 3 survived, bytes lost: 7.**" in text
    assert "2 are kills and interruptions" in text
    assert "1 finished jobs were run again" in text
    assert "1 faults were not run" in text
    assert "seed 5" in text
    assert "- `disk_full`: seen (2x)" in text
    assert "| not run: no root; be it |" in text
    assert os.fspath(ROOT) not in text
    rows = [report.row(found) for found in results]
    assert [row["survived"] for row in rows] == [2, 1, None]
    assert [row["jobs_repeated"] for row in rows] == [None, 1, None]
    assert [found.is_kept for found in results] == [True, False, True]


def test_command_writes_the_page(tmp_path, monkeypatch, capsys):
    def bad(rig, rounds):
        yield Trial(survived=True, note="once")
        raise OSError("gone")

    def none(rig, rounds):
        raise io.Unavailable("no root", "be it")
        yield

    faults = (Fault(bad, "a try that fails", "it is said"), Fault(none, "nothing", "-"))
    monkeypatch.setattr(command, "LIGHT", STAGE)
    chosen = command.Options(faults=faults, work=tmp_path / "work", output=tmp_path)
    assert command.main(chosen) == 1
    page = io.load_text(tmp_path / "docs/reliability.md")
    assert "`bad`: once; the try itself failed: gone" in page
    assert "`none`: not run: no root; be it" in page
    rows = io.load_csv(tmp_path / "docs/faults.csv")
    assert [(row["rounds"], row["survived"]) for row in rows] == [("2", "1"), ("", "")]
    assert not (tmp_path / "work").exists()
    assert "BROKEN: the try itself failed" in capsys.readouterr().err


def test_options():
    assert command.read([]).output == ROOT
    chosen = command.read(["--only", "two_runs", "disk_full", "--rounds", "3"])
    assert [fault.name for fault in chosen.faults] == ["disk_full", "two_runs"]
    assert chosen.output is None  # part of the faults: the page stays as it is
    with pytest.raises(ValueError, match="only='disk' must be one of 'script_killed'"):
        command.read(["--only", "disk"])
    with pytest.raises(ValueError, match="rounds=0 must be >= 1"):
        command.read(["--rounds", "0"])


def test_work_must_be_empty(tmp_path):
    (tmp_path / "there").touch()
    chosen = command.Options(faults=(), work=tmp_path)
    with pytest.raises(ValueError, match=r"work='.*' must be an empty folder"):
        command.try_faults(chosen)


def test_every_round_is_a_signal_and_names_differ():
    assert sum(n for fault, n in command.shares(command.Options()) if fault.is_signal) == 20
    assert len(BY_NAME) == len(FAULTS)


def test_orphans_are_found_and_killed(tmp_path):
    tree = plant(tmp_path / "tree", STAGE)
    started = tree.start(["sh", "-c", "sleep 60 & sleep 0.2"])
    started.wait()
    assert len(running.marked()) == 1
    running.kill_all()
    assert running.marked() == []


def test_an_edit_of_a_setting_that_is_gone_is_refused(tmp_path):
    plan = replace(STAGE, edits={"Snakefile": {"no such line": ""}})
    with pytest.raises(ValueError, match="edits='no such line' must be in Snakefile"):
        plant(tmp_path / "tree", plan)


def test_stages_are_known_by_their_command():
    assert (
        layout.stage_of([sys.executable, "-m", "jtfs_repro", "index_clips", "--run"])
        == "index_clips"
    )
    assert layout.stage_of(["python", "-m", "snakemake"]) == ""
    assert layout.stage_of([]) == ""


def test_docstrings():
    assert doctest.testmod(recordings).failed == 0
