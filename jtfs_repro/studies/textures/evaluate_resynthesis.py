"""Scores of the resyntheses of one sound: what each representation kept, and what it lost.

Besides the resyntheses, the original and the initial noise are scored: the two ends between which
every score lies. The error that a descent minimises says nothing of what its representation cannot
hear, so each sound is measured by both scatterings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from jtfs_repro import checks
from jtfs_repro.audio import Sound
from jtfs_repro.metrics import textures as metrics
from jtfs_repro.metrics.synchrony import (
    OnsetBands,
    Onsets,
    onset_correlations,
    share_kept,
    synchrony,
)
from jtfs_repro.provenance import Stamp
from jtfs_repro.studies.textures.resynthesis_files import StoredResynthesis

ORIGINAL, INITIAL_NOISE = "original", "initial_noise"
MARKS = (20, 100)  # iterations at which the paper states an error
RUN_COLUMNS = ("status", "iterations", "best_iteration", "n_evaluations", "error_initial")
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Ears:
    """Everything that sounds of one length are measured with.

    Parameters
    ----------
    jtfs, scattering1d : class; called with ``shape``; `jtfs` has ``format='time'`` and ``F=0``
    segment : int >= 1; longer sounds are cut into parts of that many samples, the last one padded
        with zeros, so that memory stays bounded
    bands : OnsetBands, optional; subbands whose onsets are compared
    n_fft, hop : int; window and hop of the spectra in samples
    average_s : float > 0
        Seconds over which `spectral_convergence_averaged` averages magnitudes: T, in seconds.
    """

    jtfs: Callable[..., Any]
    scattering1d: Callable[..., Any]
    segment: int = 1 << 17
    bands: OnsetBands | None = None
    n_fft: int = 1024
    hop: int = 256
    average_s: float = 0.3715

    def __post_init__(self) -> None:
        checks.integer("segment", self.segment, low=1, mistake="samples")
        checks.integer("n_fft", self.n_fft, low=2)
        checks.integer("hop", self.hop, low=1)
        checks.number("average_s", self.average_s, above=0, mistake="seconds")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Heard:
    """One sound as heard."""

    onsets: Onsets
    magnitudes: np.ndarray
    averages: np.ndarray
    jtfs: np.ndarray
    scattering1d: np.ndarray
    spins: np.ndarray


def evaluate_resynthesis(
    sound: Sound,
    resyntheses: Sequence[StoredResynthesis],
    *,
    facts: Mapping[str, Any],
    ears: Callable[[], Ears],
) -> list[Row]:
    """Score the original, the initial noise and every resynthesis of one sound.

    Columns that do not explain themselves: synchrony_kept (0 at the resynthesis' own initial noise,
    1 at the original), synchrony_similarity (of the correlations of all pairs of subbands with the
    original's), spin_contrast (over all cells), spectral_convergence_averaged (of magnitudes
    averaged over `average_s`), error_jtfs and error_scattering1d (relative errors of the
    coefficients). ValueError: there is no resynthesis, one is of another sound, length or rate, or
    the sound is too short to be measured.
    """
    _check(sound, resyntheses, facts)
    stamp = Stamp.common([r.facts for r in resyntheses])
    instrument = _Instrument(ears(), sound)
    original = instrument.hear(sound.samples)
    rows = [_scores(original, original, instrument.hear(resyntheses[0].start))]
    labels = [{"representation": ORIGINAL, "descent": ""}]
    for start, descent in _starts(resyntheses):
        noise = instrument.hear(start)
        rows.append(_scores(noise, original, noise))
        labels.append({"representation": INITIAL_NOISE, "descent": descent})
    for made in resyntheses:
        noise = instrument.hear(made.start)
        rows.append(_scores(instrument.hear(made.samples), original, noise))
        labels.append({name: made.facts[name] for name in ("representation", "descent")})
    n_ends = len(rows) - len(resyntheses)
    runs: list[Row] = [_run(None)] * n_ends + [_run(made) for made in resyntheses]
    head = {"sound": facts["name"], "title": facts["title"], "origin": facts["origin"]}
    tail = _tail(sound, resyntheses, stamp)
    return [
        {**head, **label, **run, **row, **tail}
        for label, run, row in zip(labels, runs, rows, strict=True)
    ]


def _check(sound: Sound, made: Sequence[StoredResynthesis], facts: Mapping[str, Any]) -> None:
    if not made:
        checks.fail("resyntheses", [], "hold at least one")
    for one in made:
        if one.facts["sound"] != facts["name"]:
            checks.fail("sound", one.facts["sound"], f"be {facts['name']!r}", "facts of another")
        if one.samples.shape != sound.samples.shape or one.sr != sound.sr:
            found = (*one.samples.shape, one.sr)
            rule = f"be {(*sound.samples.shape, sound.sr)}, channels, samples and Hz of the sound"
            checks.fail("resynthesis", found, rule, "made from another file, or as mono?")


def _starts(made: Sequence[StoredResynthesis]) -> Iterator[tuple[np.ndarray, str]]:
    """Yield each initial noise once, named by its resyntheses unless all share it."""
    users: dict[bytes, list[StoredResynthesis]] = {}
    for one in made:
        users.setdefault(one.start.tobytes(), []).append(one)
    for group in users.values():
        names = [f"{one.facts['representation']}-{one.facts['descent']}" for one in group]
        yield group[0].start, "" if len(users) == 1 else " ".join(names)


class _Instrument:
    """`Ears` made for one length, with what was heard before."""

    def __init__(self, ears: Ears, sound: Sound) -> None:
        self.ears, self.sr = ears, sound.sr
        self.bands = ears.bands or OnsetBands()
        self.length = min(sound.n_samples, ears.segment)
        self.transforms = [make(shape=self.length) for make in (ears.jtfs, ears.scattering1d)]
        self.meta = self.transforms[0].meta()
        self.heard: dict[bytes, _Heard] = {}

    def hear(self, x: np.ndarray) -> _Heard:
        key = x.tobytes()
        if key not in self.heard:
            self.heard[key] = self._hear(x)
        return self.heard[key]

    def _hear(self, x: np.ndarray) -> _Heard:
        ears = self.ears
        magnitudes = metrics.stft_magnitudes(x, n_fft=ears.n_fft, hop=ears.hop)
        n_frames = max(1, round(ears.average_s * self.sr / ears.hop))
        jtfs, scattering1d = (self._coefficients(x, transform) for transform in self.transforms)
        return _Heard(
            onsets=onset_correlations(x, sr=self.sr, bands=self.bands),
            magnitudes=magnitudes,
            averages=metrics.time_averages(magnitudes, n_frames),
            jtfs=jtfs,
            scattering1d=scattering1d,
            spins=metrics.spin_energies(jtfs, self.meta),
        )

    def _coefficients(self, x: np.ndarray, transform: Any) -> np.ndarray:
        """Return coefficients [shape=(channels, C, frames of all segments)]."""
        starts = range(0, x.shape[1], self.length)
        parts = [x[:, start : start + self.length] for start in starts]
        padded = [np.pad(p, ((0, 0), (0, self.length - p.shape[1]))) for p in parts]
        with torch.inference_mode():
            return np.concatenate([transform(torch.from_numpy(p)).numpy() for p in padded], -1)


def _scores(heard: _Heard, original: _Heard, noise: _Heard) -> Row:
    weight, cells = original.onsets.weight, original.spins.sum(axis=0)
    value, end, floor = (synchrony(one.onsets, weight=weight) for one in (heard, original, noise))
    contrasts = [metrics.spin_contrast(one.spins) for one in (heard, original)]
    correlations = [one.onsets.correlation for one in (heard, original)]
    return {
        "synchrony": value,
        "synchrony_kept": share_kept(value, floor=floor, original=end),
        "synchrony_similarity": metrics.similarity(*correlations, weight=weight),
        "spin_contrast": float(metrics.spin_contrast(heard.spins.sum(axis=1))),
        "spin_contrast_kept": metrics.contrast_kept(heard.spins, original.spins),
        "spin_contrast_similarity": metrics.similarity(*contrasts, weight=cells),
        "spectral_convergence": metrics.relative_error(heard.magnitudes, original.magnitudes),
        "spectral_convergence_averaged": metrics.relative_error(heard.averages, original.averages),
        "log_spectral_distance_db": metrics.log_spectral_distance_db(
            heard.magnitudes, original.magnitudes
        ),
        "error_jtfs": metrics.relative_error(heard.jtfs, original.jtfs),
        "error_scattering1d": metrics.relative_error(heard.scattering1d, original.scattering1d),
    }


def _run(made: StoredResynthesis | None) -> Row:
    """Return how the descent went; blanks for a sound that no descent made."""
    errors = {f"error_at_{mark}": made.error_at(mark) if made else None for mark in MARKS}
    last = {"error_best": made.facts["error_best"] if made else None}
    if made is None:
        return {**dict.fromkeys(RUN_COLUMNS, ""), **errors, **last}
    counts = {"n_evaluations": int(made.history[-1]["evaluations"])}
    facts = {name: made.facts[name] for name in RUN_COLUMNS if name != "n_evaluations"}
    return {**{name: (facts | counts)[name] for name in RUN_COLUMNS}, **errors, **last}


def _tail(sound: Sound, made: Sequence[StoredResynthesis], stamp: Stamp) -> Row:
    starts = {name: {str(one.facts[name]) for one in made} for name in ("init_noise", "seed")}
    return {
        "sr": sound.sr,
        "n_samples": sound.n_samples,
        "n_channels": sound.n_channels,
        **{name: " ".join(sorted(values)) for name, values in starts.items()},
        **stamp.as_dict(),
    }
