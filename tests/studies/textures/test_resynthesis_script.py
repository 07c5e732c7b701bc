"""The script: outputs, equal bytes after SIGKILL, any folder, any sound, one-line errors."""

import json
import os
import re
import runpy
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from texture_files import needs_recordings, recording

from jtfs_repro import config, io
from jtfs_repro.audio import Sound, read_sound, to_mono, write_sound
from jtfs_repro.layout import SUFFIX
from jtfs_repro.plots.error_curves import figure_error_history
from jtfs_repro.provenance import Stamp
from jtfs_repro.resynthesis.adam import Adam
from jtfs_repro.resynthesis.lbfgs import Lbfgs
from jtfs_repro.scattering import TimeFrequencyScattering
from jtfs_repro.studies.textures.resynthesis import resynthesize

ROOT = Path(__file__).resolve().parents[3]
SCRIPT, GIN = ROOT / "scripts/resynthesize_texture.py", ROOT / "gin"
N, SR = 2**12, 22050
SECONDS = 120
STAMP = Stamp(scale="smoke", preset="paper", device="cpu")
COLUMNS = [
    *("iteration", "evaluations", "error", "trial_error", "step_size", "accepted", "best_error"),
    *("sound", "representation", "descent", "scale", "preset", "device", "variant"),
]


def chirps(n=N, channels=1, level=0.1):
    """Falling chirps in noise."""
    t = np.arange(n) / SR
    phase = 2 * np.pi * 2000 * (t % 0.05) * (1 - 8 * (t % 0.05))
    noise = np.random.default_rng(0).standard_normal((channels, n))
    return level * (np.sin(phase) + 0.1 * noise)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a sound")
    write_sound(folder / "möwe.wav", Sound(samples=chirps(), sr=SR))
    write_sound(folder / "stereo.wav", Sound(samples=chirps(5000, channels=2), sr=44100))
    write_sound(folder / "short.wav", Sound(samples=chirps(200), sr=SR))
    return folder


def load(representation="jtfs", descent="lbfgs", scale="smoke"):
    stages = ("resynthesis", f"resynthesis_{representation}", f"descent_{descent}")
    stacks = [config.stack(stage, scale=scale, root=GIN) for stage in stages]
    config.load_gin([file for stack in stacks for file in stack])


def resynthesis(sound=None, *, representation="jtfs", descent="lbfgs", **options):
    load(representation, descent)
    sound = sound or Sound(samples=chirps(), sr=SR)
    return config.bound(resynthesize)(sound, name="möwe", stamp=STAMP, **options)


def command(*arguments):
    return [sys.executable, str(SCRIPT), *map(str, arguments)]


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def script(*arguments, cwd=None):
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment(),
        timeout=SECONDS,
    )


def outputs(folder):
    """Return the names of a folder's files; each but the settings must have its sidecar."""
    names = {path.name for path in folder.iterdir()}
    own = {name for name in names if not name.endswith(SUFFIX)}
    assert names - own == {f"{name}{SUFFIX}" for name in own if not name.endswith(".gin")}
    return sorted(own)


