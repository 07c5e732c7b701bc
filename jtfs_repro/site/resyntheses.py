"""The page of resyntheses: audio at one gain, scalograms on one scale, error curves."""

from __future__ import annotations

import io as bytes_io
import math
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from jtfs_repro import checks, io
from jtfs_repro.audio import Sound
from jtfs_repro.site import pictures
from jtfs_repro.site.contents import Contents, Run, Target
from jtfs_repro.site.folder import Folder, Slugs, slug
from jtfs_repro.site.instruments import number
from jtfs_repro.site.tables import view

FULL_SCALE = 32767
SCORES = (  # of the columns of resynthesis.csv; the page of tables has all
    *("representation", "descent", "error_at_20", "error_at_100", "error_best"),
    *("synchrony", "synchrony_kept", "spin_contrast_kept", "spectral_convergence_averaged"),
    *("error_jtfs", "error_scattering1d"),
)
SCORES_CAPTION = (
    "Errors and cross-frequency synchrony; the original and the initial noise give the scale."
)
HEADROOM = 0.98  # peak of the loudest track of a sound
PAPER_MARKS = ((20, 0.10), (100, 0.03))  # iteration, error; the paper's Section 5
FREQUENCY_TICKS = (50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000)
LABELS = {  # of representations and descents
    "jtfs": "JTFS",
    "scattering1d": "Scattering1D",
    "lbfgs": "L-BFGS",
    "bold_driver": "bold driver",
    "adam": "Adam",
}


def resynthesis_page(contents: Contents, folder: Folder) -> list[dict[str, Any]]:
    """Write audio, scalograms and ``data/resynthesis.js``; return what the template shows.

    `ValueError`: a resynthesis is of a sound that was not given, or of another rate or length.
    """
    known = sorted(target.name for target in contents.targets)
    for run in contents.runs:
        if run.sound not in known:
            rule = f"be one of the sounds {known}"
            checks.fail("sound", run.sound, rule, "give its facts to --sounds")
    slugs = Slugs()
    sounds = [_sound(t, contents, folder, slugs.new(t.name)) for t in contents.targets]
    sounds.sort(key=lambda sound: not sound["curves"])  # those without a resynthesis last
    folder.write_data("resynthesis", {"sounds": sounds, "marks": PAPER_MARKS})
    for sound in sounds:
        name = f"scores-{sound['id']}"
        sound["table"] = view(sound["scores"], name=name, title="Scores", caption=SCORES_CAPTION)
    return sounds


def _sound(target: Target, contents: Contents, folder: Folder, place: str) -> dict[str, Any]:
    runs = [run for run in contents.runs if run.sound == target.name]
    for run in runs:
        _check_size(run, target)
    original, sr = target.sound.samples, target.sound.sr
    everything = [original, *(r.samples for r in runs), *(r.best.samples for r in runs)]
    gain = HEADROOM / (max(float(np.abs(x).max(initial=0)) for x in everything) or 1.0)
    loudest = float(pictures.scalogram(original, sr).max()) * gain
    painter = _Painter(folder=folder, place=place, gain=gain, peak=loudest)
    cards = [_plain_card("original", "Original", painter.track("original", target.sound))]
    if runs:
        noise = _snapshot(runs[0], 0, painter, "noise")
        cards.append(_plain_card("noise", "Initial noise", noise))
    for name in dict.fromkeys(run.representation for run in runs):
        descents = [_descent(run, painter) for run in runs if run.representation == name]
        cards.append({"label": LABELS.get(name, name), "id": slug(name), "descents": descents})
    frequencies = pictures.scalogram_frequencies(sr)
    rows = [row for row in contents.rows("resynthesis.csv") if row.get("sound") == target.name]
    return {
        "id": place,
        "name": target.name,
        "title": target.title,
        "origin": target.origin,
        "sr": sr,
        "duration": target.sound.duration_s,
        "gain_db": round(20 * math.log10(gain), 1) + 0.0,
        "range_db": pictures.RANGE_DB,
        "frequency_ticks": pictures.ticks_of_rows(frequencies, FREQUENCY_TICKS),
        "time_ticks": time_ticks(target.sound.duration_s),
        "cards": cards,
        "scores": [{name: row[name] for name in SCORES if name in row} for row in rows],
        "curves": [_curve(run) for run in runs],
    }


