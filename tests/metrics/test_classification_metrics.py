"""Scores of the classifiers: by hand, against slow references, edge cases, errors."""

import numpy as np
import pytest
from sklearn import metrics

from jtfs_repro.metrics.classification import (
    accuracy,
    bootstrap_recalls,
    class_recalls,
    confusion,
    hit_shares,
    percentile_interval,
    top_predictions,
)

LABELS = np.array([0, 0, 0, 0, 1, 1, 2, 2])
GUESSES = np.array([0, 0, 0, 1, 1, 2, 2, 2])


def macro_recall(labels, predictions, n_classes):
    return float(class_recalls(labels, predictions, n_classes).mean())


def macro_recall_interval(labels, predictions, songs, *, level=0.95, **options):
    """The interval, over songs, of the mean over seeds and classes."""
    recalls = bootstrap_recalls(labels, hit_shares(labels, predictions)[None], songs, **options)
    return percentile_interval(recalls[0].mean(axis=1), level)


def clips(n_classes=3, n_songs=5, clips_per_song=6, seed=0):
    """Return labels, songs, and predictions of 3 seeds that fail song by song."""
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_classes), n_songs * clips_per_song)
    songs = np.repeat(np.arange(n_classes * n_songs), clips_per_song)
    ease = generator.random(n_classes * n_songs)[songs]
    hits = generator.random((3, len(labels))) < ease
    return labels, songs, np.where(hits, labels, (labels + 1) % n_classes)


def test_top_prediction_and_ties():
    logits = np.array([[0.0, 2.0, 1.0], [3.0, 3.0, 3.0], [-2.0, -1.0, -1.0]])
    assert top_predictions(logits).tolist() == [1, 0, 1]
    assert top_predictions(np.zeros((0, 8))).shape == (0,)
    with pytest.raises(ValueError, match="must be finite"):
        top_predictions(np.array([[0.0, np.nan]]))
    with pytest.raises(ValueError, match=r"logits.shape=\(3,\) must be \(n, n_classes\)"):
        top_predictions(np.zeros(3))


def test_scores_by_hand():
    assert confusion(LABELS, GUESSES, 3).tolist() == [[3, 1, 0], [0, 1, 1], [0, 0, 2]]
    np.testing.assert_allclose(class_recalls(LABELS, GUESSES, 3), [0.75, 0.5, 1])
    assert macro_recall(LABELS, GUESSES, 3) == pytest.approx(0.75)
    assert accuracy(LABELS, GUESSES) == pytest.approx(6 / 8)


def test_scores_agree_with_scikit_learn():
    labels, _, predictions = clips(n_classes=8)
    for guesses in predictions:
        expected = metrics.confusion_matrix(labels, guesses, labels=range(8))
        np.testing.assert_array_equal(confusion(labels, guesses, 8), expected)
        expected = metrics.balanced_accuracy_score(labels, guesses)
        assert macro_recall(labels, guesses, 8) == pytest.approx(expected)
        assert accuracy(labels, guesses) == metrics.accuracy_score(labels, guesses)


def test_missing_class_has_no_recall():
    np.testing.assert_array_equal(np.isnan(class_recalls(LABELS, GUESSES, 4)), [0, 0, 0, 1])
    assert np.isnan(macro_recall(LABELS, GUESSES, 4))
    songs = np.arange(len(LABELS))
    interval = macro_recall_interval(LABELS, GUESSES, songs, n_classes=4, n_bootstrap=10)
    assert np.isnan(interval).all()
    assert np.isnan(accuracy(np.zeros(0, int), np.zeros(0, int)))


def test_hit_shares_commute_with_recalls():
    labels, _, predictions = clips()
    shares = hit_shares(labels, predictions)
    by_seed = [class_recalls(labels, guesses, 3) for guesses in predictions]
    by_clip = [shares[labels == k].mean() for k in range(3)]
    np.testing.assert_allclose(by_clip, np.mean(by_seed, axis=0))
    with pytest.raises(ValueError, match=r"predictions.shape=\(3, 89\) must be \(n_seeds, 90\)"):
        hit_shares(labels, predictions[:, 1:])


def slow_resamples(labels, predictions, songs, weights, n_classes):
    """Resample clip by clip: ``weights[k]`` [shape=(n_bootstrap, songs of class k)]."""
    rows = []
    for b in range(len(weights[0])):
        recalls = []
        for k in range(n_classes):
            chosen = []
            for name, times in zip(np.unique(songs[labels == k]), weights[k][b], strict=True):
                found = [i for i in range(len(labels)) if labels[i] == k and songs[i] == name]
                chosen += found * int(times)
            by_seed = [np.mean([p[i] == labels[i] for i in chosen]) for p in predictions]
            recalls.append(np.mean(by_seed))
        rows.append(recalls)
    return np.array(rows)


