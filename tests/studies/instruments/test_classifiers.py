"""Rows of Table 2: training on stored features and on audio, baselines, what stages leave."""

from functools import partial

import numpy as np
import pytest
import torch
from clip_standins import DIGESTS, clip_set, features, save_shards

from jtfs_repro import io
from jtfs_repro.features.mfcc import MfccMoments
from jtfs_repro.models.classifiers import JtfsNet
from jtfs_repro.provenance import Stamp
from jtfs_repro.studies.instruments.clip_statistics import arrays, clip_statistics, mu_log
from jtfs_repro.studies.instruments.clip_store import open_store
from jtfs_repro.studies.instruments.fit_baseline import clip_vectors, fit_baseline
from jtfs_repro.studies.instruments.medley_cost import N_CLIPS, medley_cost
from jtfs_repro.studies.instruments.predictions import load_prediction
from jtfs_repro.studies.instruments.train_end_to_end import Tensors, read_audio, train_end_to_end
from jtfs_repro.studies.instruments.train_network import train_network
from jtfs_repro.studies.instruments.trained import (
    ClipRows,
    load_statistics,
    not_trained,
    save_trained,
)
from jtfs_repro.training.baselines import fit_linear, fit_svm
from jtfs_repro.training.place import Place
from jtfs_repro.training.settings import TrainingSettings

SHAPES = {"S1": (32, 8), "S2": (8, 8, 8)}
SET = clip_set(per_class=4)
STAMP = Stamp(scale="smoke", preset="paper", device="cpu")
SETTINGS = TrainingSettings(epochs=3, epoch_size=32, batch_size=16)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("features")
    return open_store(save_shards(folder, features(SHAPES, SET.labels), SHAPES), **DIGESTS)


@pytest.fixture(scope="module")
def statistics(store):
    return clip_statistics(store, SET.subsets, progress=False)


def train(store, statistics, folder, **options):
    place = Place(folder=folder, device="cpu", progress=False)
    options = {"seed": 0, "settings": SETTINGS, **options}
    return train_network(
        SET, store, statistics, model="jtfs", place=place, network=JtfsNet, **options
    )


@pytest.fixture(scope="module")
def trained(store, statistics, tmp_path_factory):
    return train(store, statistics, tmp_path_factory.mktemp("partial"))


def test_stored_clips_are_read_by_row(store):
    clips = ClipRows(store.tensors, SET.rows("test"), SET.labels)
    parts, labels = clips.batch([3, 0])
    rows = SET.rows("test")[[3, 0]]
    np.testing.assert_array_equal(parts["S1"], store.tensors(rows)["S1"])
    np.testing.assert_array_equal(labels, SET.labels[rows])
    assert len(clips) == 32


def test_prediction_belongs_to_the_clips(trained):
    prediction = trained.prediction
    for subset in ("validation", "test"):
        scored = getattr(prediction, subset)
        rows = SET.rows(subset)
        np.testing.assert_array_equal(scored.uuids, SET.uuids[rows])
        np.testing.assert_array_equal(scored.songs, SET.songs[rows])
        np.testing.assert_array_equal(scored.labels, SET.labels[rows])
        assert scored.logits.shape == (32, 8)
    assert prediction.n_parameters == sum(
        value.numel()
        for name, value in JtfsNet(
            shapes=SHAPES, statistics=_neutral(), n_classes=8
        ).named_parameters()
    )
    assert [row["epoch"] for row in trained.history] == [0, 1, 2]


def _neutral():
    from jtfs_repro.models.statistics import Statistics

    return Statistics.neutral(SHAPES)


def test_weights_reproduce_the_logits(trained, store):
    network = JtfsNet(shapes=SHAPES, statistics=_neutral(), n_classes=8)
    network.load_state_dict(trained.state_dict)
    parts, _ = ClipRows(store.tensors, SET.rows("test"), SET.labels).batch(range(32))
    with torch.inference_mode():
        logits = network.eval()(parts).numpy()
    np.testing.assert_allclose(logits, trained.prediction.test.logits, atol=1e-5)