def _check_size(run: Run, target: Target) -> None:
    shape, sr = target.sound.samples.shape, target.sound.sr
    sizes = {run.best.samples.shape, run.samples.shape[1:]}
    if sizes != {shape} or run.best.sr != sr:
        what = f"{run.sound}, {run.representation}, {run.descent}"
        checks.fail(what, sorted(sizes), f"have the sound's shape {shape} at {sr:g} Hz", "stale?")


# ---- tracks ----


@dataclass(frozen=True, kw_only=True)
class _Painter:
    """Writes the audio and the scalogram of the tracks of one sound, all on the same scales."""

    folder: Folder
    place: str
    gain: float
    peak: float

    def track(
        self, name: str, sound: Sound, words: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        modulus = pictures.scalogram(sound.samples, sound.sr)
        picture = pictures.palette_png(pictures.decibel_levels(modulus, self.peak / self.gain))
        wav = pcm_wav(sound, self.gain)
        return {
            "audio": self.folder.write_once(f"audio/{self.place}/{name}.wav", wav),
            "picture": self.folder.write_once(f"scalograms/{self.place}/{name}.png", picture),
            **(words or {}),
        }


def pcm_wav(sound: Sound, gain: float) -> bytes:
    """Return a 16-bit WAV file of ``gain * sound``; `ValueError` if it exceeds full scale."""
    scaled = gain * sound.samples.astype(np.float64)
    peak = float(np.abs(scaled).max(initial=0))
    if not peak <= 1:
        checks.fail("peak", peak, "be finite and <= 1", "a sound that diverged?")
    buffer = bytes_io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(sound.n_channels)
        file.setsampwidth(2)
        file.setframerate(round(sound.sr))
        file.writeframes(np.round(scaled * FULL_SCALE).astype("<i2").T.tobytes())
    return buffer.getvalue()


def _plain_card(name: str, title: str, track: dict[str, Any]) -> dict[str, Any]:
    descent = track | {"name": name, "label": title, "status": "", "snapshots": []}
    return {"label": title, "id": name, "descents": [descent]}


def _descent(run: Run, painter: _Painter) -> dict[str, Any]:
    name = slug(f"{run.representation}-{run.descent}")
    last = len(run.iterations) - 1
    kept = [k for k in range(last) if run.iterations[k] != run.iterations[last]]
    snapshots = [_snapshot(run, k, painter, f"{name}-{int(run.iterations[k])}") for k in kept]
    best = painter.track(f"{name}-best", run.best, _words(run, last))
    return {
        "name": run.descent,
        "label": LABELS.get(run.descent, run.descent),
        "status": "" if run.status == "finished" else run.status,
        **best,
        "snapshots": [*snapshots, best],
    }


def _snapshot(run: Run, k: int, painter: _Painter, name: str) -> dict[str, Any]:
    sound = Sound(samples=run.samples[k], sr=run.best.sr)
    return painter.track(name, sound, _words(run, k))


def _words(run: Run, k: int) -> dict[str, Any]:
    error = float(run.errors[k])
    percent = f"{100 * error:.3g} %" if math.isfinite(error) else "unknown"
    is_last = k == len(run.iterations) - 1
    return {"iteration": int(run.iterations[k]), "error": percent, "is_best": is_last}


def _curve(run: Run) -> dict[str, Any]:
    words = (LABELS.get(name, name) for name in (run.representation, run.descent))
    return {
        "label": ", ".join(words),
        "representation": run.representation,
        "descent": run.descent,
        "x": [int(row["iteration"]) for row in run.history],
        "y": [number(row["error"]) for row in run.history],
    }


def time_ticks(duration: float) -> list[dict[str, float]]:
    """Return round times in seconds with their places in percent of the duration.

    >>> time_ticks(0.5)[:2]
    [{'value': 0.0, 'place': 0.0}, {'value': 0.1, 'place': 20.0}]
    """
    if not duration > 0:
        raise io.FileError(f"a sound of {duration} s (is it empty?)")
    power = 10.0 ** math.floor(math.log10(duration / 4))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if duration / (m * power) <= 6)
    values = [round(k * step, 6) for k in range(math.floor(duration / step + 1e-9) + 1)]
    return [{"value": v, "place": round(100 * v / duration, 2)} for v in values]
