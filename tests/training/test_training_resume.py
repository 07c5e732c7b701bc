"""A killed training goes on bit by bit; foreign and broken checkpoints; two devices."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import training_toys
from training_toys import Toy, arrays, settings, train

from jtfs_repro import io
from jtfs_repro.training import checkpoints
from jtfs_repro.training.loop import Loop

EPOCHS = 60
SECONDS = 300  # on a busy machine
ROUNDING = 1e-6  # two devices add up in another order


class Stopped(Exception):
    """Ends a training where a test wants it."""


def process(folder, epochs, *more):
    command = [sys.executable, training_toys.__file__, f"--folder={folder}", f"--epochs={epochs}"]
    return subprocess.Popen(
        [*command, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), "OMP_NUM_THREADS": "1"},
    )


def end_in_the_middle(folder, epochs, number):
    """Start a training in another process; send the signal when two epochs are saved."""
    running = process(folder, epochs)
    end = time.monotonic() + SECONDS
    while not (folder / "previous.ckpt").exists() and time.monotonic() < end:
        time.sleep(0.002)
    running.send_signal(number)
    output = running.communicate(timeout=SECONDS)[0]
    return running.returncode, output


def stop_after(monkeypatch, method, epoch):
    """Stop after the first step or the checkpoint ("save") of an epoch."""
    original = getattr(Loop, method)

    def stopping(self, *arguments):
        result = original(self, *arguments)
        if len(self.record.history) == epoch + (method == "save"):
            raise Stopped
        return result

    monkeypatch.setattr(Loop, method, stopping)


def test_a_killed_training_goes_on_to_the_last_bit(tmp_path):
    code, output = end_in_the_middle(tmp_path / "killed", EPOCHS, signal.SIGKILL)
    assert code == -signal.SIGKILL, output
    done = io_history(tmp_path / "killed" / "last.ckpt", tmp_path / "killed" / "previous.ckpt")
    assert 1 <= done < EPOCHS
    for name in ("killed", "whole"):  # both in processes of their own: equal threads and settings
        running = process(tmp_path / name, EPOCHS)
        output = running.communicate(timeout=SECONDS)[0]
        assert running.returncode == 0, output
    resumed, whole = (io.load_arrays(tmp_path / f"{name}.npz") for name in ("killed", "whole"))
    np.testing.assert_equal(resumed, whole)
    assert sorted(p.name for p in (tmp_path / "killed").iterdir()) == ["best.pt", "last.ckpt"]


def io_history(*paths):
    """Return the epochs in the first checkpoint that is there."""
    path = next(path for path in paths if path.exists())
    return len(checkpoints.load(path)["history"])


def test_sigterm_ends_the_script_without_a_word(tmp_path):
    code, output = end_in_the_middle(tmp_path / "f", 100_000, signal.SIGTERM)
    assert (code, output) == (143, "")


@pytest.mark.parametrize(
    ("method", "epoch", "workers"),
    [("step", 0, 0), ("step", 2, 0), ("save", 0, 0), ("save", 2, 0), ("save", 2, 1)],
)
def test_wherever_it_stops_the_end_is_the_same(tmp_path, monkeypatch, method, epoch, workers):
    chosen = settings(num_workers=workers)
    with monkeypatch.context() as patch:
        stop_after(patch, method, epoch)
        with pytest.raises(Stopped):
            train(tmp_path / "stopped", chosen=chosen)
    resumed = train(tmp_path / "stopped", chosen=chosen)
    np.testing.assert_equal(arrays(resumed), arrays(train(tmp_path / "whole")))


def test_a_finished_training_is_not_repeated(tmp_path, monkeypatch):
    first = train(tmp_path)
    monkeypatch.delattr(Loop, "step")
    again = train(tmp_path)
    np.testing.assert_equal(arrays(again), arrays(first))
    assert again.cost["seconds_training"] == first.cost["seconds_training"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fingerprint": "b"}, "features='a' there, 'b' here"),
        ({"seed": 4}, "seed=3 there, 4 here"),
        (
            {"chosen": settings(lr=0.5, epochs=9)},
            "epochs=4 there, 9 here; lr=0.001 there",
        ),
        ({"network": torch.nn.Linear(6, 3)}, "network='Toy .*' there, 'Linear .*' here"),
        ({"training": training_toys.clips(60, 0)}, "n_training=50 there, 60 here"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(tmp_path, change, message):
    if not (tmp_path / "last.ckpt").exists():
        train(tmp_path, fingerprint="a")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(io.FileError, match=f"last.ckpt: checkpoint of another training: {message}"):
        train(tmp_path, **{"fingerprint": "a", **change})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_worker_processes_may_differ(tmp_path):
    first = train(tmp_path)
    again = train(tmp_path, chosen=settings(num_workers=1))
    np.testing.assert_equal(arrays(again), arrays(first))


def test_a_truncated_checkpoint_gives_way_to_the_one_before(tmp_path, monkeypatch, capfd):
    with monkeypatch.context() as patch:
        stop_after(patch, "save", 2)
        with pytest.raises(Stopped):
            train(tmp_path / "f")
    last = tmp_path / "f" / "last.ckpt"
    last.write_bytes(last.read_bytes()[:5000])
    assert io_history(tmp_path / "f" / "previous.ckpt") == 2
    resumed = train(tmp_path / "f")
    warning = capfd.readouterr().err
    assert warning.count("\n") == 1
    assert "last.ckpt: not a checkpoint or truncated" in warning
    assert last.with_name("last.ckpt.unreadable").stat().st_size == 5000
    np.testing.assert_equal(arrays(resumed), arrays(train(tmp_path / "whole")))


def test_an_unreadable_checkpoint_alone_starts_again(tmp_path, capfd):
    (tmp_path / "f").mkdir()
    checkpoints.save(tmp_path / "f" / "last.ckpt", {"code": Toy()})  # holds code: never run
    fitted = train(tmp_path / "f")
    assert "set aside as last.ckpt.unreadable" in capfd.readouterr().err
    np.testing.assert_equal(arrays(fitted), arrays(train(tmp_path / "whole")))


@pytest.mark.parametrize("damage", ["a bit", "swapped header", "end"])
def test_damage_is_found_by_the_hash(tmp_path, damage):
    path, other = tmp_path / "a.ckpt", tmp_path / "b.ckpt"
    checkpoints.save(path, {"x": torch.arange(1000)})
    checkpoints.save(other, {"x": torch.arange(1, 1001)})
    data = bytearray(path.read_bytes())
    n_header = data.index(b"\n") + 1
    if damage == "a bit":  # of a tensor: torch itself would not notice
        data[data.index(torch.arange(1000).numpy().tobytes()) + 8] ^= 1
    elif damage == "swapped header":
        data[:n_header] = other.read_bytes()[:n_header]
    else:
        del data[-1]
    path.write_bytes(data)
    with pytest.raises(io.FileError, match=r"a\.ckpt: .*SHA-256 is not the one it names"):
        checkpoints.load(path)
    assert checkpoints.load(other)["x"][0] == 1


def test_a_checkpoint_of_another_program_is_refused(tmp_path):
    checkpoints.save(tmp_path / "last.ckpt", {"state_dict": {}, "callbacks": {}})
    with pytest.raises(io.FileError, match=r"last\.ckpt: checkpoint of another program"):
        train(tmp_path)


def test_a_full_disk_is_one_line(tmp_path, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(io.FileError, match=r"last.ckpt: no space left on the disk"):
        train(tmp_path)


def test_best_weights_are_in_the_folder(tmp_path):
    fitted = train(tmp_path)
    stored = checkpoints.load(tmp_path / "best.pt")["state_dict"]
    assert list(stored) == list(fitted.state_dict)
    assert all(torch.equal(stored[name], value) for name, value in fitted.state_dict.items())


@pytest.mark.slow
def test_two_devices_train_as_one(tmp_path):
    running = process(tmp_path / "two", 2, "--devices=2")
    output = running.communicate(timeout=SECONDS)[0]
    assert running.returncode == 0, output
    assert output == ""
    two = io.load_arrays(tmp_path / "two.npz")
    torch.manual_seed(0)
    network = Toy(dropout=0, norm=False)
    one = arrays(train(tmp_path / "one", network=network, chosen=settings(epochs=2)))
    for name in ("validation", "test", "history"):
        np.testing.assert_allclose(two[name], one[name], rtol=0, atol=ROUNDING)
