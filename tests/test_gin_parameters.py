"""What gin files set exists, known without importing it."""

import importlib
import inspect
from pathlib import Path

import pytest
from gin.config_parser import BindingStatement, ImportStatement

from jtfs_repro import gin_files, gin_parameters
from jtfs_repro.provenance.modules import file_of

ROOT = Path(__file__).parents[1]
HEAD = "from __gin__ import dynamic_registration\n\nfrom jtfs_repro.features import jtfs\n"


@pytest.fixture(autouse=True)
def allowed(monkeypatch):
    monkeypatch.setenv("JTFS_GIN_MODULES", "mine")


def check(text, tmp_path):
    file = tmp_path / "mine.gin"
    file.write_text(text, encoding="utf-8")
    gin_parameters.check(file, root=ROOT)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (HEAD + "jtfs.Jtfs.j_fr = 3", 4, r"jtfs\.Jtfs has no parameter j_fr \(J_fr"),
        (HEAD + "jtfs.Jtfs.octaves = 3", 4, "has no parameter octaves"),
        (HEAD + "jtfs.JTFS.J = 3", 4, r"features\.jtfs has no class or function JTFS \(Jtfs"),
        (HEAD.replace("jtfs\n", "jtsf\n"), 3, r"no module jtfs_repro\.features\.jtsf \(jtfs"),
        (HEAD + "import os", 4, "os may not be imported .*JTFS_GIN_MODULES=os"),
        (HEAD + "Jtfs.J = 3", 4, "Jtfs is not imported in this file .jtfs"),
        (HEAD + "jtfs.Jtfs.J = [@jtfs.Other()]", 4, "has no class or function Other"),
        (HEAD + "include 'nowhere.gin'", 4, "no file nowhere.gin"),
    ],
)
def test_what_is_not_there(tmp_path, text, line, what):
    with pytest.raises(SyntaxError, match=what) as told:
        check(text, tmp_path)
    assert (told.value.filename, told.value.lineno) == (str(tmp_path / "mine.gin"), line)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "jtfs.Jtfs.J = 3\njtfs.Jtfs.pad_mode = 'zero'",  # inherited as well
        "import mine\nmine.Front.anything = 3",
        HEAD + "WIDTH = 3\njtfs.Jtfs.J = %WIDTH",
    ],
)
def test_what_is_there_or_belongs_to_others_passes(tmp_path, text):
    check(text, tmp_path)


def test_signatures_are_those_that_python_sees():
    """All that the project's gin files set."""
    used = set()
    for path in sorted((ROOT / "gin").rglob("*.gin")):
        found = list(gin_files.statements(path))
        modules = {s.bound_name(): s.module for s in found if isinstance(s, ImportStatement)}
        for s in found:
            if isinstance(s, BindingStatement) and "." in s.selector:
                first, name = s.selector.split(".")
                used.add((modules[first], name))
    assert len(used) > 50
    for module, name in sorted(used):
        place = gin_parameters._definition(file_of(module, ROOT), name, ROOT)
        assert place is not None, name
        known = inspect.signature(getattr(importlib.import_module(module), name)).parameters
        assert gin_parameters._parameters(*place, ROOT) == set(known), name
