"""Stamps and manifests."""

import json

import pytest

from jtfs_repro import gin_files, io
from jtfs_repro.layout import PROJECT
from jtfs_repro.provenance import Stamp
from jtfs_repro.provenance.gather import manifest
from jtfs_repro.provenance.reached import BUT, WITHOUT_NUMBERS, files_digest

DEMO = {"scale": "demo", "preset": "paper", "variant": ""}


def test_line():
    assert Stamp(**DEMO, device="cpu").line == "scale demo · preset paper · device cpu"
    stamp = Stamp(scale="smoke", preset="as_coded", device="cuda", variant="fm16_J12")
    assert stamp.line == "scale smoke · preset as_coded · device cuda · variant fm16_J12"


@pytest.mark.parametrize("wrong", [{"scale": "big"}, {"preset": "mine"}, {"device": "tpu"}])
def test_unknown_values(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}=.* must be one of"):
        Stamp(**(DEMO | {"device": "cpu"} | wrong))


def test_common_stamp():
    cpu, cuda = (Stamp(**DEMO, device=device) for device in ("cpu", "cuda"))
    assert Stamp.common([cpu.as_dict(), cpu.as_dict()]) == cpu
    assert Stamp.common([cuda.as_dict(), cpu.as_dict()]).device == "cpu+cuda"
    other = cpu.as_dict() | {"scale": "smoke"}
    with pytest.raises(ValueError, match=r"scale=\['demo', 'smoke'\] must be one"):
        Stamp.common([cpu.as_dict(), other])


def test_manifest(tmp_path):
    data = tmp_path / "a.txt"
    data.write_text("abc")
    stamp = Stamp(**DEMO, device="cpu")
    entries = manifest(stamp=stamp, gin_files=[], inputs=[str(data)], seconds=1.5)
    io.save_json(tmp_path / "m.json", entries)
    made = json.loads((tmp_path / "m.json").read_text())
    assert made["inputs"][str(data)].startswith("ba7816bf8f01cfea")  # SHA-256 of "abc"
    assert made["scale"] == "demo"
    assert made["versions"]["torch"]
    assert set(made["commit"]) == {"sha", "dirty"}
    assert made["seconds"] == 1.5


def test_digest_of_settings_sees_values_and_not_comments(tmp_path):
    a, b, c = (tmp_path / f"{name}.gin" for name in "abc")
    a.write_text("jtfs.Jtfs.J = 13  # octaves\n\n# why\njtfs.Jtfs.F = 4\n")
    b.write_text("jtfs.Jtfs.J   = 13\njtfs.Jtfs.F = 4\n")
    c.write_text("jtfs.Jtfs.J = 13\njtfs.Jtfs.F = 8\n")
    digest = gin_files.settings_sha256
    assert digest([a]) == digest([b]) != digest([c])
    assert digest([a, c]) != digest([c, a])  # a later file overrides an earlier one


def test_digest_of_settings_is_blind_to_where_a_module_is(tmp_path):
    a, b, c = (tmp_path / f"{name}.gin" for name in "abc")
    a.write_text("from __gin__ import dynamic_registration\nfrom jtfs_repro.features import jtfs\n")
    b.write_text("import jtfs_repro.rooms.jtfs\n\n")
    c.write_text("import jtfs_repro.rooms.jtfs\n")
    for path, value in ((a, 13), (b, 13), (c, 12)):
        path.write_text(f"{path.read_text()}jtfs.Jtfs.J = {value}\n")
    digest = gin_files.settings_sha256
    assert digest([a]) == digest([b]) != digest([c])


# --------------------------------------------------------------------------- digest of the code

MODULE = '''"""What it does."""


def double(x):
    """Return twice ``x``."""
    return 2 * x  # not 2 + x
'''


@pytest.fixture
def code(tmp_path):
    """Return a function that writes a module (and others) and returns the digest of all."""

    def digest_of(text, name="jtfs_repro/io.py", **others):
        files = {name: text} | {f"jtfs_repro/{key}.py": value for key, value in others.items()}
        for file, content in files.items():
            path = tmp_path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return files_digest(files, root=tmp_path)

    return digest_of


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("What it does", "What it is for"),
        ("twice", "two times"),
        ("  # not 2 + x", ""),
        ("\n\n", "\n"),
    ],
)
def test_words_change_no_digest_of_code(code, old, new):
    assert code(MODULE.replace(old, new)) == code(MODULE)


@pytest.mark.parametrize(
    ("old", "new"), [("2 * x", "2.0 * x"), ("2 * x", "x * 2"), ("(x)", "(x=0)")]
)
def test_edits_change_the_digest_of_code(code, old, new):
    assert code(MODULE.replace(old, new)) != code(MODULE)


def test_name_and_other_kinds_of_files_change_the_digest_of_code(code):
    assert code(MODULE) != code(MODULE, name="jtfs_repro/files.py")
    assert code("a.f.x = 1  # why", name="a.gin") == code("a.f.x   = 1", name="a.gin")
    assert code("a.f.x = 1", name="a.gin") != code("a.f.x = 2", name="a.gin")
    assert code("a # b", name="a.html") != code("a", name="a.html")


def test_modules_that_cannot_change_a_number_are_left_out(code):
    for name in ("provenance/verify", "gin_trust"):
        assert code(MODULE, **{name: "a = 1"}) == code(MODULE, **{name: "a = 2"}) == code(MODULE)
    name = "provenance/stamp"  # printed on every result
    assert code(MODULE, **{name: "a = 1"}) != code(MODULE, **{name: "a = 2"})


def test_what_is_left_out_is_there():
    assert all((PROJECT / name).exists() for name in (*WITHOUT_NUMBERS, *BUT))
