"""A tiny finished run in the working directory: files, their sidecars, the manifest."""

import json
import shutil
from pathlib import Path

import numpy as np

from jtfs_repro import io
from jtfs_repro.journal import sha256
from jtfs_repro.layout import Roots, run_of, sidecar_of
from jtfs_repro.provenance.gather import gather, seal
from jtfs_repro.provenance.reached import code_sha256
from jtfs_repro.provenance.verify import verify

CODE = ["jtfs_repro/checks.py", "jtfs_repro/io.py"]
COMMIT = {"sha": "0123abcd", "dirty": False}
GIN = "gin/chirps/scores.gin"
SHARDS = [f"results/demo/features/mfcc/shard-{i}-of-2.npy" for i in range(2)]
ARRAY, TABLE, FIGURE = (
    "results/demo/features/mfcc.npy",
    "results/demo/knn_scores.csv",
    "img/fig4.png",
)
MARKDOWN = "results/demo/knn_scores.md"
SOURCE, CHIRPS = "data/hawk.wav", "data/demo/chirps.npy"
MANIFEST = "results/demo/manifest.json"
ROWS = [{"feature": "mfcc", "ratio": 1.25, "scale": "demo", "preset": "paper", "device": "cpu"}]


def write(name, content):
    """Write bytes, text, an array or the rows of a table."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, np.ndarray):
        io.save_array(path, content)
    elif isinstance(content, list):
        io.save_csv(path, content)
    elif isinstance(content, str):
        io.save_text(path, content)
    else:
        path.write_bytes(content)


def make(
    outputs, *, inputs=(), script="scripts/make.py", gin_files=(), started="2026-01-01", **job
):
    """Write files (name -> content) as one job would, with their sidecars."""
    for name, content in outputs.items():
        write(name, content)
    facts = run_of(next(iter(outputs)))
    common = {
        **facts,
        "device": "cpu",
        "script": script,
        "arguments": ["--seed", "0"],
        "commit": COMMIT,
        "code": {"sha256": code_sha256(CODE), "files": CODE},
        "gin_files": {name: sha256(name) for name in gin_files},
        "operative_gin": "scores.scores.seed = 0\n",
        "inputs": {name: sha256(name) for name in inputs},
        "outputs": list(outputs),
        "versions": {"python": "3.11"},
        "hardware": {"cores": 2},
        "threads": {"torch": 1, "OMP_NUM_THREADS": "1"},
        "seeds": {"seed": "0"},
        "wall_s": 1.5,
        "cpu_s": 1.25,
        "peak_memory_mb": 100.0,
        "gpu_peak_memory_mb": None,
        "started": f"{started} {script} {next(iter(outputs))}",
        **job,
    }
    for name in outputs:
        own = {"file": name, "sha256": sha256(name), "bytes": Path(name).stat().st_size}
        sidecar(name).parent.mkdir(parents=True, exist_ok=True)
        sidecar(name).write_text(json.dumps(own | common), encoding="utf-8")


def sidecar(name):
    return sidecar_of(name)


def finished_run():
    """Make a run of six jobs from one source, and its manifest."""
    write(SOURCE, b"RIFF a recording")
    write(GIN, "scores.scores.seed = 0\n")
    make({CHIRPS: np.arange(8.0)}, inputs=[SOURCE], script="scripts/synthesise.py")
    for i, name in enumerate(SHARDS):
        array = np.arange(4.0) + i
        make({name: array}, inputs=[CHIRPS], script="scripts/extract.py")
    make({ARRAY: np.arange(8.0)}, inputs=SHARDS, script="scripts/gather.py")
    tables = {TABLE: ROWS, MARKDOWN: "scale demo · preset paper · device cpu\n\n| 1.25 |"}
    make(tables, inputs=[ARRAY], script="scripts/tabulate.py", gin_files=[GIN])
    make({FIGURE: b"\x89PNG a picture"}, inputs=[TABLE], script="scripts/plot.py")
    write_manifest()


def write_manifest(name=MANIFEST, results=(TABLE, FIGURE), run=None):
    """Gather a manifest as the workflow's script does."""
    io.save_json(name, seal({**run_of(name), "device": "cpu", **gather(list(results), run=run)}))


def fresh_copy():
    """Delete what a fresh copy of the project comes without."""
    shutil.rmtree("data")
    shutil.rmtree("results/demo/features")
    for path in Path("results").rglob("*.provenance.json"):
        path.unlink()


def found(**options):
    """Verify the working directory; return the report and its faults, (kind, name)."""
    report = verify(Roots(), **options)
    return report, {(f.kind.value, f.name) for f in report.findings if f.is_wrong}


def notes(report):
    return {f.name: f.text for f in report.findings if not f.is_wrong}
