"""Rows of Table 2: training on stored features and on audio, baselines, what stages leave."""

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
import soundfile
import torch
from clip_standins import DIGESTS, clip_set, features, open_store, save_shards

from jtfs_repro import io
from jtfs_repro.datasets.clips import Reading
from jtfs_repro.features.mfcc import MfccMoments
from jtfs_repro.models.classifiers import JtfsNet
from jtfs_repro.models.statistics import Statistics
from jtfs_repro.provenance import Stamp
from jtfs_repro.studies.instruments.classifier_stages import save_network
from jtfs_repro.studies.instruments.clip_cost import N_CLIPS, clip_cost
from jtfs_repro.studies.instruments.clip_statistics import clip_statistics, mu_log
from jtfs_repro.studies.instruments.clip_store import load_statistics, statistics_arrays
from jtfs_repro.studies.instruments.fit_baseline import clip_vectors, fit_baseline
from jtfs_repro.studies.instruments.predictions import load_prediction, scored
from jtfs_repro.studies.instruments.train_network import Tensors, train_end_to_end, train_network
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
    return with_statistics(
        open_store(save_shards(folder, features(SHAPES, SET.labels), SHAPES), SET)
    )


def with_statistics(store):
    return replace(store, statistics=clip_statistics(store, progress=False))


def train(store, folder, **options):
    options = {"seed": 0, "settings": SETTINGS, "network": JtfsNet, **options}
    return train_network(store, model="jtfs", place=place(folder), **options)


def place(folder):
    return Place(folder=folder, device="cpu", progress=False)


@pytest.fixture(scope="module")
def trained(store, tmp_path_factory):
    return train(store, tmp_path_factory.mktemp("partial"))


def test_stored_clips_are_read_by_row(store):
    clips = store.subset("test")
    parts, labels = clips.batch([3, 0])
    rows = SET.rows("test")[[3, 0]]
    np.testing.assert_array_equal(parts["S1"], store.tensors(rows)["S1"])
    np.testing.assert_array_equal(labels, SET.labels[rows])
    assert len(clips) == 32


def test_predictions_belong_to_the_clips(trained):
    logits = {"validation": trained.validation_logits, "test": trained.test_logits[:20]}
    arrays = scored(SET, logits)
    for subset, n in (("validation", 32), ("test", 20)):
        clips = [SET.clips[row] for row in SET.rows(subset)[:n]]
        assert list(arrays[f"{subset}_uuids"]) == [clip.name for clip in clips]
        assert list(arrays[f"{subset}_songs"]) == [clip.group for clip in clips]
        assert list(arrays[f"{subset}_labels"]) == [clip.class_id for clip in clips]
        assert arrays[f"{subset}_logits"].shape == (n, 8)
    assert trained.n_parameters == sum(value.numel() for value in _network().parameters())
    assert [row["epoch"] for row in trained.history] == [0, 1, 2]


def _network(n_classes=8):
    return JtfsNet(shapes=SHAPES, statistics=Statistics.neutral(SHAPES), n_classes=n_classes)


def test_weights_reproduce_the_logits(trained, store):
    network = _network()
    network.load_state_dict(trained.state_dict)
    parts, _ = store.subset("test").batch(range(32))
    with torch.inference_mode():
        logits = network.eval()(parts).numpy()
    np.testing.assert_allclose(logits, trained.test_logits, atol=1e-5)


def test_seeds_repeat_and_differ(trained, store, tmp_path):
    again = train(store, tmp_path / "again")
    other = train(store, tmp_path / "other", seed=1)
    np.testing.assert_array_equal(again.test_logits, trained.test_logits)
    assert not np.allclose(other.test_logits, trained.test_logits)


def test_the_number_of_classes_is_that_of_the_set(tmp_path):
    clips = clip_set(per_class=4, classes=("wren", "thrush", "owl"))
    (tmp_path / "features").mkdir()
    shards = save_shards(tmp_path / "features", features(SHAPES, clips.labels), SHAPES)
    store = with_statistics(open_store(shards, clips))
    assert train(store, tmp_path / "partial").test_logits.shape == (12, 3)
    for classifier in (fit_linear, fit_svm):
        made = fit_baseline(store, classifier=classifier, progress=False)
        assert made.test_logits.shape == (12, 3)


def test_a_killed_training_of_other_settings_is_no_obstacle(store, tmp_path):
    train(store, tmp_path)
    changed = TrainingSettings(epochs=1, epoch_size=32, batch_size=16)
    assert len(train(store, tmp_path, settings=changed).history) == 1
    assert len(list(tmp_path.iterdir())) == 2  # each in a folder of its own


def test_statistics_of_other_features_are_refused(store, tmp_path):
    wrong = replace(store, statistics=dict.fromkeys(SHAPES, store.statistics["S1"]))
    with pytest.raises(ValueError, match=r"statistics\['S2'\].mu=32 must have 8 values"):
        train(wrong, tmp_path)


# ------------------------------------------------------------------------------------ end to end


class Levels(MfccMoments):
    """Parts with the shapes that the network wants, made of the clip's frames."""

    def __init__(self, *, sr, n_samples):
        super().__init__(sr=sr, n_samples=n_samples, n_fft=512, n_mels=32)
        self.shapes = SHAPES

    def tensors(self, x):
        level = x.unflatten(1, (8, -1)).square().mean(-1)
        S1 = level[:, None].expand(-1, 32, 8)
        return {"S1": S1, "S2": level[:, None, None].expand(-1, 8, 8, 8)}


