"""A made-up run in the layout of the workflow, to build the companion page from."""

import base64
import json
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from study_standins import STAMP, WEIGHTS, WHY, features, grid

from jtfs_repro import captions, io
from jtfs_repro.audio import Sound, write_sound
from jtfs_repro.plots.series import Cloud
from jtfs_repro.site.contents import (
    Contents,
    Manifolds,
    read_notebook,
    read_origin,
    read_picture,
    read_run,
    read_scale_rate,
    read_table,
    read_target,
)
from jtfs_repro.site.resyntheses import pcm_wav

CAPTIONS = captions.load(Path(__file__).parents[1] / "config/captions.yaml")
SR, N = 8000, 1 << 13
HOSTILE = "<img src=x onerror=alert(1)> 'a\" #ü"
STAMPED = STAMP.as_dict()
ITERATIONS = (0, 5, 20)
CLASSES = ("tenor saxophone", "trumpet", "flute")
NOT_RUN = "not run: no GPU; --config end_to_end=always"


def falling_calls(n=N):
    """Three harmonic notes that fall by half an octave."""
    t = np.arange(n) / SR
    local = (t % 0.3) / 0.3
    phase = 2 * np.pi * 900 * 0.3 * (1 - 2 ** (-0.5 * local)) / (0.5 * np.log(2))
    tone = sum(np.sin(k * phase) / k for k in (1, 2, 3))
    return (0.2 * tone * np.sin(np.pi * local) ** 2).astype(np.float32)


def write_sound_files(folder, name, title, channels=1):
    samples = np.stack([falling_calls()] * channels)
    write_sound(folder / f"{name}.wav", Sound(samples=samples, sr=SR))
    facts = {"name": name, "title": title, "origin": "synthesised by this project", "source": ""}
    sizes = {"sr": SR, "n_samples": N, "n_channels": channels, "seed": 0}
    io.save_json(folder / f"{name}.json", {**facts, **sizes, **STAMPED})
    return str(folder / f"{name}.json")


def write_run(folder, sound, representation, descent, *, channels=1, status="finished", better=1):
    """One resynthesis: noise that turns into the sound."""
    target = np.stack([falling_calls()] * channels)
    noise = 0.3 * np.random.default_rng(0).normal(size=target.shape).astype(np.float32)
    errors = {k: 0.95 ** (better * k) for k in range(ITERATIONS[-1] + 1)}
    shares = [1.0, 0.5, 0.2 / better]
    samples = np.stack([share * noise + (1 - share) * target for share in shares])
    stem = folder / f"{representation}-{descent}"
    named = {"sound": sound, "representation": representation, "descent": descent}
    rows = [
        {
            "iteration": k,
            "evaluations": k + 1,
            "error": error,
            "trial_error": error,
            "step_size": 100,
            "accepted": "yes" if k else "",
            "best_error": error,
            **named,
            **STAMPED,
        }
        for k, error in errors.items()
    ]
    io.save_csv(f"{stem}.csv", rows)
    io.save_arrays(
        f"{stem}.snapshots.npz",
        iterations=np.array(ITERATIONS),
        errors=np.array([errors[k] for k in ITERATIONS]),
        samples=samples.astype(np.float32),
    )
    write_sound(f"{stem}.wav", Sound(samples=samples[-1].astype(np.float32), sr=SR))
    facts = {**named, "status": status, "iterations": ITERATIONS[-1], "sr": SR, **STAMPED}
    io.save_json(f"{stem}.json", facts)
    return f"{stem}.json"


