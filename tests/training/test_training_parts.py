"""Schedules, sampling, class weights and selection, without a training."""

import dataclasses

import numpy as np
import pytest
import torch
from training_toys import ArrayClips

from jtfs_repro.training import scoring
from jtfs_repro.training.clips import draw, loader, share
from jtfs_repro.training.schedule import build, paper
from jtfs_repro.training.settings import TrainingSettings

AS_CODED = (  # x 1e-3, at start, middle and end of epochs 0-3
    (0, 0.034, 0.132),
    (0.252, 0.425, 0.610),
    (0.752, 0.890, 0.977),
    (1, 0.725, 0.197),
)
PRINTED = 5.1e-4  # the published values have three decimals


def factors(steps_per_epoch, schedule, **options):
    chosen = TrainingSettings(schedule=schedule, lr=1.0, **options)
    return build(chosen, steps_per_epoch)


def test_as_coded_schedule_has_the_published_values():
    factor = factors(182, "as_coded", epochs=20, lr_floor=1e-5, schedule_steps=256)
    for epoch in range(20):
        found = [factor(182 * epoch + i) for i in (0, 90, 181)]
        assert found == pytest.approx(AS_CODED[min(epoch, 3)], abs=PRINTED)


def test_as_coded_schedule_with_true_steps_runs_from_floor_to_peak_to_floor():
    factor = factors(182, "as_coded", epochs=5, lr_floor=1e-5)
    rates = [factor(step) for step in range(5 * 182)]
    assert rates[0] == pytest.approx(1e-5, abs=1e-4)
    assert np.all(np.diff(rates[: 3 * 182]) > 0)
    assert rates[3 * 182 - 1] == rates[3 * 182] == rates[4 * 182] == 1
    assert rates[4 * 182 - 1] < 1e-3


def test_paper_schedule_warms_up_linearly_and_ends_on_the_floor():
    factor = factors(256, "paper", epochs=30, lr_floor=1e-8)
    rates = np.array([factor(step) for step in range(30 * 256)])
    assert rates[0] == rates[-1] == factor(30 * 256) == factor(10**6) == 1e-8
    assert rates[256] == rates.max() == 1
    np.testing.assert_allclose(np.diff(rates[:257]), (1 - 1e-8) / 256, rtol=1e-9)
    middle = (256 + 30 * 256 - 1) / 2
    assert np.mean(rates[[int(middle), int(middle) + 1]]) == pytest.approx(0.5, abs=1e-6)
    assert np.all(np.diff(rates[256:]) < 0)


def test_paper_schedule_without_warm_up_or_without_cosine():
    bare = factors(4, "paper", epochs=1, lr_floor=0.1, warmup_epochs=0)
    assert [bare(0), bare(3)] == [1, pytest.approx(0.1)]
    only = [paper(step, steps_per_epoch=4, epochs=1, floor=0.0) for step in range(4)]
    assert only == [0, 0.25, 0.5, 0.75]


def test_schedule_errors():
    with pytest.raises(ValueError, match="schedule_steps=256 must be None"):
        factors(1, "paper", schedule_steps=256)
    with pytest.raises(ValueError, match="schedule_steps=100 must be >= steps_per_epoch=182"):
        factors(182, "as_coded", schedule_steps=100)


def test_an_epoch_is_one_pass_and_then_draws_with_replacement():
    drawn = draw(100, epoch_size=10_000, seed=1, epoch=0)
    assert sorted(drawn[:100]) == list(range(100))
    counts = np.bincount(drawn[100:], minlength=100)
    assert len(drawn) == 10_000
    assert counts.std() > 5  # 9.9 if independent; 0 if it repeated whole passes


@pytest.mark.parametrize(("size", "n_expected"), [(None, 50), (20, 20), (50, 50)])
def test_an_epoch_without_a_second_pass_has_no_clip_twice(size, n_expected):
    drawn = draw(50, epoch_size=size, seed=0, epoch=0)
    assert len(set(drawn)) == len(drawn) == n_expected
    assert drawn != sorted(drawn)


def test_draws_are_a_function_of_seed_and_epoch():
    drawn = [draw(50, epoch_size=80, seed=s, epoch=e) for s, e in ((2, 0), (2, 1), (3, 0), (2, 0))]
    assert drawn[0] == drawn[3]
    assert len({tuple(each) for each in drawn}) == 3


def test_devices_share_every_batch_of_one_device():
    whole = draw(50, epoch_size=64, seed=2, epoch=0)
    parts = [share(whole, rank=rank, devices=4) for rank in range(4)]
    batches = [sorted(clip for part in parts for clip in part[i : i + 4]) for i in range(0, 16, 4)]
    assert batches == [sorted(whole[i : i + 16]) for i in range(0, 64, 16)]
    assert {len(share(range(n), rank=r, devices=4)) for n in (13, 16) for r in range(4)} == {4}


def test_class_weights_by_hand():
    labels = [0] * 6 + [1] * 3 + [2] * 2
    np.testing.assert_array_equal(scoring.class_weights(labels, n_classes=3), [1, 2, 3])
    everything = [2] * 2 + labels + [1] * 5 + [0] * 4  # appear as 2, 0, 1: supports 4, 10, 8
    found = scoring.class_weights(
        labels, n_classes=3, rule="all_by_appearance", appearance=everything
    )
    np.testing.assert_array_equal(found, [10 / 4, 1, 10 / 8])


