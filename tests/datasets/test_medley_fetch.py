"""Fetching a small clip set from a server on this machine: resumption, refusals, bad archives."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections import namedtuple
from pathlib import Path

import pytest
from clip_files import make_clips, noise, wav, write_set
from file_server import serving

from jtfs_repro.datasets import medley_fetch
from jtfs_repro.datasets.clip_index import index_clips
from jtfs_repro.datasets.medley_fetch import fetch, is_there
from jtfs_repro.datasets.medley_solos_db import ARCHIVE_NAME, BYTES_PER_FILE, METADATA_NAME
from jtfs_repro.download import MARGIN
from jtfs_repro.io import Unavailable

ROOT = Path(__file__).parents[2]
CLIPS = make_clips()
FILES = {clip.file: wav(noise(clip)) for clip in CLIPS}
NAMES = sorted(FILES)


def member(name, data=b"", *, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(data), kind, link
    return info, data


def archive(members, mode="w:gz"):
    """Return the bytes of an archive."""
    options = {"compresslevel": 1} if mode == "w:gz" else {}
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode, **options) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The two published files."""
    folder = write_set(tmp_path_factory.mktemp("set") / "clips", CLIPS, audio=False)
    audio = archive([member(f"./{name}", FILES[name]) for name in NAMES])
    table = (folder / "annotation" / METADATA_NAME).read_bytes()
    return {METADATA_NAME: table, ARCHIVE_NAME: audio}


@pytest.fixture
def server(published):
    with serving(published) as made:
        yield made


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data" / "medley"


def get(folder, server, *, download="always", **options):
    checksums = {
        name: "md5:" + hashlib.md5(data).hexdigest() for name, data in server.files.items()
    }
    options = {"checksums": checksums, "url": server.url + "{name}?download=1"} | options
    return fetch(folder, download=download, is_shown=False, timeout_s=2.0, **options)


def refused(folder, server, **options):
    with pytest.raises(Unavailable) as caught:
        get(folder, server, **options)
    assert "\n" not in str(caught.value)
    assert f"put it at {folder} (annotation/ and audio/ of Zenodo record 3464194)" in (
        caught.value.remedy
    )
    assert not is_there(folder)
    return caught.value.reason


def is_whole(folder):
    audio = folder / "audio"
    assert sorted(path.name for path in audio.iterdir()) == NAMES
    return all((audio / name).read_bytes() == FILES[name] for name in NAMES)


def asked(server):
    return [path.strip("/").split("?")[0] for path, _ in server.requests]


# -------------------------------------------------------------------------------------- getting


def test_fetches_once(folder, server):
    assert get(folder, server) == folder
    assert is_whole(folder)
    assert not (folder / ARCHIVE_NAME).exists()
    assert not (folder / "audio.part").exists()
    assert asked(server) == [METADATA_NAME, ARCHIVE_NAME]
    assert index_clips(folder, progress=False)[1]["n_clips"] == 24
    get(folder, server)
    get(folder, server, download="never")
    assert len(server.requests) == 2


@pytest.mark.parametrize("root", ["", "audio/", "Medley-solos-DB/", "/"])
def test_folders_of_the_archive_do_not_matter(folder, server, root):
    server.files[ARCHIVE_NAME] = archive([member(root + n, d) for n, d in FILES.items()])
    get(folder, server)
    assert is_whole(folder)


def test_only_what_is_missing(folder, server, published):
    (folder / "annotation").mkdir(parents=True)
    (folder / "annotation" / METADATA_NAME).write_bytes(published[METADATA_NAME])
    (folder / "audio").mkdir()  # an empty folder is no audio
    get(folder, server)
    assert asked(server) == [ARCHIVE_NAME]
    assert is_whole(folder)


def test_archive_put_there_by_hand(folder, server, published):
    (folder / "annotation").mkdir(parents=True)
    for name, data in published.items():
        (folder / ("annotation" if "csv" in name else "") / name).write_bytes(data)
    get(folder, server, download="never")
    assert not server.requests
    assert is_whole(folder)


def test_broken_archive_put_there_by_hand_is_kept(folder, server, published):
    (folder / "annotation").mkdir(parents=True)
    (folder / "annotation" / METADATA_NAME).write_bytes(published[METADATA_NAME])
    (folder / ARCHIVE_NAME).write_bytes(published[ARCHIVE_NAME][:-1])
    assert "md5 is" in refused(folder, server, download="never")
    assert (folder / ARCHIVE_NAME).exists()


def test_goes_on_after_cuts(folder, server, published):
    server.cuts = [len(published[METADATA_NAME]), 1_000_000, 2_000_000]
    get(folder, server)
    assert is_whole(folder)
    spans = [span for _, span in server.requests]
    assert spans == [None, None, "bytes=1000000-", "bytes=3000000-"]


def test_goes_on_with_missing_clips(folder, server, monkeypatch):
    """Killed while unpacking: whole clips are kept, others and half ones are written."""
    done = []

    def write(source, path, full=medley_fetch._write):
        if len(done) == 5:
            path.write_bytes(b"half")
            raise KeyboardInterrupt
        done.append(path.name)
        full(source, path)

    with monkeypatch.context() as patch:
        patch.setattr(medley_fetch, "_write", write)
        with pytest.raises(KeyboardInterrupt):
            get(folder, server)
    assert not is_there(folder)
    kept = {name: (folder / "audio.part" / name).stat().st_ino for name in done}
    get(folder, server)
    assert asked(server) == [METADATA_NAME, ARCHIVE_NAME]  # nothing is downloaded again
    assert is_whole(folder)
    assert {name: (folder / "audio" / name).stat().st_ino for name in done} == kept