def test_bootstrap_against_slow_reference():
    labels, songs, predictions = clips(clips_per_song=4)
    keep = np.random.default_rng(1).random(len(labels)) < 0.7  # songs of unlike sizes
    labels, songs, predictions = labels[keep], songs[keep], predictions[:, keep]
    hits = hit_shares(labels, predictions)[None]
    found = bootstrap_recalls(labels, hits, songs, n_classes=3, n_bootstrap=20, seed=4)
    generator = np.random.default_rng(4)  # the same draws, in order of the classes
    counts = [len(np.unique(songs[labels == k])) for k in range(3)]
    weights = [generator.multinomial(n, [1 / n] * n, 20) for n in counts]
    expected = slow_resamples(labels, predictions, songs, weights, 3)
    np.testing.assert_allclose(found[0], expected)


def test_draws_are_with_replacement_and_uniform():
    """The spread over resamples is that of the mean of S draws: sd(songs) / sqrt(S)."""
    labels, songs = np.zeros(20, int), np.arange(20)
    hits = np.linspace(0, 1, 20)[None]
    recalls = bootstrap_recalls(labels, hits, songs, n_classes=1, n_bootstrap=20000)[0, :, 0]
    assert recalls.mean() == pytest.approx(0.5, abs=0.003)
    assert recalls.std() == pytest.approx(hits.std() / np.sqrt(20), rel=0.03)


def test_songs_widen_the_interval_of_correlated_clips():
    labels, songs, predictions = clips(n_songs=12, clips_per_song=20)
    options = dict(n_classes=3, n_bootstrap=500)
    by_song = macro_recall_interval(labels, predictions, songs, **options)
    by_clip = macro_recall_interval(labels, predictions, np.arange(len(labels)), **options)
    assert by_song[1] - by_song[0] > 1.5 * (by_clip[1] - by_clip[0])
    centre = np.mean([macro_recall(labels, guesses, 3) for guesses in predictions])
    assert by_song[0] < centre < by_song[1]


def test_strata_keep_every_class():
    """A class of two songs is never missing from a resample."""
    labels = np.array([0] * 50 + [1, 1])
    songs = np.arange(52)
    recalls = bootstrap_recalls(labels, np.ones((1, 52)), songs, n_classes=2, n_bootstrap=300)
    np.testing.assert_array_equal(recalls, 1)


def test_models_share_the_draws():
    labels, songs, predictions = clips()
    hits = hit_shares(labels, predictions)
    recalls = bootstrap_recalls(labels, np.stack([hits, hits]), songs, n_classes=3)
    np.testing.assert_array_equal(recalls[0], recalls[1])


def test_one_song_gives_no_interval():
    labels, songs, predictions = clips(n_songs=1)
    assert np.isnan(macro_recall_interval(labels, predictions, songs, n_classes=3)).all()


def test_same_seed_same_interval_and_level():
    labels, songs, predictions = clips()
    options = dict(n_classes=3, n_bootstrap=300)
    first = macro_recall_interval(labels, predictions, songs, seed=1, **options)
    assert first == macro_recall_interval(labels, predictions, songs, seed=1, **options)
    assert first != macro_recall_interval(labels, predictions, songs, seed=2, **options)
    narrow = macro_recall_interval(labels, predictions, songs, seed=1, level=0.5, **options)
    assert first[0] < narrow[0] < narrow[1] < first[1]
    assert percentile_interval(np.arange(101.0), 0.9) == pytest.approx((5, 95))


def test_song_names_may_repeat_between_classes():
    labels, songs, predictions = clips()
    hits = hit_shares(labels, predictions)[None]
    distinct = bootstrap_recalls(labels, hits, songs, n_classes=3)
    repeated = bootstrap_recalls(labels, hits, songs % 5, n_classes=3)
    np.testing.assert_array_equal(distinct, repeated)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((np.array([0, 8]), np.array([0, 0]), 8), r"labels=8 must be in 0..7"),
        ((np.array([0, 0]), np.array([0, -1]), 8), r"predictions=-1 must be in 0..7"),
        ((np.array([0.0]), np.array([0]), 8), r"labels.dtype='float64' must be an integer type"),
        ((np.array([0, 1]), np.array([0]), 8), r"be equal and one-dimensional"),
        ((np.array([0]), np.array([0]), 0), r"n_classes=0 must be >= 1"),
    ],
)
def test_errors(arguments, match):
    with pytest.raises(ValueError, match=match):
        confusion(*arguments)


def test_errors_of_the_bootstrap():
    labels, songs, predictions = clips()
    with pytest.raises(ValueError, match="n_bootstrap=0 must be >= 1"):
        macro_recall_interval(labels, predictions, songs, n_classes=3, n_bootstrap=0)
    with pytest.raises(ValueError, match=r"level=95.0 must be"):
        macro_recall_interval(labels, predictions, songs, n_classes=3, level=95.0)
    with pytest.raises(ValueError, match="shapes of labels, hits, songs"):
        macro_recall_interval(labels, predictions, songs[1:], n_classes=3)
    with pytest.raises(ValueError, match="shapes="):
        accuracy(labels, predictions)