def test_it_works_alone_from_any_folder(folder, tmp_path):
    done = script(folder / "möwe.wav", "out.wav", "--scale", "smoke", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert outputs(tmp_path) == ["out.csv", "out.wav"]
    assert read_sound(tmp_path / "out.wav").samples.shape == (1, N)
    rows = io.load_csv(tmp_path / "out.csv")
    assert list(rows[0]) == COLUMNS
    assert [row["iteration"] for row in rows] == list("0123")
    assert (rows[0]["sound"], rows[0]["representation"], rows[0]["descent"]) == (
        "möwe",
        "jtfs",
        "lbfgs",
    )


def test_all_outputs_of_a_stereo_sound(folder, tmp_path):
    names = ["history.csv", "plot.png", "snapshots.npz", "facts.json", "cost.json"]
    options = [f"--{name.split('.')[0]}={tmp_path / name}" for name in names]
    done = script(
        folder / "stereo.wav",
        tmp_path / "out.wav",
        *options,
        f"--operative={tmp_path / 'out.gin'}",
        "--scale=smoke",
        "--representation=scattering1d",
        "--descent=bold_driver",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert outputs(tmp_path) == sorted([*names, "out.gin", "out.wav"])
    sound, facts = read_sound(tmp_path / "out.wav"), io.load_json(tmp_path / "facts.json")
    assert (sound.samples.shape, sound.sr) == ((2, 5000), 44100)
    shots = io.load_arrays(tmp_path / "snapshots.npz")
    assert shots["samples"].shape == (len(shots["iterations"]), 2, 5000)
    assert shots["samples"].dtype == np.float32
    assert shots["iterations"][0] == 0
    assert shots["iterations"][-1] == facts["best_iteration"]
    np.testing.assert_array_equal(shots["samples"][-1], sound.samples)
    assert facts["status"] == "finished"
    assert facts["error_best"] <= facts["error_initial"]
    assert io.load_json(tmp_path / "cost.json")["n_channels"] == 2
    again = script(  # what is in effect makes the same sound again
        folder / "stereo.wav", tmp_path / "2.wav", "--scale=smoke", "--gin", tmp_path / "out.gin"
    )
    assert again.stderr == ""
    assert (tmp_path / "2.wav").read_bytes() == (tmp_path / "out.wav").read_bytes()


def kill_after(number, folder, tmp_path, gin, at):
    """Start a run in another process, and send it a signal once it has a checkpoint."""
    running = subprocess.Popen(
        command(folder / "möwe.wav", tmp_path / "killed.wav", "--gin", *gin),
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + SECONDS
    while not at.exists() and running.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    running.send_signal(number)
    _, said = running.communicate(timeout=SECONDS)
    return running.returncode, said


def small_gin(tmp_path, iterations):
    """Gin files of a run that is long enough to be killed."""
    own = tmp_path / "own.gin"
    own.write_text(
        "from __gin__ import dynamic_registration\n"
        "from jtfs_repro.resynthesis import loop\n"
        f"loop.LoopSettings.iterations = {iterations}\n"
        "loop.LoopSettings.checkpoint_iterations = 5\n"
    )
    stages = ("resynthesis", "resynthesis_scattering1d", "descent_lbfgs")
    stacks = [config.stack(stage, scale="smoke", root=GIN) for stage in stages]
    return [*(file for stack in stacks for file in stack), str(own)]


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_last_byte(folder, tmp_path):
    gin, checkpoint = small_gin(tmp_path, 100), tmp_path / "killed.wav.checkpoint"
    code, said = kill_after(signal.SIGKILL, folder, tmp_path, gin, checkpoint)
    assert code == -signal.SIGKILL, said
    assert not (tmp_path / "killed.wav").exists()
    for name in ("killed", "whole"):
        options = [f"--facts={tmp_path / name}.json", f"--snapshots={tmp_path / name}.npz"]
        done = script(folder / "möwe.wav", tmp_path / f"{name}.wav", *options, "--gin", *gin)
        assert (done.returncode, done.stderr) == (0, "")
    for kind in ("wav", "csv", "npz", "json"):
        pair = [(tmp_path / f"{name}.{kind}").read_bytes() for name in ("killed", "whole")]
        assert pair[0] == pair[1], kind
    assert not checkpoint.exists()


@pytest.mark.slow
def test_sigterm_keeps_where_it_was(folder, tmp_path):
    gin, checkpoint = small_gin(tmp_path, 100_000), tmp_path / "killed.wav.checkpoint"
    code, said = kill_after(signal.SIGTERM, folder, tmp_path, gin, checkpoint)
    assert code == config.TERMINATED_STATUS
    assert said.count("\n") == 1
    assert "stopped after iteration" in said
    assert checkpoint.exists()


# ---------------------------------------------------------------------------------- in this process


@pytest.mark.parametrize("representation", ["jtfs", "scattering1d"])
@pytest.mark.parametrize("descent", ["lbfgs", "bold_driver", "adam"])
def test_every_pair_runs_at_smoke_scale(representation, descent):
    found = resynthesis(representation=representation, descent=descent)
    assert found.facts["iterations"] == 3
    assert found.facts["n_samples"] == N
    assert (found.facts["representation"], found.facts["descent"]) == (representation, descent)
    assert list(found.history[0]) == COLUMNS
    json.dumps(found.facts | found.cost, allow_nan=False)


def test_representations_start_from_the_same_noise():
    first = [
        resynthesis(representation=name, iterations=0).sound.samples
        for name in ("jtfs", "scattering1d")
    ]
    np.testing.assert_array_equal(*first)
    other = resynthesis(iterations=0, seed=1).sound.samples
    assert not np.allclose(first[0], other)


def test_paper_and_base_scale_are_the_papers_setting(monkeypatch):
    seen = []

    def look(objective, *_, settings, **__):
        seen.append((settings.iterations, objective.transform))
        raise ValueError("seen")

    monkeypatch.setattr("jtfs_repro.studies.textures.resynthesis.descend", look)
    sound = Sound(samples=chirps(2**13), sr=SR)
    for scale in ("demo", "paper"):
        load(scale=scale)
        with pytest.raises(ValueError, match="seen"):
            config.bound(resynthesize)(sound, name="x", stamp=STAMP)
    assert [iterations for iterations, _ in seen] == [100, 200]
    for _, jtfs in seen:
        assert (jtfs.J, jtfs.Q, jtfs.T, jtfs.channels) == (12, (12, 1), 2**13, 8659)


def test_float64_and_float32_agree_at_first():
    single, double = (resynthesis(dtype=dtype).history for dtype in ("float32", "float64"))
    for a, b in zip(single, double, strict=True):
        assert a["error"] == pytest.approx(b["error"], rel=1e-4)


def test_length_power_of_two_truncates():
    sound = Sound(samples=chirps(5000), sr=SR)
    assert resynthesis(sound, length="power_of_two").sound.samples.shape == (1, N)
    assert resynthesis(sound, length="whole").sound.samples.shape == (1, 5000)


def test_long_sounds_go_in_segments():
    sound = Sound(samples=chirps(4 * N), sr=SR)
    found = resynthesis(sound, segment=N)
    assert found.facts["n_segments"] == 7
    assert found.facts["error_best"] < found.facts["error_initial"]


def test_equal_runs_are_equal():
    first, second = resynthesis(), resynthesis(progress=False)
    assert first.history == second.history
    assert first.facts == second.facts
    np.testing.assert_array_equal(first.snapshots["samples"], second.snapshots["samples"])


def test_an_early_end_is_a_warning():
    assert resynthesis().warning == ""
    load("jtfs", "adam")
    wild = config.bound(resynthesize)(
        Sound(samples=chirps(), sr=SR), name="x", stamp=STAMP, descent=lambda: Adam(lr=1e6)
    )
    assert wild.warning.startswith("diverged at iteration 1: 10 times the error of the noise; the")
    assert wild.facts["best_iteration"] == 0
    assert np.isfinite(wild.sound.samples).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{}/möwe.wav", "{}/out.mp3"], "path='.*out.mp3' must end in .wav"),
        (["{}/none.wav", "{}/out.wav"], "none.wav: "),
        (["{}/short.wav", "{}/out.wav"], "n_samples=200 must be >= 512 for J=8 .*too short"),
        (["{}/möwe.wav", "{}/möwe.wav"], "path='.*möwe.wav' must be named once"),
        (["{}/möwe.wav", "{}/out.wav", "--plot={}/out.txt"], "plot='.*out.txt' must end in .png"),
        (["{}/möwe.wav", "{}/o.wav", "--seed=-1"], "seed=-1 must be >= 0"),
        (["{}/möwe.wav", "{}/o.wav", "--iterations=-1"], "iterations=-1 must be >= 0"),
        (["{}/möwe.wav", "{}/o.wav", "--device=tpu"], "device='tpu' must be one of"),
        (["{}/möwe.wav", "{}/o.wav", "--gin", "{}/x.gin"], "x.gin: no such gin file"),
        (["{}/möwe.wav", "{}/o.wav", "--gin", "{}/x.gin", "--descent=adam"], "x.gin: no such"),
    ],
)
def test_errors_are_one_line(arguments, message, folder, monkeypatch, capsys):
    filled = [part.format(folder) for part in arguments]
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), "--scale=smoke", *filled])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    signal.signal(signal.SIGTERM, before)
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert said.count("\n") == 1
    assert re.match(f"error: .*{message}", said), said


