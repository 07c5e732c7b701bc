"""The loop: history, early stop, divergence, snapshots; checkpoints to the bit; signals."""

import os
import signal
from functools import partial
from itertools import pairwise

import pytest
import torch

from jtfs_repro.resynthesis.adam import Adam
from jtfs_repro.resynthesis.bold_driver import BoldDriver
from jtfs_repro.resynthesis.checkpoint import Checkpoint
from jtfs_repro.resynthesis.initial_noise import initial_noise
from jtfs_repro.resynthesis.lbfgs import Lbfgs
from jtfs_repro.resynthesis.loop import LoopSettings, descend
from jtfs_repro.resynthesis.objective import Objective
from jtfs_repro.scattering import Scattering1D
from jtfs_repro.training import checkpoints

N, ITERATIONS = 512, 9
scattering = partial(Scattering1D, J=5, Q=4, T=64)
DESCENTS = {
    "bold_driver": partial(BoldDriver, mu_0=1.0),
    "as_coded": partial(BoldDriver, bold_driver="as_coded", mu_0=1.0),
    "lbfgs": Lbfgs,
    "adam": Adam,
}
every_descent = pytest.mark.parametrize("descent", DESCENTS.values(), ids=DESCENTS)


class Stopped(Exception):
    """Ends a descent where a test wants it."""


def sound():
    generator = torch.Generator().manual_seed(1)
    return 0.1 * torch.randn(1, N, generator=generator) * torch.sin(torch.arange(N) / 30) ** 4


def settings(**options):
    return LoopSettings(**{"iterations": ITERATIONS, "snapshots": (0, 2, 5), **options})


def run(descent=Lbfgs, *, at_evaluation=None, checkpoint=None, **options):
    """Descend; call a function before the evaluation of a given number."""
    x = sound()
    objective = Objective(x, scattering)
    if at_evaluation:
        number, act = at_evaluation
        evaluate = objective.evaluate

        def acting(y, **limits):
            if objective.evaluations == number:
                act()
            return evaluate(y, **limits)

        objective.evaluate = acting
    noise = initial_noise(x)
    options = settings(**options)
    return descend(objective, descent(), noise, x, settings=options, checkpoint=checkpoint)


def plain(outcome):
    """All that a descent leaves, wall times aside."""
    shots = [(i, error, point.tolist()) for i, error, point in outcome.snapshots()]
    return outcome.course.rows, shots, outcome.status, outcome.iteration, outcome.error


def stop():
    raise Stopped


# ----------------------------------------------------------------------------------------- history


@every_descent
def test_there_is_a_row_per_iteration(descent):
    rows = run(descent).course.rows
    assert [row["iteration"] for row in rows] == list(range(ITERATIONS + 1))
    assert [row["evaluations"] for row in rows] == list(range(1, ITERATIONS + 2))
    assert (rows[0]["trial_error"], rows[0]["step_size"], rows[0]["accepted"]) == ("", "", "")
    for before, row in pairwise(rows):
        assert row["best_error"] == min(before["best_error"], row["error"])
        kept = row["trial_error"] if row["accepted"] == "yes" else before["error"]
        assert row["error"] == kept


def test_rejected_steps_are_in_the_history():
    rows = run(partial(BoldDriver, mu_0=300.0)).course.rows
    rejected = [row for row in rows if row["accepted"] == "no"]
    assert rejected
    assert all(row["trial_error"] > row["error"] for row in rejected)


def test_the_result_is_the_best_point():
    outcome = run(partial(Adam, lr=2.0), iterations=15)
    rows = outcome.course.rows
    assert outcome.error == min(row["error"] for row in rows) == rows[outcome.iteration]["error"]
    assert outcome.iteration < 15, "choose an lr with which the last is not the best"
    error = Objective(sound(), scattering).evaluate(outcome.point).squared_error ** 0.5
    assert error == outcome.error


def test_as_coded_returns_the_last_point():
    outcome = run(partial(BoldDriver, bold_driver="as_coded", mu_0=3.0))
    errors = [row["error"] for row in outcome.course.rows]
    assert outcome.iteration == ITERATIONS
    assert outcome.error == errors[-1] > min(errors)


