"""Classification metrics: recall per class, macro recall, bootstrap over songs.

Labels and predictions are class ids ``0 .. n_classes - 1``. The score of the paper's Table 2 is
the *macro recall*: the mean of the class recalls, in which a class of 325 clips weighs as much as
one of 3167. Clips of one song resemble each other, so intervals come from resampling songs.
"""

from __future__ import annotations

import numpy as np

from jtfs_repro import checks

Interval = tuple[float, float]
LEVEL = 0.95


def top_predictions(logits: np.ndarray) -> np.ndarray:
    """Return the id of each clip's largest logit, of equal ones the lowest.

    Logits are [shape=(n, n_classes)]; `ValueError` if they have another shape or are not finite.
    """
    logits = np.asarray(logits)
    if logits.ndim != 2 or logits.shape[1] < 1:
        checks.fail("logits.shape", logits.shape, "be (n, n_classes)", "one clip: logits[None]")
    if not np.isfinite(logits).all():
        checks.fail("logits", "NaN or infinity", "be finite", "did the training diverge?")
    return logits.argmax(axis=1)


def confusion(labels: np.ndarray, predictions: np.ndarray, n_classes: int) -> np.ndarray:
    """Return how many clips of each true class (rows) were given each label (columns).

    `ValueError`: lengths differ, or an id is outside ``0 .. n_classes - 1``.

    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    array([[1, 1],
           [0, 1]])
    """
    n_classes = checks.integer("n_classes", n_classes, low=1)
    labels = class_ids("labels", labels, n_classes)
    predictions = class_ids("predictions", predictions, n_classes)
    if labels.shape != predictions.shape or labels.ndim != 1:
        shapes = (labels.shape, predictions.shape)
        checks.fail("shapes", shapes, "be equal and one-dimensional", "predictions of one seed?")
    pairs = np.bincount(labels * n_classes + predictions, minlength=n_classes**2)
    return pairs.reshape(n_classes, n_classes)


def class_ids(name: str, ids: np.ndarray, n_classes: int) -> np.ndarray:
    """Return ``ids`` as int64; each must be a whole number in ``0 .. n_classes - 1``."""
    ids = np.asarray(ids)
    if ids.size and not np.issubdtype(ids.dtype, np.integer):
        checks.fail(f"{name}.dtype", str(ids.dtype), "be an integer type", "logits? take the top")
    ids = ids.astype(np.int64)
    if ids.size and not 0 <= ids.min() <= ids.max() < n_classes:
        found = int(ids.min()) if ids.min() < 0 else int(ids.max())
        checks.fail(name, found, f"be in 0..{n_classes - 1}", "ids from 1, or other classes?")
    return ids


def class_recalls(labels: np.ndarray, predictions: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the share of each class' clips that were recognised; NaN of a class without a clip.

    >>> class_recalls(np.array([0, 0, 1]), np.array([0, 1, 1]), 3)
    array([0.5, 1. , nan])
    """
    counts = confusion(labels, predictions, n_classes)
    totals = counts.sum(axis=1)
    missing = np.full(n_classes, np.nan)
    return np.divide(np.diagonal(counts), totals, out=missing, where=totals > 0)


def accuracy(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Return the share of all clips that were recognised; NaN if there is none."""
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape != predictions.shape:
        checks.fail("shapes", (labels.shape, predictions.shape), "be equal", "one row per seed?")
    return float(np.mean(labels == predictions)) if labels.size else float("nan")


def hit_shares(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return, per clip, the share of seeds that recognised it [shape=(n,)].

    Predictions are [shape=(n,) or (n_seeds, n)]. The recall of a class, averaged over seeds, is the
    mean of its clips' hit shares: means over seeds and over clips commute.
    """
    labels, predictions = np.asarray(labels), np.atleast_2d(predictions)
    if labels.ndim != 1 or len(predictions) < 1 or predictions.shape[1:] != labels.shape:
        expected = f"be (n_seeds, {labels.size})"
        checks.fail("predictions.shape", predictions.shape, expected, "seeds of other clips?")
    return np.mean(predictions == labels, axis=0)


def bootstrap_recalls(
    labels: np.ndarray,
    hits: np.ndarray,
    songs: np.ndarray,
    *,
    n_classes: int,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> np.ndarray:
    """Return class recalls of resampled songs [shape=(n_models, n_bootstrap, n_classes)].

    Within each class its S songs are drawn S times with replacement; a song brings all its clips
    of that class. Only sums per song are needed: with w(b, s) the number of times that resample b
    drew song s, the recall is ``sum_s w(b, s) hits(s) / sum_s w(b, s) clips(s)``. It is NaN for a
    class of fewer than two songs: one song says nothing about how songs vary.

    ``hits`` [shape=(n_models, n)] are `hit_shares`, ``songs`` [shape=(n,)] the name of each clip's
    song. Same seed, labels and songs give the same draws: differences between models are paired.
    `ValueError`: shapes do not match, or ``n_classes`` or ``n_bootstrap`` is below 1.

    With few songs (tenor saxophone has five in the test subset of Medley-solos-DB) percentile
    intervals are too narrow. They hold for the trained networks as they are: how training varies
    is the standard deviation over seeds.
    """
    n_classes = checks.integer("n_classes", n_classes, low=1)
    n_bootstrap = checks.integer("n_bootstrap", n_bootstrap, low=1)
    labels = class_ids("labels", labels, n_classes)
    hits, songs = np.asarray(hits), np.asarray(songs)
    if hits.ndim != 2 or labels.shape != songs.shape or hits.shape[1:] != labels.shape:
        shapes = (labels.shape, hits.shape, songs.shape)
        checks.fail("shapes of labels, hits, songs", shapes, "be (n,), (n_models, n), (n,)")
    generator = np.random.default_rng(seed)
    recalls = np.full((len(hits), n_bootstrap, n_classes), np.nan)
    for k in range(n_classes):
        chosen = labels == k
        names, song = np.unique(songs[chosen], return_inverse=True)
        if len(names) >= 2:
            draws = generator.multinomial(len(names), [1 / len(names)] * len(names), n_bootstrap)
            sums = np.stack([np.bincount(song, weights=row) for row in hits[:, chosen]])
            recalls[:, :, k] = (sums @ draws.T) / (np.bincount(song) @ draws.T)
    return recalls


def percentile_interval(values: np.ndarray, level: float = LEVEL) -> Interval:
    """Return the interval that holds ``level`` of the values [shape=(n,)]; NaN if any value is."""
    checks.number("level", level, above=0, high=1, mistake="percent? divide by 100")
    low, high = np.quantile(values, ((1 - level) / 2, (1 + level) / 2))
    return float(low), float(high)


def macro_recall_interval(
    labels: np.ndarray,
    predictions: np.ndarray,
    songs: np.ndarray,
    *,
    n_classes: int,
    n_bootstrap: int = 1000,
    seed: int = 0,
    level: float = LEVEL,
) -> Interval:
    """Return the bootstrap percentile interval, over songs, of the seeds' mean macro recall.

    Predictions are [shape=(n,) or (n_seeds, n)]; the mean over seeds is taken inside each resample.
    The rest is as in `bootstrap_recalls`; NaN if a class has fewer than two songs.
    """
    hits = hit_shares(labels, predictions)[None]
    options = {"n_classes": n_classes, "n_bootstrap": n_bootstrap, "seed": seed}
    recalls = bootstrap_recalls(labels, hits, songs, **options)
    return percentile_interval(recalls[0].mean(axis=1), level)
