"""Statistics: definitions in one line of numpy, training clips only, chunks, presets, errors."""

from dataclasses import replace

import numpy as np
import pytest
from clip_standins import clip_set, features, open_store, save_shards

from jtfs_repro.studies.instruments.clip_statistics import clip_statistics, mu_log
from jtfs_repro.studies.instruments.clip_store import statistics_arrays, statistics_of

SHAPES = {"S1": (5, 4), "S2": (3, 2, 4)}
EXACT = 1e-12  # two orders of summation in float64
SET = clip_set()
TRAINING = np.isin(np.arange(len(SET)), SET.rows("training"))


@pytest.fixture
def vectors():
    return features(SHAPES, SET.labels)


@pytest.fixture
def store(tmp_path, vectors):
    return open_store(save_shards(tmp_path, vectors, SHAPES, n_shards=3))


def part(vectors, name, rows):
    start = 0 if name == "S1" else 20
    return vectors[rows, start : start + np.prod(SHAPES[name])].reshape(-1, *SHAPES[name])


def direct(S, c=0.1):
    """mu, mean and standard deviation per path, all coefficients at once."""
    S = S.astype(np.float64)
    axes = (0, *range(2, S.ndim))
    mu = S.mean(axis=axes)
    level = np.log(1 + np.moveaxis(S, 1, -1) / (c * mu + 1e-8))
    level = np.moveaxis(level, -1, 1)
    return mu, level.mean(axis=axes), level.std(axis=axes)


@pytest.mark.parametrize("clips_at_a_time", [1, 5, 100])
@pytest.mark.parametrize("name", SHAPES)
def test_definition(store, vectors, name, clips_at_a_time):
    made = clip_statistics(store, clips_at_a_time=clips_at_a_time, progress=False)
    wanted = direct(part(vectors, name, TRAINING))
    found = [made[name].mu, made[name].mean, made[name].std]
    np.testing.assert_allclose(found, wanted, rtol=EXACT)


def test_only_training_clips_count(tmp_path, store, vectors):
    before = clip_statistics(store, progress=False)
    vectors[~TRAINING] *= 100
    changed = open_store(save_shards(tmp_path, vectors, SHAPES))
    after = clip_statistics(changed, progress=False)
    for name in SHAPES:
        np.testing.assert_allclose(before[name].mu, after[name].mu, rtol=EXACT)
    leaked = clip_statistics(changed, subset="all", progress=False)
    assert (leaked["S1"].mu > 10 * after["S1"].mu).all()


def test_standardised_training_features_have_mean_0_and_deviation_1(store, vectors):
    found = clip_statistics(store, progress=False)
    level = mu_log(part(vectors, "S2", TRAINING).astype(np.float64), found["S2"].mu, 0.1)
    level = (level - found["S2"].mean[:, None, None]) / found["S2"].std[:, None, None]
    np.testing.assert_allclose(level.mean((0, 2, 3)), 0, atol=1e-10)
    np.testing.assert_allclose(level.std((0, 2, 3)), 1, rtol=1e-10)


def test_as_coded_spread_is_that_of_clip_means(store, vectors):
    found = clip_statistics(store, spread="clip_means", progress=False)
    S = part(vectors, "S1", TRAINING).astype(np.float64)
    means = mu_log(S, found["S1"].mu, 0.1).mean(-1)
    np.testing.assert_allclose(found["S1"].std, means.std(0), rtol=EXACT)
    np.testing.assert_allclose(found["S1"].mu, S.mean((0, 2)), rtol=EXACT)  # over all coefficients
    assert (found["S1"].std < clip_statistics(store, progress=False)["S1"].std).all()


def test_decibels_are_not_compressed(tmp_path, vectors):
    store = open_store(save_shards(tmp_path, vectors - 50, SHAPES))
    found = clip_statistics(store, compression="none", progress=False)
    S = part(vectors - 50, "S1", TRAINING).astype(np.float64)
    np.testing.assert_allclose(found["S1"].mean, S.mean((0, 2)), rtol=EXACT)
    np.testing.assert_allclose(found["S1"].std, S.std((0, 2)), rtol=1e-9)
    assert (found["S1"].mu == 1).all()
    with pytest.raises(ValueError, match=r"S1=-\d.* must be >= 0 before a logarithm"):
        clip_statistics(store, progress=False)


def test_arrays_and_back(store):
    found = clip_statistics(store, progress=False)
    back = statistics_of(statistics_arrays(found))
    assert list(back) == list(SHAPES)
    for name in SHAPES:
        np.testing.assert_array_equal(back[name].std, found[name].std)


def test_nan_is_an_error_that_names_the_clip(tmp_path, vectors):
    vectors[3, 25] = np.nan
    store = open_store(save_shards(tmp_path, vectors, SHAPES))
    with pytest.raises(ValueError, match=r"S2: .*features of clip 3 hold NaN or Inf"):
        clip_statistics(store, progress=False)


def test_no_training_clip_is_an_error(store):
    with pytest.raises(ValueError, match="subset='training' must hold at least one clip"):
        clip_statistics(replace(store, clips=replace(SET, clips=[])), progress=False)
    with pytest.raises(ValueError, match="spread='clips' must be one of"):
        clip_statistics(store, spread="clips", progress=False)