@pytest.fixture
def sounding(tmp_path):
    """The clips as files whose level tells the class."""
    generator, clips = np.random.default_rng(0), []
    for clip in SET.clips:
        noise = 0.01 * (1 + clip.class_id) * generator.standard_normal(65536)
        soundfile.write(tmp_path / clip.file, noise, 44100, subtype="FLOAT")
        data = (tmp_path / clip.file).read_bytes()
        clips.append(replace(clip, bytes=len(data), sha256=sha256(data).hexdigest()))
    return replace(SET, clips=clips, folder=tmp_path)


def test_end_to_end_equals_the_route_over_stored_features(sounding, tmp_path):
    """Without augmentation and with the same seed, both routes see the same numbers."""
    reading = Reading(reading="crop_44100", scaling="std")
    feature = Levels(sr=44100, n_samples=65536)
    parts = Tensors(feature)(torch.from_numpy(replace(sounding, reading=reading)[:]))
    vectors = torch.cat([part.flatten(1) for part in parts.values()], dim=1).numpy()
    folder = tmp_path / "features"
    folder.mkdir()
    store = with_statistics(open_store(save_shards(folder, vectors, SHAPES), sounding))
    stored = train(store, tmp_path / "stored")
    raw = train_end_to_end(
        replace(store, arrays=[], shapes={}),
        model="jtfs_end_to_end",
        seed=0,
        place=place(tmp_path / "raw"),
        feature=Levels,
        network=JtfsNet,
        reading=reading,
        settings=SETTINGS,
    )
    assert raw.n_parameters == stored.n_parameters
    np.testing.assert_allclose(raw.test_logits, stored.test_logits, rtol=1e-3, atol=1e-4)


# -------------------------------------------------------------------------------------- baselines


def test_vectors_are_mu_log_means_over_time(store):
    found = clip_vectors(store, 20, c=0.1, progress=False)
    parts = store.tensors(np.arange(20))
    mu = {name: part.mu for name, part in store.statistics.items()}
    wanted = np.concatenate(
        [mu_log(parts[n], mu[n], 0.1).mean(-1).reshape(20, -1) for n in SHAPES], axis=1
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    plain = clip_vectors(replace(store, statistics=None), 20, c=0.1, progress=False)
    np.testing.assert_array_equal(plain, store.vectors(np.arange(20)))


@pytest.mark.parametrize("classifier", [fit_linear, fit_svm])
def test_baselines_learn_and_score_every_clip(store, classifier):
    found = fit_baseline(store, classifier=classifier, progress=False)
    labels = store.subset("test").labels
    assert len(labels) == len(found.test_logits) == 32
    assert np.mean(found.test_logits.argmax(1) == labels) > 0.9
    assert found.cost["dimension"] == 32 + 64


def test_baseline_may_leave_out_the_last_batch_as_the_networks_do(store):
    settings = TrainingSettings(batch_size=20, score_drop_last=True)
    found = fit_baseline(store, classifier=fit_linear, settings=settings, progress=False)
    assert len(found.test_logits) == 20


# ---------------------------------------------------------------------------------- what is left


def test_files_of_a_training(trained, tmp_path):
    path = tmp_path / "jtfs" / "seed-0.npz"
    save_network(path, trained, SET, model="jtfs", seed=0, run="smoke")
    prediction = load_prediction(path)
    np.testing.assert_array_equal(prediction.of("logits"), trained.test_logits)
    assert (prediction.model, prediction.best_epoch) == ("jtfs", trained.best_epoch)
    facts = io.load_json(path.with_suffix(".json"))
    assert facts["device"] == "cpu"
    assert facts["clips_per_second"] > 0
    assert [row["epoch"] for row in io.load_csv(path.with_suffix(".csv"))] == ["0", "1", "2"]
    weights = torch.load(path.with_suffix(".pt"), weights_only=True)
    assert weights.keys() == trained.state_dict.keys()


def test_files_of_a_training_that_was_not_run(tmp_path):
    path = tmp_path / "seed-0.npz"
    save_network(path, "no clips; get", SET, model="jtfs", seed=0, run="smoke")
    assert load_prediction(path).not_run == "no clips; get"
    assert io.load_csv(path.with_suffix(".csv")) == []
    assert io.load_json(path.with_suffix(".json"))["status"] == "not run: no clips; get"


def test_statistics_of_other_settings_or_clips_are_refused(store, tmp_path):
    path = tmp_path / "jtfs.npz"
    io.save_arrays(path, **statistics_arrays(store.statistics))
    io.save_json(path.with_suffix(".json"), DIGESTS)
    assert load_statistics(path, store).keys() == SHAPES.keys()
    with pytest.raises(io.FileError, match="of other settings or clips"):
        load_statistics(path, replace(store, settings_sha256="x"))


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
    reports = {"jtfs": [shard, shard]}, [training, missing]
    extraction, trained, absent = clip_cost(*reports, stamp=STAMP, drawn={"jtfs": 30 * 8192})
    assert extraction["clips_per_second"] == 2.0
    assert extraction["full_set_hours"] == pytest.approx(N_CLIPS / 2 / 3600)
    assert extraction["full_set_gb"] == pytest.approx(N_CLIPS * 100 / 1e9)
    assert trained["full_set_hours"] == pytest.approx(30)
    assert absent["status"] == "not run: x; y"
    assert N_CLIPS == 21571
    own = clip_cost(*reports, stamp=STAMP, drawn={})
    assert not [name for row in own for name in row if "full_set" in name]