def test_class_weights_errors():
    with pytest.raises(ValueError, match=r"classes without a clip=\[1\] must be none"):
        scoring.class_weights([0, 0, 2], n_classes=3)
    with pytest.raises(ValueError, match=r"training.labels=3 must be in \[0, 3\)"):
        scoring.class_weights([0, 1, 3], n_classes=3)
    with pytest.raises(ValueError, match="appearance=None must be given"):
        scoring.class_weights([0, 1], n_classes=2, rule="all_by_appearance")
    with pytest.raises(ValueError, match="an empty subset"):
        scoring.class_weights([], n_classes=2)


def test_loss_is_the_weighted_mean():
    logits = torch.tensor([[2.0, 0.0], [0.0, 1.0], [0.5, 0.5]], dtype=torch.float64)
    labels, weights = torch.tensor([0, 0, 1]), torch.tensor([1.0, 4.0], dtype=torch.float64)
    each = [np.log(1 + np.exp(-2)), np.log(1 + np.exp(1)), np.log(2)]
    total, weight = scoring.weighted_loss(logits, labels, weights)
    assert float(total / weight) == pytest.approx((each[0] + each[1] + 4 * each[2]) / 6)
    library = torch.nn.functional.cross_entropy(logits, labels, weight=weights)
    assert float(total / weight) == pytest.approx(float(library))
    found = scoring.mean_loss(logits.float().numpy(), labels.numpy(), weights.numpy())
    assert found == pytest.approx(float(library))


def test_scores_by_hand():
    logits = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 0], [0.5, 0.5, 0]])
    labels = np.array([0, 1, 1, 1])  # the tie counts as class 0; class 2 has no clip
    assert scoring.score("accuracy", logits, labels) == 0.5
    assert scoring.score("macro_recall", logits, labels) == pytest.approx((1 + 1 / 3) / 2)


@pytest.mark.parametrize(
    ("epochs", "last_epochs", "scores", "best"),
    [
        (5, 2, (0.9, 0.9, 0.9, 0.5, 0.4), 3),  # earlier epochs are no candidates
        (5, 3, (0.9, 0.9, 0.5, 0.6, 0.6), 3),  # ties: the earliest
        (3, 10, (0.7, 0.6, 0.7), 0),  # fewer epochs than candidates: all are
        (5, 2, (0.9, 0.9), -1),  # none yet
    ],
)
def test_chosen_epoch(epochs, last_epochs, scores, best):
    chosen = TrainingSettings(epochs=epochs, last_epochs=last_epochs)
    rows = [
        {
            "epoch": epoch,
            "is_candidate": "yes" if chosen.is_candidate(epoch) else "no",
            "validation_macro_recall": score,
            "validation_accuracy": 1 - score,
        }
        for epoch, score in enumerate(scores)
    ]
    assert scoring.best_epoch(rows, selection="macro_recall") == best


def test_settings_count_steps_and_clips_as_the_paper_and_as_coded():
    assert TrainingSettings().steps_per_epoch(5841) == 256
    assert TrainingSettings().steps_per_epoch(5841, devices=4) == 256
    coded = TrainingSettings(epoch_size=None, drop_last=True, score_drop_last=True)
    assert coded.steps_per_epoch(5841) == 182
    assert [12236 - coded.n_scored(12236), 3494 - coded.n_scored(3494)] == [12, 6]
    assert TrainingSettings().n_scored(3494) == 3494


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs=0 must be >= 1"),
        ({"lr_floor": 0.1}, "lr_floor=0.1 must be"),
        ({"gradient_clip_norm": 0}, "gradient_clip_norm=0 must be > 0"),
        ({"selection": "loss"}, "selection='loss' must be one of"),
        ({"class_weights": "none"}, "class_weights='none' must be one of"),
        ({"schedule": "flat"}, "schedule='flat' must be one of"),
        ({"drop_last": "no"}, "drop_last='no' must be one of"),
    ],
)
def test_settings_errors(changes, message):
    with pytest.raises(ValueError, match=message):
        TrainingSettings(**changes)
    assert dataclasses.asdict(TrainingSettings())  # the defaults are valid


def test_settings_that_leave_nothing_are_refused():
    with pytest.raises(ValueError, match="batch_size=32 must be a multiple of devices=3"):
        TrainingSettings().steps_per_epoch(100, devices=3)
    with pytest.raises(ValueError, match="drop_last leaves no batch"):
        TrainingSettings(epoch_size=None, drop_last=True).steps_per_epoch(31)
    with pytest.raises(ValueError, match="score_drop_last leaves no batch"):
        TrainingSettings(score_drop_last=True).n_scored(31)


def test_clips_from_a_memory_map(tmp_path):
    array = np.arange(12, dtype=np.float32).reshape(4, 3)
    np.save(tmp_path / "x.npy", array)
    clips = ArrayClips({"x": np.load(tmp_path / "x.npy", mmap_mode="r")}, np.arange(4))
    order = [0, 1, 2, 3]
    batches = loader(clips, order, batch_size=3)
    np.testing.assert_array_equal(torch.cat([x["x"] for x, _ in batches]), array)
    order[:] = [3, 0, 1]  # as for another epoch
    assert [y.tolist() for _, y in batches] == [[3, 0, 1]]
