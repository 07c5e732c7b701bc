"""Where the soundfonts come from: places, packages, checksums, refusals."""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_soundfont import PROGRAMS, tiny_soundfont

from jtfs_repro.datasets import debian_package, soundfonts
from jtfs_repro.datasets.debian_package import unpack_member
from jtfs_repro.datasets.soundfont_files import read_header
from jtfs_repro.datasets.soundfonts import Font, find_test_font, find_training_font
from jtfs_repro.io import FileError, Unavailable

ROOT = Path(__file__).resolve().parents[2]
FONT = tiny_soundfont(name="Fluid in small", seed=1)
SHA256 = hashlib.sha256(FONT).hexdigest()
MEMBER = "usr/share/sounds/sf2/FluidR3_GM.sf2"


def tar_bytes(mode, content=FONT, name=f"./{MEMBER}", kind=tarfile.REGTYPE):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=f"w:{mode}") as archive:
        for other in ("../evil", "/etc/evil"):
            archive.addfile(tarfile.TarInfo(other))
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, "/etc/passwd"
        entry.size = len(content) if kind == tarfile.REGTYPE else 0
        archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def deb_bytes(data, name="data.tar.xz"):
    members = {"debian-binary": b"2.0\n", "control.tar.xz": b"odd", name: data, "_after": b"x"}
    made = b"!<arch>\n"
    for member, content in members.items():
        made += f"{member:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        made += content + b"\n" * (len(content) % 2)
    return made


def unpack(tmp_path, deb, **options):
    package, path = tmp_path / "p.deb", tmp_path / "out" / "font.sf2"
    package.write_bytes(deb)
    options = {"n_bytes": len(FONT), "sha256": SHA256} | options
    return unpack_member(package, MEMBER, path, **options)


def refused(tmp_path, deb, match, **options):
    with pytest.raises(FileError, match=match):
        unpack(tmp_path, deb, **options)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["p.deb"]


@pytest.mark.parametrize(("mode", "suffix"), [("xz", ".xz"), ("gz", ".gz"), ("", "")])
def test_unpacks_one_member(tmp_path, mode, suffix):
    path = unpack(tmp_path, deb_bytes(tar_bytes(mode), f"data.tar{suffix}"))
    assert path.read_bytes() == FONT
    assert {p.name for p in tmp_path.rglob("*") if p.is_file()} == {"p.deb", "font.sf2"}


def test_unpack_refuses(tmp_path):
    whole = deb_bytes(tar_bytes("xz"))
    refused(tmp_path, whole[: len(whole) // 2], "truncated")
    refused(tmp_path, b"PK\x03\x04" + whole, "does not begin with !<arch>")
    refused(tmp_path, deb_bytes(b"", "other"), "no data.tar")
    refused(tmp_path, deb_bytes(b"\x28\xb5", "data.tar.zst"), "data.tar.zst is compressed")
    refused(tmp_path, deb_bytes(b"\xfd7zXZ\0" + bytes(50)), "truncated")
    refused(tmp_path, whole, "has SHA-256 .*, not 0000", sha256="0" * 64)
    refused(tmp_path, whole, "of 5 bytes", n_bytes=5)
    refused(tmp_path, deb_bytes(tar_bytes("xz", name="usr/x.sf2")), "holds no usr/share")
    refused(tmp_path, deb_bytes(tar_bytes("xz", kind=tarfile.SYMTYPE)), "must be a regular file")


def test_unpack_of_nothing(tmp_path):
    with pytest.raises(FileError, match=r"p\.deb: no such file"):
        unpack_member(tmp_path / "p.deb", MEMBER, tmp_path / "f", n_bytes=1, sha256=SHA256)


def test_header(tmp_path):
    path = tmp_path / "f.sf2"
    path.write_bytes(FONT)
    header = read_header(path)
    assert (header.name, header.programs) == ("Fluid in small", frozenset(PROGRAMS))


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "not a soundfont"),
        (b"RIFF", "not a soundfont"),
        (b"RIFF\x04\0\0\0WAVE", "sfbk"),
        (FONT[:-100], f"{len(FONT) - 100} bytes of {len(FONT)}"),
        (FONT[:4] + b"\x04\0\0\0" + FONT[8:], "no presets"),
        (FONT.replace(b"ifil\4\0\0\0\2", b"ifil\4\0\0\0\3"), "version 3"),
        (FONT.replace(b"phdr", b"phdr\xff\xff\xff\x7f"), "longer than what holds it"),
    ],
)
def test_header_of_corrupted_font(tmp_path, data, match):
    path = tmp_path / "f.sf2"
    path.write_bytes(data)
    with pytest.raises(FileError, match=match):
        read_header(path)


def test_training_font_is_the_known_one():
    was_imported = "pretty_midi" in sys.modules
    font = find_training_font()
    assert font.sha256 == soundfonts.TIMGM6MB.sha256
    assert hashlib.sha256(font.read()).hexdigest() == font.sha256
    assert ("pretty_midi" in sys.modules) == was_imported
    assert frozenset(PROGRAMS) <= read_header(font.path).programs