def test_seeds_repeat_and_differ(trained, store, statistics, tmp_path):
    again = train(store, statistics, tmp_path / "again")
    other = train(store, statistics, tmp_path / "other", seed=1)
    np.testing.assert_array_equal(again.prediction.test.logits, trained.prediction.test.logits)
    assert not np.allclose(other.prediction.test.logits, trained.prediction.test.logits)


def test_a_killed_training_of_other_settings_is_no_obstacle(store, statistics, tmp_path):
    train(store, statistics, tmp_path)
    changed = TrainingSettings(epochs=1, epoch_size=32, batch_size=16)
    assert len(train(store, statistics, tmp_path, settings=changed).history) == 1
    assert len(list(tmp_path.iterdir())) == 2  # each in a folder of its own


def test_statistics_of_other_features_are_refused(store, statistics, tmp_path):
    wrong = {"S1": statistics["S1"], "S2": statistics["S1"]}
    with pytest.raises(ValueError, match=r"statistics\['S2'\].mu=32 must have 8 values"):
        train(store, wrong, tmp_path)


# ------------------------------------------------------------------------------------ end to end


class FakeAudio:
    """Clips as an array whose level tells the class."""

    sr_hz = 22050
    shape = (len(SET.clips), 4096)

    def __getitem__(self, rows):
        generator = np.random.default_rng(0)
        noise = generator.standard_normal(self.shape).astype(np.float32)
        return (noise * (1 + SET.labels[:, None]).astype(np.float32))[rows]


class FakeReading:
    def open(self, paths, sha256s=()):
        assert len(paths) == len(SET.clips)
        return FakeAudio()


class Levels(MfccMoments):
    """Parts with the shapes that the network wants, made of the clip's frames."""

    def __init__(self, *, sr, n_samples):
        super().__init__(sr=sr, n_samples=n_samples, n_fft=512, n_mels=32)
        self.shapes = SHAPES

    def tensors(self, x):
        level = x.unflatten(1, (8, 512)).square().mean(-1)
        S1 = level[:, None].expand(-1, 32, 8)
        return {"S1": S1, "S2": level[:, None, None].expand(-1, 8, 8, 8)}


def test_end_to_end_equals_the_route_over_stored_features(tmp_path):
    """Without augmentation and with the same seed, both routes see the same numbers."""
    feature = Levels(sr=22050, n_samples=4096)
    parts = Tensors(feature)(torch.from_numpy(FakeAudio()[:]))
    vectors = torch.cat([part.flatten(1) for part in parts.values()], dim=1).numpy()
    folder = tmp_path / "features"
    folder.mkdir()
    store = open_store(save_shards(folder, vectors, SHAPES), **DIGESTS)
    statistics = clip_statistics(store, SET.subsets, progress=False)
    stored = train(store, statistics, tmp_path / "stored")
    raw = train_end_to_end(
        SET,
        "nowhere",
        statistics,
        seed=0,
        place=Place(folder=tmp_path / "raw", device="cpu", progress=False),
        feature=Levels,
        network=JtfsNet,
        reading=FakeReading(),
        settings=SETTINGS,
    )
    assert raw.prediction.model == "jtfs_end_to_end"
    assert raw.prediction.n_parameters == stored.prediction.n_parameters
    np.testing.assert_allclose(
        raw.prediction.test.logits, stored.prediction.test.logits, rtol=1e-3, atol=1e-4
    )


def test_audio_clips_are_read_by_row():
    clips = ClipRows(partial(read_audio, FakeAudio()), SET.rows("validation"), SET.labels)
    parts, labels = clips.batch([1])
    row = SET.rows("validation")[1]
    np.testing.assert_array_equal(parts["audio"], FakeAudio()[[row]])
    assert int(labels) == SET.labels[row]


# -------------------------------------------------------------------------------------- baselines


