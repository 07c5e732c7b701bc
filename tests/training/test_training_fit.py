"""The training loop on a toy: learning, choosing, scoring, and what it leaves untouched."""

import os
import random

import numpy as np
import pytest
import torch
from torch import nn
from training_toys import N_CLASSES, Toy, arrays, clips, settings, train

from jtfs_repro.training import scoring
from jtfs_repro.training.clips import loader, predict

COLUMNS = [
    "epoch", "step", "lr", "train_loss", "validation_loss", "validation_accuracy",
    "validation_macro_recall", "is_candidate", "is_best",
]  # fmt: skip


class Spoilt(Toy):
    """Gives NaN from its ``step``-th training batch on."""

    def __init__(self, step):
        super().__init__()
        self.left = step

    def forward(self, features):
        self.left -= self.training
        return super().forward(features) * (np.nan if self.left < 0 else 1)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    return train(tmp_path_factory.mktemp("fit"), chosen=settings(epochs=12, lr=0.02))


def test_it_learns_a_separable_set(fitted):
    labels = clips(29, 2).labels
    assert scoring.accuracy(fitted.test_logits, labels) > 0.9
    assert fitted.history[-1]["train_loss"] < 0.5 * fitted.history[0]["train_loss"]


def test_history_has_one_row_per_epoch(fitted):
    assert [list(row) for row in fitted.history] == [COLUMNS] * 12
    assert [row["epoch"] for row in fitted.history] == list(range(12))
    assert [row["step"] for row in fitted.history] == list(range(5, 65, 5))
    assert [row["is_candidate"] for row in fitted.history] == ["no"] * 10 + ["yes"] * 2
    assert fitted.history[0]["lr"] == pytest.approx(0.02 * 4 / 5)
    assert fitted.history[-1]["lr"] == pytest.approx(1e-11)


def test_the_best_candidate_gives_the_logits(fitted):
    best = [row["epoch"] for row in fitted.history if row["is_best"] == "yes"]
    assert best == [fitted.best_epoch]
    row = fitted.history[fitted.best_epoch]
    labels = clips(37, 1).labels
    assert scoring.accuracy(fitted.validation_logits, labels) == row["validation_accuracy"]
    weights = np.array([1, 1, 17 / 16]) / 1.0  # 50 clips of three classes: 17, 17, 16
    loss = scoring.mean_loss(fitted.validation_logits, labels, weights)
    assert loss == pytest.approx(row["validation_loss"], rel=1e-5)
    network = Toy()
    network.load_state_dict(fitted.state_dict)
    again = predict(network, loader(clips(29, 2), range(29), batch_size=16), "cpu")
    np.testing.assert_array_equal(again, fitted.test_logits)


def test_every_clip_is_scored_alone_as_in_its_batch(fitted):
    assert fitted.validation_logits.shape == (37, N_CLASSES)
    assert fitted.test_logits.shape == (29, N_CLASSES)
    assert fitted.test_logits.dtype == np.float32
    network = Toy()
    network.load_state_dict(fitted.state_dict)
    one_by_one = predict(network, loader(clips(29, 2), range(29), batch_size=1), "cpu")
    np.testing.assert_allclose(one_by_one, fitted.test_logits, rtol=1e-4, atol=1e-5)


def test_cost_and_size(fitted):
    assert fitted.n_parameters == (6 * 16 + 16) + 2 * 16 + (16 * 3 + 3)
    assert fitted.cost["n_steps"] == 60
    assert fitted.cost["device"] == "cpu"
    assert fitted.cost["seconds_training"] > 0
    assert fitted.cost["peak_memory_bytes"] > 1e7
    assert 10 < fitted.cost["clips_per_second"] < 1e7


def test_first_step_equals_adamw_by_hand(tmp_path):
    """One epoch of one step without dropout, from the initial weights."""
    network = Toy(dropout=0, norm=False)
    before = {name: value.clone() for name, value in network.named_parameters()}
    data = clips(48, 0)
    chosen = settings(epochs=1, epoch_size=None, batch_size=48, warmup_epochs=0, lr=0.01)
    train(tmp_path, network=network, chosen=chosen, training=data)
    twin = Toy(dropout=0, norm=False)
    twin.load_state_dict(before)
    features, labels = data.batch(range(48))
    nn.functional.cross_entropy(twin(features), labels).backward()  # classes are equal: weights 1
    for name, parameter in twin.named_parameters():
        decayed = before[name] * (1 - 0.01 * 0.1)
        gradient = parameter.grad
        expected = decayed - 0.01 * gradient / (gradient.abs() + 1e-8)
        after = dict(network.named_parameters())[name]
        torch.testing.assert_close(after.detach(), expected, rtol=1e-3, atol=1e-6)