def test_gin_files_say_all(folder, monkeypatch, capsys):
    load()
    files = config.stack("resynthesis", root=GIN)
    argv = [str(SCRIPT), str(folder / "möwe.wav"), str(folder / "o.wav"), "--descent=adam"]
    monkeypatch.setattr(sys, "argv", [*argv, "--gin", *files])
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit):
        runpy.run_path(str(SCRIPT), run_name="__main__")
    signal.signal(signal.SIGTERM, before)
    assert "--gin names representation and descent (leave out" in capsys.readouterr().err


def test_mono_averages_the_channels(folder):
    mono = to_mono(read_sound(folder / "stereo.wav")).samples
    stereo = read_sound(folder / "stereo.wav").samples
    np.testing.assert_allclose(mono[0], stereo.mean(0), atol=1e-7)


# ------------------------------------------------------------------------------------------ figure


def row(iteration, error, trial, accepted):
    names = {"sound": "gull", "representation": "jtfs", "descent": "bold_driver"}
    return {
        "iteration": iteration,
        "error": error,
        "trial_error": trial,
        "accepted": accepted,
        **names,
    }


def test_the_figure_shows_the_errors_and_the_papers_marks():
    rows = [row(0, 1.0, "", "")]
    rows += [
        row(i, 1 / i, 1 / i if i % 3 else 99.0, "yes" if i % 3 else "no") for i in range(1, 31)
    ]
    figure = figure_error_history(rows, stamp_line=STAMP.line)
    FigureCanvasAgg(figure).draw()
    (axes,) = figure.axes
    curve, best, undone, paper = axes.get_lines()
    np.testing.assert_allclose(curve.get_ydata(), [r["error"] for r in rows])
    assert (best.get_xdata(), best.get_ydata()) == (30, 1 / 30)
    assert list(undone.get_xdata()) == list(range(3, 31, 3))
    assert undone.get_ydata() == pytest.approx(1.5)
    assert (list(paper.get_xdata()), list(paper.get_ydata())) == ([20], [0.1])
    texts = [text.get_text() for text in figure.texts]
    assert any(STAMP.line in text for text in texts)
    assert axes.get_title("left") == "gull: jtfs, bold_driver"
    low, high = axes.get_ylim()
    assert low <= 1 / 30
    assert high >= 1.5