def write_scale_rate(path, *, rows=48, frames=64):
    """Responses to 3 rates x 2 scales x 2 spins and the low-passes; each is a blob of its own."""
    rates, scales = (2.0, 4.0, 8.0), (0.5, 1.0)
    cells = [(rate, scale, spin) for spin in (1, -1) for rate in rates for scale in scales]
    cells += [(rate, 0.0, 0) for rate in rates] + [(0.0, scale, 0) for scale in scales]
    cells += [(0.0, 0.0, 0)]
    y, x = np.mgrid[:rows, :frames]
    places = [(8 + 2 * k, 6 + 3 * k) for k in range(len(cells))]
    response = [np.exp(-((y - a) ** 2) / 18 - (x - b) ** 2 / 30) for a, b in places]
    strength = np.array([2.0 ** -(k % 5) for k in range(len(cells))])
    rate_hz, scale_cpo, spin = (np.array(column) for column in zip(*cells, strict=True))
    io.save_arrays(
        path,
        sr=np.array(SR),
        times_s=np.arange(frames) * N / SR / frames,
        frequencies_hz=3600 * 2.0 ** (-np.arange(rows) / 8),
        scalogram=np.exp(-((y - 40 + x / 3) ** 2) / 20).astype(np.float32),
        rate_hz=rate_hz,
        scale_cpo=scale_cpo,
        spin=spin.astype(int),
        energy=strength**2,
        response=(strength[:, None, None] * np.stack(response)).astype(np.float32),
    )
    return str(path)


def write_figure(path):
    figure = Figure(figsize=(3, 2), facecolor="white")
    figure.add_subplot().plot([1, 2, 3], [3, 1, 2])
    path.parent.mkdir(parents=True, exist_ok=True)
    io.save_figure(path, figure)
    return str(path)


def write_animation(path):
    frames = [Image.new("RGB", (120, 60), (k, 90, 160)) for k in (20, 120, 220)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100, loop=0)
    return str(path)


def write_tables(folder):
    """Tables of every section that the pages draw from."""
    verdicts = [
        ("2, Fig. 1", "a rising chirp lights spin +1", "174", "within", ""),
        ("5", "error <= 10 % after 20 iterations", "0.12", "outside", "synthetic sound"),
        ("5", "</script><b>a claim</b>", "", "not run", "no GPU; use one"),
    ]
    names = ("section", "claim", "value_here", "verdict", "reason")
    tables = {
        "verdicts": [dict(zip(names, row, strict=True)) for row in verdicts],
        "resynthesis": [
            {"sound": "gull", "representation": r, "synchrony": s}
            for r, s in (("original", 12), ("initial_noise", 0.0001), ("jtfs", 9.5))
        ],
        HOSTILE: [{"a": "<b>x</b>", "b": 1.5}],
        "soundfont_solos/table2": _table2(),
        "soundfont_solos/learning_curves": _curves(),
        "soundfont_solos/confusion": _confusion(),
    }
    for name, rows in tables.items():
        io.save_csv(folder / f"{name}.csv", [{**row, **STAMPED} for row in rows])
    return [str(folder / f"{name}.csv") for name in tables]


def _table2():
    names = [name.replace(" ", "_") for name in (*CLASSES, "average")]
    numbers = {f"{c}_{k}": v for c in names for k, v in (("mean", 60), ("low", 50), ("high", 70))}
    empty = dict.fromkeys(numbers, "")
    clips = {"clip_set": "soundfont_solos"}
    return [
        {"model": "cqt", **numbers, **clips, "status": "run"},
        {"model": "jtfs", **numbers, **clips, "status": "run"},
        {"model": "jtfs_end_to_end", **empty, **clips, "status": NOT_RUN},
    ]


def _curves():
    return [
        {
            "model": model,
            "seed": seed,
            "epoch": epoch,
            "train_loss": 2 / (1 + epoch),
            "validation_loss": 2.1 / (1 + epoch),
            "validation_macro_recall": 1 - 1 / (1 + epoch),
            "is_best": "yes" if epoch == 3 else "no",
            "clip_set": "soundfont_solos",
            "status": "run",
        }
        for model in ("cqt", "jtfs")
        for seed in (0, 1)
        for epoch in range(4)
    ]


def _confusion():
    return [
        {
            "model": model,
            "true": true,
            "predicted": predicted,
            "count": 8 if true == predicted else 1,
            "share_of_true": 0.8 if true == predicted else 0.1,
            "clip_set": "soundfont_solos",
            "status": "run",
        }
        for model in ("cqt", "jtfs")
        for true in CLASSES
        for predicted in CLASSES
    ]


def encoded(data):
    return base64.b64encode(data).decode()