def test_snapshots_end_with_the_result():
    outcome = run()
    numbers, errors, points = zip(*outcome.snapshots(), strict=True)
    assert numbers == (0, 2, 5, outcome.iteration)
    assert list(errors) == [outcome.course.rows[i]["error"] for i in numbers]
    assert torch.equal(points[0], initial_noise(sound()))
    assert torch.equal(points[-1], outcome.point)
    assert [shot[0] for shot in run(iterations=0).snapshots()] == [0]


# -------------------------------------------------------------------------------------- early stop


def test_a_descent_ends_at_its_last_iteration():
    outcome = run()
    assert (outcome.status, outcome.course.iteration) == ("finished", ITERATIONS)


def test_it_stops_at_the_tolerance():
    outcome = run(tolerance=0.2, iterations=200)
    assert outcome.status == (
        f"early stop at iteration {outcome.iteration}: the error is not above 0.2"
    )
    errors = [row["error"] for row in outcome.course.rows]
    assert errors[-1] <= 0.2 < errors[-2]


def test_it_stops_when_there_is_no_gain():
    slow = partial(BoldDriver, mu_0=1e-6)
    outcome = run(slow, patience=4, iterations=50)
    assert outcome.status == "early stop at iteration 4: no gain in 4 iterations"
    assert run(slow, patience=4, iterations=50, least_gain=0.0).status == "finished"
    assert run(patience=4).status == "finished"


def test_it_stops_when_the_step_collapses():
    huge = partial(BoldDriver, mu_0=1e30, shrink=1e-20)
    outcome = run(huge, iterations=50)
    assert "the step is too short to move the sound" in outcome.status
    assert outcome.course.iteration < 50


@pytest.mark.parametrize(
    "descent",
    [
        partial(Adam, lr=50.0),
        partial(BoldDriver, bold_driver="as_coded", mu_0=1e4),
    ],
    ids=["adam", "as_coded"],
)
def test_a_diverging_descent_stops_with_the_best_point_kept(descent):
    outcome = run(descent, iterations=50)
    assert outcome.status.startswith("diverged at iteration ")
    assert outcome.status.endswith("10 times the error of the noise")
    rows = outcome.course.rows
    assert outcome.error == min(row["error"] for row in rows)
    assert torch.isfinite(outcome.point).all()


@pytest.mark.parametrize("name", ["adam", "as_coded"])
def test_an_error_that_is_not_finite_is_a_divergence(name):
    wild = {"adam": partial(Adam, lr=1e38), "as_coded": partial(DESCENTS["as_coded"], mu_0=1e38)}
    outcome = run(wild[name])
    assert outcome.status == "diverged at iteration 1: the error is not finite"
    assert (outcome.iteration, outcome.course.rows[-1]["trial_error"]) == (0, "")
    assert torch.equal(outcome.point, initial_noise(sound()))


@pytest.mark.parametrize(
    "descent", [partial(BoldDriver, mu_0=1e38), partial(Lbfgs, first_step=1e38)]
)
def test_a_rejecting_descent_survives_what_is_not_finite(descent):
    outcome = run(descent, iterations=300)
    assert not outcome.status.startswith("diverged")
    assert outcome.course.rows[1]["trial_error"] == ""
    assert outcome.error < outcome.course.rows[0]["error"]


# -------------------------------------------------------------------------------------- checkpoint


def kept(path, *, is_read=True, **identity):
    return Checkpoint(path=path, identity={"seed": 0, **identity}, is_read=is_read)


@every_descent
@pytest.mark.parametrize("number", [2, 5, 9])
def test_a_stopped_descent_goes_on_to_the_last_bit(descent, number, tmp_path):
    checkpoint = kept(tmp_path / "c")
    every = {"checkpoint_iterations": 1}
    with pytest.raises(Stopped):
        run(descent, at_evaluation=(number, stop), checkpoint=checkpoint, **every)
    assert checkpoint.load()["rows"][-1]["iteration"] == number - 1
    resumed = run(descent, checkpoint=checkpoint)
    assert plain(resumed) == plain(run(descent))
    assert len(resumed.course.seconds) == ITERATIONS