def test_a_figure_needs_rows():
    with pytest.raises(ValueError, match=r"rows=.* must hold at least one row"):
        figure_error_history([], stamp_line="")
    with pytest.raises(ValueError, match="highest_trial=0 must be > 0"):
        figure_error_history([row(0, 1.0, "", "")], stamp_line="", highest_trial=0)


@needs_recordings
@pytest.mark.slow
@pytest.mark.parametrize("name", ["seagull", "robin"])
def test_recordings_come_back(name, tmp_path):
    """A genuine recording, mono or stereo, at its own rate: the error falls to a tenth."""
    read = read_sound(recording(name))
    part = Sound(samples=read.samples[:, 20_000 : 20_000 + 2**14], sr=read.sr)
    found = resynthesize(
        part,
        name=name,
        stamp=STAMP,
        representation=partial(TimeFrequencyScattering, J=9, J_fr=4, Q=8, T=2**10, F=0),
        representation_name="jtfs",
        descent=Lbfgs,
        descent_name="lbfgs",
        iterations=40,
        progress=False,
    )
    assert found.sound.samples.shape == part.samples.shape
    assert found.facts["n_channels"] == {"seagull": 1, "robin": 2}[name]
    assert found.facts["error_best"] < 0.1 * found.facts["error_initial"]
