"""The rooms of the package: who may import whom, no circle, no long file, a light frame."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "jtfs_repro"
LONGEST = 300  # lines

# room -> rooms and modules of the frame that it may import, itself aside
TOOLS = {"checks", "io", "tables", "devices", "gpu_memory", "names", "audio", "download"}
TOOLS |= {"gin_files", "runs", "extras", "journal", "layout", "npy_files"}
TOOLS |= {"tensor_files", "outputs", "whole_files"}
MAY_IMPORT = {
    "scattering": {"checks", "extras"},
    "models": {"checks"},
    "datasets": TOOLS,
    "metrics": {"checks", "extras", "scattering"},
    "features": {*TOOLS, "scattering"},
    "resynthesis": {*TOOLS, "scattering"},
    "training": {*TOOLS, "models"},
    "provenance": TOOLS,
    "plots": {*TOOLS, "features"},
    "sounds": {*TOOLS, "config", "features", "provenance", "scattering"},
}
LOWER = {*TOOLS, *MAY_IMPORT, "config", "captions"}
MAY_IMPORT |= {f"studies/{name}": LOWER for name in ("chirps", "instruments", "textures")}
MAY_IMPORT |= {"site": {*LOWER, *MAY_IMPORT}, "verdicts": {*LOWER, *MAY_IMPORT, "site"}}


def room_of(file):
    """Return the room of a file, 'studies/NAME' for a study; of the frame, the module."""
    first, *rest = file.relative_to(PACKAGE).with_suffix("").parts
    return f"studies/{rest[0]}" if len(rest) > 1 and first == "studies" else first


@cache
def graph():
    """Return file -> files of the package that it imports, also inside functions."""
    return {file: imports(file) for file in sorted(PACKAGE.rglob("*.py"))}


def imports(file):
    package = list(file.relative_to(ROOT).parent.parts)
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = [*above, *(node.module.split(".") if node.module else [])]
            names = [[*module, alias.name] for alias in node.names]
            found |= {path for name in names if (path := file_of(name) or file_of(name[:-1]))}
    return found - {file, PACKAGE / "__init__.py"}


def file_of(name):
    path = ROOT.joinpath(*name)
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_is_below_it(room):
    files = [file for file in graph() if room_of(file) == room]
    assert files
    upward = {
        (str(file.relative_to(PACKAGE)), str(other.relative_to(PACKAGE)))
        for file in files
        for other in graph()[file]
        if room_of(other) not in MAY_IMPORT[room] | {room}
    }
    assert not upward


def test_every_folder_is_a_room():
    folders = {room_of(file) for file in graph() if file.parent != PACKAGE}
    assert folders - {"studies"} == set(MAY_IMPORT)


def test_no_circle_of_imports():
    waiting = {file: set(others) for file, others in graph().items()}
    while free := {file for file, others in waiting.items() if not others}:
        waiting = {file: others - free for file, others in waiting.items() if file not in free}
    assert not [str(file.relative_to(PACKAGE)) for file in waiting]


def test_no_file_is_long():
    files = [f for f in PACKAGE.rglob("*") if f.suffix in (".py", ".html", ".css", ".js")]
    lengths = {f: len(f.read_text(encoding="utf-8").splitlines()) for f in files}
    assert {f.name: n for f, n in lengths.items() if n > LONGEST} == {}


def test_the_frame_imports_nothing_heavy():
    code = "import sys, jtfs_repro.run; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    heavy = {"torch", "scipy", "sklearn", "matplotlib", "librosa", "lightning", "plotly", "h5py"}
    assert heavy & set(done.stdout.split()) == set(), done.stderr