def write_notebook(path):
    png = Path(write_figure(path.with_suffix(".png"))).read_bytes()
    wav = pcm_wav(Sound(samples=falling_calls()[None], sr=SR), 1.0)
    source = f'src="data:audio/wav;base64,{encoded(wav)}" type="audio/wav"'
    cells = [
        {
            "cell_type": "markdown",
            "source": [
                "# Scale and rate\n",
                "\n",
                "Some <b>words</b>\n",
                "in two lines.\n",
                "\n",
                "- a list\n",
                "- of two",
            ],
        },
        {
            "cell_type": "code",
            "source": "print('x < y')",
            "outputs": [
                {"output_type": "stream", "text": ["x < y\n"]},
                {"output_type": "display_data", "data": {"image/png": encoded(png)}},
                {"output_type": "display_data", "data": {"text/html": f"<audio {source}/>"}},
            ],
        },
    ]
    io.save_json(path, {"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}})
    return str(path)


def manifolds(n=4):
    theta = grid(n)
    embedded = [
        Cloud(name=name, embedding=np.full((len(theta), 3), np.nan), not_run=WHY)
        if weights is None
        else Cloud(name=name, embedding=features(theta, weights)[:, :3])
        for name, weights in list(WEIGHTS.items())[-3:]
    ]
    return Manifolds(clouds=embedded, theta=theta)


def write_run_folder(folder):
    """Write a whole run; return the paths by the names of the script's arguments."""
    data, results = folder / "data/textures", folder / "results/smoke"
    sounds = [
        write_sound_files(data, "gull", "Gull-like calls"),
        write_sound_files(data, HOSTILE, HOSTILE, channels=2),
    ]
    gull, hostile = results / "textures/gull", results / "textures" / HOSTILE
    resyntheses = [
        write_run(gull, "gull", "jtfs", "lbfgs", better=4),
        write_run(gull, "gull", "jtfs", "bold_driver", better=2),
        write_run(gull, "gull", "scattering1d", "lbfgs"),
        write_run(hostile, HOSTILE, "jtfs", "adam", channels=2, status="diverged at iteration 3"),
    ]
    manifest = {**STAMPED, "commit": {"sha": "0123456789abcdef", "dirty": False}}
    io.save_json(results / "manifest.json", manifest)
    names = (
        "fig1_scale_rate",
        "fig3_isomap",
        "fig6_resynthesis",
        "soundfont_solos_confusion",
        HOSTILE,
    )
    return {
        "figures": [write_figure(folder / "img" / f"{name}.png") for name in (*names, HOSTILE)],
        "tables": write_tables(results),
        "sounds": sounds,
        "resyntheses": resyntheses,
        "scale_rates": [
            write_scale_rate(results / "scale_rate/gull.npz"),
            write_scale_rate(results / f"scale_rate/{HOSTILE}.npz", rows=32),
        ],
        "animation": write_animation(folder / "img/scale_rate.gif"),
        "notebooks": [write_notebook(folder / "scale_rate.ipynb")],
        "manifest": str(results / "manifest.json"),
    }


def read_contents(paths):
    """Return the contents of a run that `write_run_folder` wrote."""
    targets = [read_target(path) for path in paths["sounds"]]
    return Contents(
        origin=read_origin(paths["manifest"]),
        captions=CAPTIONS,
        figures=[read_picture(path, CAPTIONS) for path in paths["figures"]],
        tables=[read_table(path, CAPTIONS) for path in paths["tables"]],
        manifolds=manifolds(),
        targets=targets,
        runs=[read_run(path) for path in paths["resyntheses"]],
        scale_rates=[read_scale_rate(path, targets) for path in paths["scale_rates"]],
        animation=Path(paths["animation"]).read_bytes(),
        notebooks=[read_notebook(path) for path in paths["notebooks"]],
    )


def site_data(folder, name):
    """Return what ``data/<name>.js`` assigns."""
    text = (folder / f"data/{name}.js").read_text(encoding="utf-8")
    return json.loads(text.split(" = ", 2)[2].rstrip().removesuffix(";").replace("<\\/", "</"))
