"""Stand-ins for the tests of Section 4: made-up clips, predictions and histories."""

import numpy as np

from jtfs_repro.datasets.clips import ClipSet
from jtfs_repro.datasets.medley_solos_db import CLASSES
from jtfs_repro.provenance import Stamp
from jtfs_repro.studies.instruments.learning_curves import HISTORY, learning_curves
from jtfs_repro.studies.instruments.predictions import Prediction, absent
from jtfs_repro.studies.instruments.table2 import table2

STAMP = Stamp(scale="demo", preset="paper", device="cpu")
WHY = "MFCC could not be computed; install librosa"
SKILL = {
    "cqt": 0.68,
    "scattering1d": 0.74,
    "jtfs_linear": 0.78,
    "jtfs": 0.81,
    "jtfs_end_to_end": 0.83,
}
EPOCHS = {"cqt": 12, "scattering1d": 12, "jtfs": 16, "jtfs_end_to_end": 16}


def scored(
    skill, seed, *, subset="test", n_songs=6, clips_per_song=4, song_effect=1.0, n_classes=8
):
    """Return logits of a classifier that recognises about ``skill`` of the clips, song by song."""
    n = n_classes * n_songs * clips_per_song
    labels = np.repeat(np.arange(n_classes), n_songs * clips_per_song)
    song = np.repeat(np.arange(n_classes * n_songs), clips_per_song)
    per_song = np.random.default_rng(7).normal(size=n_classes * n_songs)  # same for all models
    generator = np.random.default_rng([seed, round(100 * skill), len(subset)])
    ease = song_effect * per_song[song] + generator.normal(size=n)
    is_hit = ease > np.quantile(ease, 1 - skill - 0.01 * (seed - 1))
    logits = generator.normal(size=(n, n_classes)).astype(np.float32)
    logits[np.arange(n), labels] = np.where(is_hit, 10, -10)
    return {
        f"{subset}_logits": logits,
        f"{subset}_labels": labels,
        f"{subset}_songs": np.array([f"{subset}-{k:03d}" for k in song]),
        f"{subset}_uuids": np.array([f"{subset}-{k:05d}" for k in range(n)]),
    }


def prediction(model, seed, **options):
    return Prediction(
        model=model,
        seed=seed,
        n_parameters=1000 + len(model),
        best_epoch=EPOCHS[model] - 3 if model in EPOCHS else -1,
        arrays=scored(SKILL[model] + 0.05, seed, subset="validation", **options)
        | scored(SKILL[model], seed, **options),
    )


def not_run(model, seed=0, classes=CLASSES):
    """Return what stands for a model that did not run."""
    clips = ClipSet(name="soundfont_solos", classes=tuple(classes), clips=[])
    return absent(clips, model, seed, WHY)


def predictions(seeds=(0, 1, 2), **options):
    """Return all models; mfcc_svm did not run."""
    ran = [prediction(model, seed, **options) for model in SKILL for seed in seeds]
    return [not_run("mfcc_svm"), *ran]


def history(model, seed):
    """Return the rows of a made-up training."""
    n, generator = EPOCHS[model], np.random.default_rng([seed, len(model)])
    epoch = np.arange(n)
    loss = 2 * np.exp(-epoch / 4) + 0.1 + 0.03 * generator.random(n)
    hit = SKILL[model] + 0.05 - 0.4 * np.exp(-epoch / 3) + 0.02 * generator.random(n)
    columns = (
        epoch,
        32 * (epoch + 1),
        1e-3 * np.cos(np.pi / 2 * epoch / n) ** 2 + 1e-11,
        loss,
        loss + 0.2 + 0.01 * epoch,
        hit,
        hit - 0.03,
        np.where(epoch >= n - 10, "yes", "no"),
        np.where(epoch == n - 3, "yes", "no"),
    )
    return [dict(zip(HISTORY, cells, strict=True)) for cells in zip(*columns, strict=True)]


def histories(seeds=(0, 1, 2)):
    return {(model, seed): history(model, seed) for model in EPOCHS for seed in seeds}


def tables(found=None, *, stamp=STAMP, clip_set="soundfont_solos", classes=CLASSES, **options):
    found = predictions() if found is None else found
    options = {"n_bootstrap": 200, **options}
    return table2(found, stamp=stamp, clip_set=clip_set, classes=classes, **options)


def curves(found=None, *, clip_set="soundfont_solos"):
    found = predictions() if found is None else found
    return learning_curves(found, histories(), stamp=STAMP, clip_set=clip_set)
