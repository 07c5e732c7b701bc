"""Stand-ins for the tests of Section 5: made-up sounds, and resyntheses in the layout of files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jtfs_repro import io
from jtfs_repro.audio import Sound, write_sound
from jtfs_repro.provenance import Stamp

STAMP = Stamp(scale="demo", preset="paper", device="cpu")
SR = 22050.0
METHODS = tuple((r, d) for d in ("lbfgs", "bold_driver") for r in ("scattering1d", "jtfs"))
SNAPSHOT_AT = (0, 5, 20)
# what a made-up history tends to, in the order of METHODS
LOWEST = {"scattering1d": 0.015, "jtfs": 0.025}


def partials(n_samples, *, lags_s=(0.0,), sr=SR, f0_hz=600.0, n_partials=6, every_s=0.45, seed=0):
    """Return notes whose partials start together, or each with its own lag [shape=(1, N)]."""
    t = np.arange(n_samples) / sr
    lags = np.resize(np.asarray(lags_s, float), n_partials)
    x = np.zeros(n_samples)
    for start in 0.05 + every_s * np.arange(int(t[-1] / every_s) + 1):
        for k, lag in enumerate(lags, start=1):
            s = t - start - lag
            # 0.15 s each, so that the lags of up to 0.3 s stay within a period
            rise, fall = np.clip(s / 0.01, 0, 1), np.clip((0.15 - s) / 0.1, 0, 1)
            x += rise * fall * np.sin(2 * np.pi * k * f0_hz * t) / k
    x += 1e-3 * np.random.default_rng(seed).standard_normal(n_samples)
    return (0.1 * x / x.std())[None]


def random_lags(n_partials=6, *, seed=3, longest_s=0.3):
    return np.random.default_rng(seed).uniform(0, longest_s, n_partials)


def coloured_noise(x, *, seed=0):
    """Return noise with the magnitude spectrum of x [shape=(channels, N)]."""
    X = np.fft.rfft(x)
    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi, X.shape)
    phase[:, [0, -1]] = 0
    return np.fft.irfft(X * np.exp(1j * phase), n=x.shape[-1])


def chirps(n_samples, *, octaves_per_s, sr=SR, every_s=0.25):
    """Return a train of chirps, 400-6400 Hz, that rise or fall [shape=(1, N)]."""
    t = np.arange(n_samples) / sr % every_s - every_s / 2
    gamma = octaves_per_s * np.log(2)
    window = np.hanning(round(every_s * sr))
    x = np.sin(2 * np.pi * 1600 / gamma * np.expm1(gamma * t))
    return (x * np.resize(window, n_samples))[None]


@dataclass(frozen=True, kw_only=True)
class Textures:
    """Where the files of some sounds are."""

    folder: Path
    sounds: tuple[str, ...]
    methods: tuple[tuple[str, str], ...]

    def sound(self, name):
        return self.folder / f"data/textures/{name}.wav"

    def facts(self, sound=None):
        names = self.sounds if sound is None else (sound,)
        stems = [f"{name}/{r}-{d}" for name in names for r, d in self.methods]
        return [self.folder / f"results/textures/{stem}.json" for stem in stems]

    def files(self, suffix, sound=None):
        return [path.with_suffix(suffix) for path in self.facts(sound)]


def write_textures(
    folder,
    *,
    sounds=("gull", "hawk"),
    methods=METHODS,
    n_samples=1 << 15,
    n_channels=1,
    iterations=120,
    stamp=STAMP,
    shift_of_start=0,
):
    """Write sounds and resyntheses: JTFS keeps the onsets, Scattering1D shifts every partial."""
    made = Textures(folder=Path(folder), sounds=tuple(sounds), methods=tuple(methods))
    for k, name in enumerate(sounds):
        pitch = {"f0_hz": 600.0 + 150 * k, "every_s": 0.45 + 0.05 * k}
        x = np.repeat(partials(n_samples, **pitch), n_channels, axis=0)
        write_sound(made.sound(name), Sound(samples=x, sr=SR))
        io.save_json(made.sound(name).with_suffix(".json"), _sound_facts(name, x, stamp))
        lost = partials(n_samples, lags_s=random_lags(), **pitch)
        versions = {"jtfs": 0.97 * x, "scattering1d": np.repeat(lost, n_channels, axis=0)}
        for i, (path, (representation, descent)) in enumerate(
            zip(made.facts(name), methods, strict=True)
        ):
            start = coloured_noise(x, seed=i * shift_of_start)
            labels = {"sound": name, "representation": representation, "descent": descent}
            rows = history(labels, iterations, stamp)
            y = versions[representation] + 1e-3 * start
            _write(path, labels, rows, y, start, stamp)
    return made


def _sound_facts(name, x, stamp):
    about = {"name": name, "title": f"{name}-like calls", "origin": "synthesised by this project"}
    size = {"sr": SR, "n_samples": x.shape[1], "n_channels": x.shape[0], "seed": 0}
    return {**about, "source": "", **size, **stamp.as_dict()}


def history(labels, iterations, stamp=STAMP):
    """Return the rows of a made-up descent."""
    lowest, rows, best = LOWEST[labels["representation"]], [], np.inf
    speed = 12 if labels["descent"] == "lbfgs" else 30
    for k in range(iterations + 1):
        error = lowest + (1.2 - lowest) * float(np.exp(-k / speed))
        best = min(best, error)
        head = {"iteration": k, "evaluations": k + 1, "error": error, "trial_error": error}
        step = {"step_size": 1.0, "accepted": "yes" if k else "", "best_error": best}
        rows.append({**head, **step, **labels, **stamp.as_dict()})
    return rows


def _write(path, labels, rows, y, start, stamp):
    stem = path.with_suffix("")
    write_sound(f"{stem}.wav", Sound(samples=y, sr=SR))
    io.save_csv(f"{stem}.csv", rows)
    at = [k for k in SNAPSHOT_AT if k < len(rows)] + [len(rows) - 1]
    samples = np.stack([start] + [y] * (len(at) - 1)).astype(np.float32)
    errors = np.array([rows[k]["error"] for k in at])
    io.save_arrays(f"{stem}.snapshots.npz", iterations=np.array(at), errors=errors, samples=samples)
    ends = {"error_initial": rows[0]["error"], "error_best": rows[-1]["best_error"]}
    counts = {"iterations": len(rows) - 1, "best_iteration": len(rows) - 1}
    noise = {"seed": 0, "init_noise": "coloured", "sr": SR, "n_samples": y.shape[1]}
    facts = {**labels, "status": "finished", **counts, **ends, **noise, "n_channels": len(y)}
    io.save_json(path, {**facts, **stamp.as_dict()})
    cost = {"seconds_per_iteration": 0.7, "seconds": 70.0, "peak_memory_bytes": 10**9}
    device = {"device": stamp.device, "threads": 1, "n_samples": y.shape[1]}
    io.save_json(f"{stem}.cost.json", {**cost, **device})
