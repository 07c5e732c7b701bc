"""Stamps and manifests."""

import json

import pytest

from jtfs_repro import provenance
from jtfs_repro.provenance import Stamp

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
    entries = provenance.manifest(stamp=stamp, gin_files=[], inputs=[str(data)], seconds=1.5)
    provenance.save_manifest(tmp_path / "m.json", entries)
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
    digest = provenance.settings_sha256
    assert digest([a]) == digest([b]) != digest([c])
    assert digest([a, c]) != digest([c, a])  # a later file overrides an earlier one