def test_training_font_missing(monkeypatch):
    monkeypatch.setattr(soundfonts.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(Unavailable, match="no package pretty_midi; pip install"):
        find_training_font()


def test_training_font_changed(tmp_path, monkeypatch):
    (tmp_path / "pretty_midi.py").touch()
    (tmp_path / "TimGM6mb.sf2").write_bytes(FONT)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pretty_midi", raising=False)
    with pytest.raises(Unavailable, match="is not the known soundfont"):
        find_training_font()


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine without soundfonts and apt, for which the tiny font is the test font."""
    package = tmp_path / "snapshot" / "deb"
    package.parent.mkdir()
    package.write_bytes(deb_bytes(tar_bytes("xz")))
    known = debian_package.DebianPackage(
        name="fluid", member=MEMBER, sha1="deb",
        sha256=hashlib.sha256(package.read_bytes()).hexdigest(),
    )  # fmt: skip
    facts = replace(soundfonts.FLUID_R3, sha256=SHA256, n_bytes=len(FONT), package=known)
    monkeypatch.setattr(soundfonts, "FLUID_R3", facts)
    monkeypatch.setattr(soundfonts, "USUAL_FOLDERS", (str(tmp_path / "usual"),))
    monkeypatch.setattr(debian_package, "SNAPSHOT_URL", f"{package.parent.as_uri()}/")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    return tmp_path


def fake_apt(machine, script):
    apt = machine / "bin" / "apt-get"
    apt.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
    apt.chmod(0o755)


def font_file(path, data=FONT):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def leftovers(machine):
    return sorted(path.name for path in (machine / "own").glob("*"))


def test_usual_folder_first(machine):
    path = font_file(machine / "usual" / "FluidR3_GM.sf2")
    font_file(machine / "own" / "FluidR3_GM.sf2")
    font = find_test_font(folder=machine / "own")
    assert (font.path, font.sha256, font.how) == (path, SHA256, "found on this machine")
    always = find_test_font(folder=machine / "own", download="always")
    assert always.path == machine / "own" / "FluidR3_GM.sf2"


def test_own_folder(machine):
    path = font_file(machine / "own" / "FluidR3_GM.sf2")
    assert find_test_font(folder=machine / "own", download="never").path == path


def test_apt(machine):
    fake_apt(machine, f"cp {machine}/snapshot/deb $5_1_all.deb; echo noise")
    font = find_test_font(folder=machine / "own")
    assert (font.how, font.licence) == ("apt-get download", "MIT")
    assert font.read() == FONT
    assert leftovers(machine) == ["FluidR3_GM.sf2"]
    assert find_test_font(folder=machine / "own", download="never").path == font.path


def test_snapshot(machine):
    fake_apt(machine, "echo 'E: Unable to locate package fluid' >&2; exit 100")
    font = find_test_font(folder=machine / "own")
    assert font.how == "snapshot.debian.org"
    assert font.read() == FONT
    assert "fluid.deb" not in leftovers(machine)


def test_apt_brings_another_version(machine):
    other = deb_bytes(tar_bytes("xz", tiny_soundfont(name="Fluid in small", seed=2)))
    (machine / "other").write_bytes(other)
    fake_apt(machine, f"cp {machine}/other $5_1_all.deb")
    assert find_test_font(folder=machine / "own").how == "snapshot.debian.org"


def test_spoilt_copy_is_replaced(machine):
    path = font_file(machine / "own" / "FluidR3_GM.sf2", FONT[:-1] + b"x")
    assert find_test_font(folder=machine / "own").path == path
    assert path.read_bytes() == FONT


def test_nothing_works(machine):
    fake_apt(machine, "echo 'E: Unable to locate package fluid' >&2; exit 100")
    (machine / "snapshot" / "deb").unlink()
    font_file(machine / "usual" / "FluidR3_GM.sf2", FONT[:-1] + b"x")
    with pytest.raises(Unavailable) as caught:
        find_test_font(folder=machine / "own")
    reason = caught.value.reason
    assert "usual/FluidR3_GM.sf2 has another SHA-256" in reason
    assert "apt-get download: Unable to locate package fluid" in reason
    assert "fluid not downloaded from file:" in reason
    assert (
        caught.value.remedy == "apt-get install fluid-soundfont-gm, or --config test_soundfont=PATH"
    )
    assert "\n" not in str(caught.value)


def test_wrong_checksum_of_the_package(machine):
    (machine / "snapshot" / "deb").write_bytes(deb_bytes(tar_bytes("gz"), "data.tar.gz"))
    with pytest.raises(Unavailable, match=r"no apt-get here; fluid not .*expected sha256"):
        find_test_font(folder=machine / "own")
    assert not (machine / "own" / "FluidR3_GM.sf2").exists()


def test_slow_apt(machine, monkeypatch):
    fake_apt(machine, "exec sleep 30")
    (machine / "snapshot" / "deb").unlink()
    with pytest.raises(Unavailable, match=r"took more than 0\.3 s"):
        find_test_font(folder=machine / "own", timeout_s=0.3)


def test_full_disk(machine, monkeypatch):
    def no_space(folder, n_bytes):
        raise OSError(f"no space in {folder}")

    fake_apt(machine, "exit 0")
    monkeypatch.setattr(debian_package, "check_space", no_space)
    (machine / "snapshot" / "deb").unlink()
    with pytest.raises(Unavailable, match="no space in"):
        find_test_font(folder=machine / "own")


def test_never_fetches(machine):
    fake_apt(machine, f"touch {machine}/called")
    with pytest.raises(Unavailable, match="nothing may be fetched"):
        find_test_font(folder=machine / "own", download="never")
    assert not (machine / "called").exists()
    assert not (machine / "own").exists()


def test_given_unknown_font(tmp_path):
    path = font_file(tmp_path / "mine.sf2", tiny_soundfont(name="Mine", seed=3))
    font = find_test_font(path, folder=tmp_path)
    assert (font.path, font.name, font.licence, font.how) == (path, "Mine", "not known", "given")


def test_given_known_font(machine, monkeypatch):
    monkeypatch.setattr(soundfonts, "KNOWN", {SHA256: soundfonts.FLUID_R3})
    path = font_file(machine / "renamed.sf2")
    assert find_test_font(str(path), folder=machine).name == "FluidR3 GM"


@pytest.mark.parametrize("name", ["TimGM6mb.sf2", "sf_GMbank.sf2", "Merlin.sf2"])
def test_given_font_of_the_training_family_by_file_name(tmp_path, name):
    path = font_file(tmp_path / name)
    with pytest.raises(ValueError, match="must be independent of the training soundfont"):
        find_test_font(path, folder=tmp_path)
    link = tmp_path / "default-GM.sf2"
    link.symlink_to(path)
    with pytest.raises(ValueError, match="must be independent"):
        find_test_font(link, folder=tmp_path)


def test_given_font_of_the_training_family_by_its_own_name(tmp_path):
    path = font_file(tmp_path / "x.sf2", tiny_soundfont(name="TimGM6mb"))
    with pytest.raises(ValueError, match="it calls itself 'TimGM6mb'"):
        find_test_font(path, folder=tmp_path)


def test_given_training_font_under_another_name(tmp_path, monkeypatch):
    facts = replace(soundfonts.TIMGM6MB, sha256=SHA256)
    monkeypatch.setattr(soundfonts, "TIMGM6MB", facts)
    monkeypatch.setattr(soundfonts, "KNOWN", {SHA256: facts})
    with pytest.raises(ValueError, match="must be independent"):
        find_test_font(font_file(tmp_path / "x.sf2"), folder=tmp_path)


def test_given_path_errors(tmp_path):
    with pytest.raises(FileError, match="no such soundfont"):
        find_test_font(tmp_path / "x.sf2", folder=tmp_path)
    with pytest.raises(FileError, match="not a soundfont"):
        find_test_font(font_file(tmp_path / "x.sf2", FONT[:200]), folder=tmp_path)
    with pytest.raises(ValueError, match="download='yes' must be one of"):
        find_test_font(folder=tmp_path, download="yes")


def test_font_that_changed(tmp_path):
    path = font_file(tmp_path / "x.sf2")
    font = find_test_font(path, folder=tmp_path)
    assert Font.from_dict(json.loads(json.dumps(font.as_dict()))) == font
    path.write_bytes(tiny_soundfont(seed=9))
    with pytest.raises(FileError, match="SHA-256 is not"):
        font.read()
    path.unlink()
    with pytest.raises(FileError, match="no such soundfont"):
        font.read()


def fetch(tmp_path, *options):
    command = [sys.executable, "-m", "jtfs_repro", "fetch_soundfont", *options]
    command += ["--folder", str(tmp_path / "own"), "--status", str(tmp_path / "s.json")]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_script(tmp_path):
    path = font_file(tmp_path / "mine.sf2", tiny_soundfont(name="Mine"))
    done = fetch(tmp_path, "--test-soundfont", str(path))
    assert done.returncode == 0
    keys = ["status", "reason", "remedy", "path", "name", "sha256", "licence", "how"]
    status = json.loads((tmp_path / "s.json").read_text())
    assert list(status) == keys
    assert (status["status"], status["path"]) == ("run", str(path))
    wrong = fetch(tmp_path, "--test-soundfont", str(tmp_path / "none.sf2"))
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)


def test_script_without_a_font(tmp_path):
    if any((Path(p).expanduser() / "FluidR3_GM.sf2").exists() for p in soundfonts.USUAL_FOLDERS):
        pytest.skip("this machine has the soundfont")
    done = fetch(tmp_path, "--download", "never")
    assert done.returncode == 0
    status = json.loads((tmp_path / "s.json").read_text())
    assert status["status"] == "not run"
    assert status["remedy"] == soundfonts.REMEDY
    assert list(status) == [
        "status", "reason", "remedy", "path", "name", "sha256", "licence", "how",
    ]  # fmt: skip
