"""The sounds of Section 5: synthesised by the project, or prepared from a user's file.

A file is treated as in the paper: the mean of its channels at its own rate, truncated to the
largest power of two, its level untouched; ``max_samples`` may keep less.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jtfs_repro import checks
from jtfs_repro.audio import Sound, count_samples, read_sound, to_mono, truncate_to_power_of_two
from jtfs_repro.datasets.sounds import RECIPES, synthesise
from jtfs_repro.io import FileError
from jtfs_repro.names import sanitise

SYNTHESISED, FROM_FILE = "synthesised by this project", "file"


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A mono sound of a power of two samples, and what it is.

    ``facts``: name, title, origin, source (the file's name, "" for none), sr in Hz, n_samples,
    n_channels, seed (None for a file), duration_s, rms, peak, and of a file the number of channels
    averaged, of samples found and of samples cut off its end.
    """

    sound: Sound
    facts: dict[str, Any]


def prepare(
    name: str,
    *,
    path: str | os.PathLike[str] | None = None,
    max_samples: int | None = 65536,
    sr: float | None = None,
    seed: int = 0,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> Prepared:
    """Synthesise a sound, or prepare a file, for resynthesis and scale-rate pictures.

    ``name`` is a recipe, or with ``path`` what the sound is called. ``max_samples`` is the longest
    sound, a power of two, or None for no limit: of a file the beginning is kept. ``sr`` is the
    sample rate of a synthesised sound in Hz, its recipe's by default; files keep theirs.
    ``settings`` are those of sounds that differ from their recipes, by name.
    ValueError: as in `synthesise`, or ``max_samples`` is no power of two. FileError: as in
    `read_sound`, or the part that is kept is silent, or its channels cancel.

    Examples
    --------
    >>> prepare("gull", max_samples=16384).facts["n_samples"]
    16384
    """
    if max_samples is not None:
        checks.power_of_two("max_samples", max_samples)
    if path is None:
        return _embedded(name, max_samples, sr, seed, (settings or {}).get(name, {}))
    return _from_file(name, Path(path), max_samples)


def _embedded(
    name: str, max_samples: int | None, sr: float | None, seed: int, settings: Mapping[str, Any]
) -> Prepared:
    recipe = RECIPES[checks.choice("name", name, tuple(RECIPES), "a sound file: --input")]
    n_samples = min(recipe.n_samples, max_samples or recipe.n_samples)
    sound = synthesise(name, sr=sr, n_samples=n_samples, seed=seed, settings=settings)
    facts = {"name": name, "title": recipe.title, "origin": SYNTHESISED, "source": ""}
    return Prepared(sound=sound, facts={**facts, **_measures(sound), "seed": seed})


def _from_file(name: str, path: Path, max_samples: int | None) -> Prepared:
    n_found = count_samples(path)
    found = read_sound(path, first=max_samples)
    kept = truncate_to_power_of_two(found)
    if not kept.samples.any():
        what = f"its first {kept.n_samples} samples, which are used, are silent"
        raise FileError(f"{path}: {what} (cut the silence, or raise max_samples)")
    try:
        sound = to_mono(kept)
    except ValueError as error:
        raise FileError(f"{path}: {error}") from None
    facts = {"name": name, "title": sanitise(path.stem), "origin": FROM_FILE}
    facts["source"] = sanitise(path.name)
    cut = {
        "seed": None,
        "n_channels_found": found.n_channels,
        "n_samples_found": n_found,
        "n_samples_cut": n_found - sound.n_samples,
    }
    return Prepared(sound=sound, facts={**facts, **_measures(sound), **cut})


def _measures(sound: Sound) -> dict[str, Any]:
    return {
        "sr": sound.sr,
        "n_samples": sound.n_samples,
        "n_channels": sound.n_channels,
        "duration_s": round(sound.duration_s, 6),
        "rms": round(sound.rms, 6),
        "peak": round(float(abs(sound.samples).max()), 6),
    }