def test_gradients_are_clipped(tmp_path, monkeypatch):
    norms, step = [], torch.optim.AdamW.step

    def noting(self):
        gradients = [p.grad.flatten() for group in self.param_groups for p in group["params"]]
        norms.append(float(torch.cat(gradients).norm()))
        step(self)

    monkeypatch.setattr(torch.optim.AdamW, "step", noting)
    train(tmp_path / "a")
    train(tmp_path / "b", chosen=settings(gradient_clip_norm=0.05))
    assert len(norms) == 40
    assert max(norms[:20]) > 0.1
    assert 0.0499 < max(norms[20:]) < 0.0501


def test_dropped_batches_as_coded(tmp_path):
    chosen = settings(epochs=1, epoch_size=None, drop_last=True, score_drop_last=True)
    fitted = train(tmp_path, chosen=chosen)
    assert fitted.history[0]["step"] == 50 // 16
    assert len(fitted.validation_logits) == 32
    assert len(fitted.test_logits) == 16


def test_seed_decides(tmp_path):
    first, again, other = (
        train(tmp_path / str(k), chosen=settings(epochs=1), seed=seed)
        for k, seed in enumerate((5, 5, 6))
    )
    np.testing.assert_equal(arrays(first), arrays(again))
    assert not np.array_equal(first.test_logits, other.test_logits)


def test_nothing_is_printed_and_nothing_else_is_written(tmp_path, capfd):
    here = sorted(os.listdir())
    train(tmp_path, chosen=settings(epochs=1))
    out, err = capfd.readouterr()
    assert out == err == ""
    assert sorted(os.listdir()) == here
    assert sorted(p.name for p in tmp_path.iterdir()) == ["best.pt", "last.ckpt"]


def test_random_states_are_left_alone(tmp_path):
    torch.manual_seed(0)  # as train() does before it builds anything
    Toy()
    expected = torch.rand(1)
    others = random.getstate(), np.random.get_state()  # noqa: NPY002
    train(tmp_path, chosen=settings(epochs=1))
    assert torch.equal(torch.rand(1), expected)
    np.testing.assert_equal((random.getstate(), np.random.get_state()), others)  # noqa: NPY002


def test_one_device_ignores_what_a_cluster_says(tmp_path, monkeypatch):
    expected = arrays(train(tmp_path / "a"))
    for name in ("LOCAL_RANK", "RANK", "SLURM_PROCID", "SLURM_LOCALID"):
        monkeypatch.setenv(name, "1")
    for name in ("WORLD_SIZE", "SLURM_NTASKS"):
        monkeypatch.setenv(name, "2")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "last.ckpt").touch()
    np.testing.assert_equal(arrays(train(tmp_path / "b")), expected)
    assert (tmp_path / "b" / "last.ckpt.unreadable").exists()


def test_progress_is_on_stderr(tmp_path, capfd):
    train(tmp_path, progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "Toy seed 3: 100%" in err
    assert "epoch 4/4, loss" in err
    assert "validation accuracy" in err


@pytest.mark.parametrize("step", [0, 3, 7])
def test_nan_loss_stops_with_its_place(tmp_path, step):
    message = rf"loss=nan at epoch {step // 5}, step {step % 5} must be finite \(NaN or Inf in"
    with pytest.raises(ValueError, match=message):
        train(tmp_path, network=Spoilt(step))
    assert (tmp_path / "last.ckpt").exists() == (step >= 5)


def test_errors_come_before_the_training(tmp_path):
    with pytest.raises(ValueError, match=r"validation\.labels=3 must be in"):
        train(tmp_path, validation=clips(4, 0, labels=np.array([0, 1, 2, 3])))
    with pytest.raises(ValueError, match=r"classes without a clip=\[2\]"):
        train(tmp_path, training=clips(4, 0, labels=np.array([0, 1, 1, 0])))
    with pytest.raises(ValueError, match="strategy='fsdp' must be one of"):
        train(tmp_path, strategy="fsdp")
    with pytest.raises(ValueError, match="device='tpu' must be one of"):
        train(tmp_path, device="tpu")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(torch.cuda.is_available(), reason="has a GPU")
def test_no_gpu(tmp_path):
    with pytest.raises(ValueError, match="no CUDA GPU here"):
        train(tmp_path, device="cuda")