def test_vectors_are_mu_log_means_over_time(store, statistics):
    rows = np.arange(20)
    found = clip_vectors(store, rows, statistics, c=0.1, progress=False)
    parts = store.tensors(rows)
    wanted = np.concatenate(
        [mu_log(parts[n], statistics[n].mu, 0.1).mean(-1).reshape(20, -1) for n in SHAPES], axis=1
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    plain = clip_vectors(store, rows, {}, c=0.1, progress=False)
    np.testing.assert_array_equal(plain, store.vectors(rows))


@pytest.mark.parametrize("classifier", [fit_linear, fit_svm])
def test_baselines_learn_and_score_every_clip(store, statistics, classifier):
    found = fit_baseline(
        SET, store, statistics, model="jtfs_linear", classifier=classifier, progress=False
    )
    scored = found.prediction.test
    assert len(scored.labels) == 32
    assert np.mean(scored.predictions == scored.labels) > 0.9
    assert found.prediction.best_epoch == -1
    assert found.cost["dimension"] == 32 + 64


def test_baseline_may_leave_out_the_last_batch_as_the_networks_do(store, statistics):
    settings = TrainingSettings(batch_size=20, score_drop_last=True)
    found = fit_baseline(
        SET,
        store,
        statistics,
        model="jtfs_linear",
        classifier=fit_linear,
        settings=settings,
        progress=False,
    )
    assert len(found.prediction.test.labels) == 20


# ---------------------------------------------------------------------------------- what is left


def test_files_of_a_training(trained, tmp_path):
    path = tmp_path / "jtfs" / "seed-0.npz"
    save_trained(path, trained, run="smoke")
    np.testing.assert_array_equal(load_prediction(path).test.logits, trained.prediction.test.logits)
    facts = io.load_json(path.with_suffix(".json"))
    assert facts["device"] == "cpu"
    assert facts["clips_per_second"] > 0
    assert [row["epoch"] for row in io.load_csv(path.with_suffix(".csv"))] == ["0", "1", "2"]
    weights = torch.load(path.with_suffix(".pt"), weights_only=True)
    assert weights.keys() == trained.state_dict.keys()


def test_files_of_a_training_that_was_not_run(tmp_path):
    path = tmp_path / "seed-0.npz"
    absent = not_trained("jtfs", 0, "no clips; get")
    save_trained(path, absent, run="smoke")
    assert load_prediction(path).not_run == "no clips; get"
    assert io.load_csv(path.with_suffix(".csv")) == []
    assert io.load_json(path.with_suffix(".json"))["status"] == "not run: no clips; get"


def test_statistics_of_other_settings_or_clips_are_refused(statistics, tmp_path):
    path = tmp_path / "jtfs.npz"
    io.save_arrays(path, **arrays(statistics))
    io.save_json(path.with_suffix(".json"), DIGESTS)
    known = {"settings_sha256": DIGESTS["settings_sha256"], "clip_set": SET}
    assert load_statistics(path, **known).keys() == SHAPES.keys()
    with pytest.raises(io.FileError, match="of other settings or clips"):
        load_statistics(path, settings_sha256="x", clip_set=SET)


def test_cost_extrapolates_from_measured_rates():
    shard = {
        "status": "run",
        "device": "cpu",
        "n_signals": 10,
        "seconds": 5.0,
        "bytes": 1000,
        "peak_memory_bytes": 7,
    }
    training = {
        "model": "jtfs",
        "seed": 2,
        "status": "run",
        "device": "cpu",
        "seconds_training": 100.0,
        "n_steps": 60,
        "clips_per_second": 8192 / 3600,
        "peak_memory_bytes": 9,
    }
    missing = {"model": "cqt", "seed": 0, "status": "not run: x; y"}
    extraction, trained, absent = medley_cost(
        {"jtfs": [shard, shard]}, [training, missing], stamp=STAMP
    )
    assert extraction["clips_per_second"] == 2.0
    assert extraction["full_set_hours"] == pytest.approx(N_CLIPS / 2 / 3600)
    assert extraction["full_set_gb"] == pytest.approx(N_CLIPS * 100 / 1e9)
    assert trained["full_set_hours"] == pytest.approx(30)
    assert absent["status"] == "not run: x; y"
    assert N_CLIPS == 21571
