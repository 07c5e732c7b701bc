"""Stand-ins for the tests of Section 4: a clip set without sound, stored features in a folder."""

import numpy as np

from jtfs_repro import io
from jtfs_repro.datasets.clips import SUBSETS, Clip, ClipSet
from jtfs_repro.datasets.medley_solos_db import CLASSES
from jtfs_repro.studies.instruments.clip_store import ClipStore, open_shards

DIGESTS = {"settings_sha256": "s" * 64, "clips_sha256": "c" * 64}


def clip_set(per_class=2, classes=CLASSES):
    """Return a set with ``per_class`` clips of every class in every subset, two per song."""
    clips = []
    for subset in SUBSETS:
        for class_id, label in enumerate(classes):
            for i in range(per_class):
                number = len(clips)
                clips.append(
                    Clip(
                        file=f"{number}.wav",
                        subset=subset,
                        label=label,
                        class_id=class_id,
                        group=f"{subset[:2]}{class_id}-{i // 2}",
                        name=f"{number:08x}-0000-5000-8000-{number:012x}",
                        bytes=524332,
                        sha256="0" * 64,
                    )
                )
    return ClipSet(
        name="soundfont_solos", classes=tuple(classes), clips=clips, sha256=DIGESTS["clips_sha256"]
    )


def open_store(paths, clips=None, settings=DIGESTS["settings_sha256"]):
    """Open shards of ``clips``."""
    clips = clip_set() if clips is None else clips
    store = ClipStore(clips=clips, arrays=[], shapes={}, settings_sha256=settings)
    return open_shards(store, paths)


def features(shapes, labels, seed=0, signal=1.0):
    """Return positive features [shape=(n, D)] in which the class decides on a path's level."""
    generator = np.random.default_rng(seed)
    parts = []
    for shape in shapes.values():
        level = np.ones((len(labels), shape[0]))
        level[np.arange(len(labels)), labels % shape[0]] += signal
        noise = generator.gamma(4.0, 0.25, size=(len(labels), *shape))
        parts.append(
            (noise * level.reshape(*level.shape, *[1] * (len(shape) - 1))).reshape(len(labels), -1)
        )
    return np.concatenate(parts, axis=1).astype(np.float32)


def save_shards(folder, vectors, shapes, n_shards=2, **changes):
    """Write shards as the extraction does; ``changes`` go into every report."""
    paths = []
    for i in range(n_shards):
        first, last = len(vectors) * i // n_shards, len(vectors) * (i + 1) // n_shards
        path = folder / f"shard-{i}-of-{n_shards}.npy"
        io.save_array(path, vectors[first:last])
        report = {
            "status": io.RUN,
            "shapes": {name: list(shape) for name, shape in shapes.items()},
            "parts": {},
            "device": "cpu",
            "n_signals": last - first,
            "first": first,
            "n_clips": len(vectors),
            **DIGESTS,
            **changes,
        }
        io.save_json(path.with_suffix(".json"), report)
        paths.append(path)
    return paths
