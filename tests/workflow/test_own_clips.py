"""``clips=FOLDER``: a user's own clips through the workflow, and one line for a wrong folder."""

import shutil

import numpy as np
import pytest
import soundfile
from test_workflow import copy_tree, planned, snakemake

from jtfs_repro import io
from jtfs_repro.datasets.clips import SUBSETS

CLASSES = {"tremolo": 4, "slow tremolo": 1, "noise": 0}  # -> Hz
NAME = "my_sounds"
TARGETS = [
    *(f"results/smoke/{NAME}/{name}.csv" for name in ("table2", "differences", "cost")),
    *(f"img/smoke/{NAME}_{name}.png" for name in ("class_recalls", "confusion")),
    f"results/smoke/report/{NAME}/table2.html",
]
OWN = ["--config", "scale=smoke", "clips=data/My sounds", "classifiers=[mfcc_svm]"]


def save(path, rate_hz, seed, *, sr=22050, seconds=1.0, channels=1):
    generator = np.random.default_rng(seed)
    t = np.arange(int(sr * seconds)) / sr
    carrier = np.sin(2 * np.pi * generator.uniform(300, 900) * t)
    noise = generator.uniform(-0.2, 0.2, (channels, len(t)))
    tremolo = carrier * np.sin(np.pi * rate_hz * t) if rate_hz else 0
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, (0.5 * tremolo + noise).T, sr)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the project with a folder of clips of three classes."""
    folder, seed = copy_tree(tmp_path_factory.mktemp("own")), 0
    for subset in SUBSETS:
        for label, rate_hz in CLASSES.items():
            for i in range(3):
                seed += 1
                form = {"sr": (8000, 48000)[i % 2], "seconds": 0.5 * i + 1, "channels": 1 + i // 2}
                save(folder / "data/My sounds" / subset / label / f"{i}.wav", rate_hz, seed, **form)
    return folder


def test_dry_run(tree):
    jobs = planned(tree, "--config", "scale=smoke", "clips=data/My sounds")
    assert jobs["index_clips"] == 1
    assert jobs["train_classifier"] == 9
    assert "render_solos" not in jobs
    assert {"tabulate_verdicts", "build_site", "plot_classifiers"} <= set(jobs)


def test_from_files_to_table_2(tree):
    status, text = snakemake(tree, *TARGETS, *OWN)
    assert status == 0, text
    results = tree / "results/smoke" / NAME
    (row,) = io.load_csv(results / "table2.csv")
    assert [name[:-5] for name in row if name.endswith("_mean")] == [
        *("noise", "slow_tremolo", "tremolo", "average", "accuracy")
    ]
    assert (row["clip_set"], row["n_test_clips"], row["status"]) == (NAME, "9", "run")
    assert float(row["average_mean"]) > 60  # chance is 33
    assert "paper_average" not in row
    assert "full_set_hours" not in io.load_csv(results / "cost.csv")[0]
    text = (results / "table2.md").read_text(encoding="utf-8")
    assert text.startswith(f"**Ours, on {NAME}, a folder of labelled clips")
    assert "Medley" not in text
    page = (tree / TARGETS[-1]).read_text(encoding="utf-8")
    assert f"recall: {NAME}" in page
    assert planned(tree, *TARGETS, *OWN) == {}
    save(tree / "data/My sounds/training/noise/9.wav", 0, 99)
    jobs = planned(tree, *TARGETS, *OWN)
    assert jobs["index_clips"] == 1
    shutil.copy(tree / "data/My sounds/training/noise/9.wav", tree / "data/My sounds/test/noise")
    status, text = snakemake(tree, *TARGETS, *OWN)
    assert status == 1
    assert "are the same sound in two subsets" in text


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        (
            "gtzan",
            "clips: 'gtzan' must be auto, soundfont_solos, medley_solos_db, or a folder",
        ),
        ("data/Soundfont solos", "would be called 'soundfont_solos'; rename the folder"),
        ("data/???", "would be called ''; rename the folder"),
        ("data/Features", "would lie in results/RUN/features; rename it"),
    ],
)
def test_a_wrong_folder_is_one_line(tree, folder, message):
    if folder != "gtzan":
        (tree / folder / "training").mkdir(parents=True)
    status, text = snakemake(tree, "-n", "--config", f"clips={folder}")
    assert status == 1
    (error,) = [line for line in text.splitlines() if line.startswith("error: ")]
    assert message in error
    assert "Traceback" not in text