# ------------------------------------------------------------------------------------- refusals


def test_never(folder, server):
    reason = refused(folder, server, download="never")
    expected = f"no annotation/*_metadata.csv and no audio/ in {folder}"
    assert reason == f"Medley-solos-DB is not at hand: {expected}"
    assert not folder.exists()
    assert not server.requests
    with pytest.raises(Unavailable) as caught:
        get(folder, server, download="never")
    assert caught.value.remedy.endswith(" or set medley_download=always")


def test_wrong_checksum(folder, server):
    checksums = dict.fromkeys((METADATA_NAME, ARCHIVE_NAME), "md5:" + "0" * 32)
    reason = refused(folder, server, checksums=checksums)
    assert f"{METADATA_NAME} not downloaded from" in reason
    assert "expected md5:000" in reason


def test_no_archive_at_the_address(folder, server):
    checksums = dict.fromkeys(server.files, "md5:" + "0" * 32)
    checksums[METADATA_NAME] = "md5:" + hashlib.md5(server.files[METADATA_NAME]).hexdigest()
    del server.files[ARCHIVE_NAME]
    assert "HTTP Error 404" in refused(folder, server, checksums=checksums)


@pytest.mark.parametrize("by_hand", [False, True])
def test_full_disk(folder, server, published, monkeypatch, by_hand):
    """Space for the clips is asked for, and for the archive where it must be downloaded."""
    needed = len(CLIPS) * BYTES_PER_FILE + MARGIN
    if by_hand:
        folder.mkdir(parents=True)
        (folder / ARCHIVE_NAME).write_bytes(published[ARCHIVE_NAME])
    else:
        needed += len(published[ARCHIVE_NAME])
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(needed - 1))
    assert "no space in" in refused(folder, server)
    assert not list((folder / "audio.part").iterdir())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(needed))
    get(folder, server)
    assert is_whole(folder)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"<html>", "not unpacked: "),
        (archive([]), "no clip in it"),
        (archive([member("README", b"x")]), "no clip in it"),
        (archive([member(NAMES[0], FILES[NAMES[0]])])[:-5000], "not unpacked: "),
    ],
    ids=["page", "empty", "other files", "truncated"],
)
def test_archives_without_clips(folder, server, content, what):
    server.files[ARCHIVE_NAME] = content
    assert what in refused(folder, server)


LINKS = {
    "symlink": member(NAMES[0], kind=tarfile.SYMTYPE, link=NAMES[1]),
    "symlink out": member(NAMES[0], kind=tarfile.SYMTYPE, link="/etc/passwd"),
    "hard link out": member(NAMES[0], kind=tarfile.LNKTYPE, link="../../secret"),
    "parent folder": member(f"../../{NAMES[0]}", b"x"),
    "folder": member(NAMES[0], kind=tarfile.DIRTYPE),
    "device": member(NAMES[0], kind=tarfile.CHRTYPE),
    "pipe": member(NAMES[0], kind=tarfile.FIFOTYPE),
}


@pytest.mark.parametrize("name", LINKS)
def test_hostile_clips_are_refused(folder, server, name):
    server.files[ARCHIVE_NAME] = archive([member(NAMES[1], FILES[NAMES[1]]), LINKS[name]])
    assert NAMES[0] in refused(folder, server)
    assert [path.name for path in (folder / "audio.part").iterdir()] == [NAMES[1]]
    assert sorted(path.name for path in folder.parent.iterdir()) == [folder.name]


def test_other_members_are_left_out(folder, server):
    others = [
        member("../evil.sh", b"x"),
        member("/etc/evil", b"x"),
        member("audio", kind=tarfile.DIRTYPE),
        member("evil", kind=tarfile.SYMTYPE, link="/etc/passwd"),
        member(f"._{NAMES[0]}", b"left by macOS"),
        member(f"{NAMES[0]}.sh", b"x"),
    ]
    server.files[ARCHIVE_NAME] = archive([*others, *(member(n, d) for n, d in FILES.items())])
    get(folder, server)
    assert is_whole(folder)
    assert sorted(path.name for path in folder.parent.iterdir()) == [folder.name]


def test_folder_is_a_file(folder, server):
    folder.parent.mkdir()
    folder.touch()
    assert "File exists" in refused(folder, server)


def test_download_is_checked(folder):
    with pytest.raises(ValueError, match="download='yes' must be one of 'always', 'never'"):
        fetch(folder, download="yes")


# --------------------------------------------------------------------------------------- script


def run_script(folder, status, *arguments):
    command = [sys.executable, "-m", "jtfs_repro", "fetch_medley_solos_db"]
    command += ["--folder", folder, "--status", status, *arguments]
    done = subprocess.run(
        list(map(os.fspath, command)), capture_output=True, text=True, cwd=ROOT, check=True
    )
    return done.stdout, json.loads(status.read_text(encoding="utf-8"))


def test_script(folder, tmp_path):
    printed, status = run_script(folder, tmp_path / "s.json", "--download", "never")
    assert printed.startswith("Medley-solos-DB will not be used: Medley-solos-DB is not at hand")
    assert printed.count("\n") == 1
    assert list(status) == ["status", "reason", "remedy", "clip_set", "folder"]
    assert status["status"] == "not run"
    write_set(folder, CLIPS[:1])
    printed, status = run_script(folder, tmp_path / "s.json")
    facts = {"clip_set": "medley_solos_db", "folder": str(folder)}
    assert status == {"status": "run", "downloaded": False} | facts