def test_checkpoints_and_progress_change_nothing(tmp_path, capfd):
    x = sound()
    objective = Objective(x, scattering)
    watched = descend(
        objective,
        Lbfgs(),
        initial_noise(x),
        x,
        settings=settings(checkpoint_iterations=2),
        checkpoint=kept(tmp_path / "c"),
        progress=True,
        label="robin",
    )
    assert plain(watched) == plain(run())
    shown = capfd.readouterr().err
    assert "robin: 100%" in shown
    assert f"error {100 * watched.course.rows[-1]['error']:.2f} %" in shown


def test_checkpoints_are_written_by_time_as_well(tmp_path):
    with pytest.raises(Stopped):
        run(at_evaluation=(3, stop), checkpoint=kept(tmp_path / "c"), checkpoint_seconds=1e-9)
    assert kept(tmp_path / "c").load()["rows"][-1]["iteration"] == 2


def test_a_checkpoint_of_another_descent_is_ignored(tmp_path, capfd):
    run(checkpoint=kept(tmp_path / "c"), checkpoint_iterations=1)
    other = run(BoldDriver, checkpoint=kept(tmp_path / "c", seed=1, descent="bold_driver"))
    assert plain(other) == plain(run(BoldDriver))
    line = capfd.readouterr().err
    assert line.count("\n") == 1
    assert "c: checkpoint of another seed, descent (ignored; starting anew)" in line
    assert kept(tmp_path / "c", is_read=False).load() is None


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "not a checkpoint or truncated"),
        (b"PK\x03\x04 and more", "not a checkpoint or truncated"),
        ({"a": torch.zeros(1)}, "not a checkpoint of a resynthesis"),
        ({"identity": {"seed": 0}, "state": 7}, "not a checkpoint of a resynthesis"),
        ({"code": Stopped()}, "not a checkpoint or truncated"),  # holds code: never run
    ],
)
def test_a_file_that_is_no_checkpoint_is_ignored(content, what, tmp_path, capfd):
    path = tmp_path / "c"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        checkpoints.save(path, content)
    assert kept(path).load() is None
    line = capfd.readouterr().err
    assert what in line
    assert line.count("\n") == 1


# ----------------------------------------------------------------------------------------- signals


@pytest.fixture
def interruptible():
    """Ctrl-C as in a foreground process: in one of the background, SIGINT is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_keeps_the_last_whole_iteration(times, tmp_path, capfd):
    checkpoint, before = kept(tmp_path / "c"), signal.getsignal(signal.SIGINT)

    def press():
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(at_evaluation=(4, press), checkpoint=checkpoint)
    assert signal.getsignal(signal.SIGINT) is before
    said = capfd.readouterr().err
    if times == 2:  # the second acts at once
        assert not checkpoint.path.exists()
        return
    assert said.count("\n") == 1
    assert "stopped after iteration 3; kept in" in said
    assert plain(run(checkpoint=checkpoint)) == plain(run())


def test_a_signal_in_the_last_moment_is_heeded(tmp_path):
    class Ended(Exception):
        pass

    def end(*_):
        raise Ended

    before = signal.signal(signal.SIGTERM, end)
    checkpoint = kept(tmp_path / "c")

    class Late(Lbfgs):
        def step(self, objective):
            step = super().step(objective)
            if objective.evaluations == ITERATIONS + 1:
                os.kill(os.getpid(), signal.SIGTERM)
            return step

    try:
        with pytest.raises(Ended):
            run(Late, checkpoint=checkpoint)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert checkpoint.load()["rows"][-1]["iteration"] == ITERATIONS


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"iterations": -1}, "iterations=-1 must be >= 0"),
        ({"snapshots": (0, -5)}, "snapshots=-5 must be >= 0"),
        ({"tolerance": -0.1}, "tolerance=-0.1 must be >= 0"),
        ({"patience": -1}, "patience=-1 must be >= 0"),
        ({"least_gain": 2}, "least_gain=2 must be >= 0 and <= 1"),
        ({"divergence": 1.0}, "divergence=1.0 must be > 1"),
        ({"checkpoint_iterations": 0}, "checkpoint_iterations=0 must be >= 1"),
        ({"checkpoint_seconds": 0}, "checkpoint_seconds=0 must be > 0"),
    ],
)
def test_settings_out_of_range_are_refused(options, rule):
    with pytest.raises(ValueError, match=rule):
        LoopSettings(**options)
