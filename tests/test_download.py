"""Downloads from a server on this machine: cuts, resumption, checksums, and every failure."""

import errno
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from file_server import serving

from jtfs_repro import download as download_module
from jtfs_repro import download as module
from jtfs_repro.download import download, locked, part_of, verify
from jtfs_repro.io import FileError, Unavailable

DATA = np.random.default_rng(0).bytes(300_000)
SHA256 = "sha256:" + hashlib.sha256(DATA).hexdigest()
MD5 = "md5:" + hashlib.md5(DATA).hexdigest()


@pytest.fixture
def server():
    with serving({"data.bin": DATA}) as made:
        yield made


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "data.bin"


def get(path, server, **options):
    options = {"url": f"{server.url}data.bin?download=1", "checksum": SHA256} | options
    return download(options.pop("url"), path, timeout_s=2.0, is_shown=False, **options)


def refused(path, server, **options):
    """Download, expecting ``Unavailable`` of one line; nothing may stand at ``path``."""
    with pytest.raises(Unavailable) as caught:
        get(path, server, **options)
    assert not path.exists()
    assert "\n" not in str(caught.value)
    assert caught.value.remedy == options.get("remedy", f"put data.bin at {path}")
    return caught.value.reason


def ranges(server):
    return [span for _, span in server.requests]


@pytest.mark.parametrize("checksum", [SHA256, MD5, SHA256.replace("a", "A"), None])
def test_downloads_once(path, server, checksum):
    assert get(path, server, checksum=checksum) == path
    assert path.read_bytes() == DATA
    assert not part_of(path).exists()
    get(path, server, checksum=checksum)
    assert ranges(server) == [None]


def test_shows_name_and_progress(path, server, capsys):
    download(f"{server.url}data.bin", path, label="the data")
    assert "the data" in capsys.readouterr().err


def test_goes_on_after_cuts(path, server):
    server.cuts = [100_000, 50_000, 1000]
    get(path, server)
    assert path.read_bytes() == DATA
    assert ranges(server) == [None, "bytes=100000-", "bytes=150000-", "bytes=151000-"]


def test_goes_on_after_an_interrupted_run(path, server):
    server.cuts = [100_000, 0]
    assert "cut after 100000 of 300000 bytes" in refused(path, server)
    get(path, server)
    assert path.read_bytes() == DATA
    assert ranges(server)[-1] == "bytes=100000-"


def test_goes_on_after_a_kill(path, server):
    server.cuts = [100_000, 200_000]
    code = (
        "import os, sys\n"
        "from jtfs_repro import download as d\n"
        "d._open_rest = lambda *a, f=d._open_rest: os._exit(9) if a[1] else f(*a)\n"
        f"d.download('{server.url}data.bin', sys.argv[1], checksum='{SHA256}')"
    )
    run = subprocess.run([sys.executable, "-c", code, path], stderr=subprocess.DEVNULL)
    assert run.returncode == 9
    assert part_of(path).stat().st_size == 100_000
    get(path, server)
    assert path.read_bytes() == DATA
    assert ranges(server) == [None, "bytes=100000-"]


def test_goes_on_after_a_kill_while_the_checksum_is_computed(path, server):
    code = (
        "import os, sys, pooch\n"
        "pooch.core.hash_matches = lambda *a, **k: os._exit(9)\n"
        "from jtfs_repro.download import download\n"
        f"download('{server.url}data.bin', sys.argv[1], checksum='{SHA256}', is_shown=False)"
    )
    assert subprocess.run([sys.executable, "-c", code, path]).returncode == 9
    assert part_of(path).read_bytes() == DATA
    assert not path.exists()
    get(path, server)
    assert path.read_bytes() == DATA
    assert not path.is_symlink()
    assert ranges(server) == [None, f"bytes={len(DATA)}-"]


def test_a_file_system_without_links(path, server, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "symlink", refuse)
    get(path, server)
    assert path.read_bytes() == DATA
    assert not part_of(path).exists()


def test_without_checksum_starts_over(path, server):
    """Its first half could be that of another file."""
    path.parent.mkdir()
    part_of(path).write_bytes(b"x" * 1000)
    get(path, server, checksum=None)
    assert path.read_bytes() == DATA
    assert ranges(server) == [None]


def test_starts_over_where_ranges_are_not_known(path, server):
    server.has_ranges, server.cuts = False, [100_000]
    get(path, server)
    assert path.read_bytes() == DATA


def test_complete_part_is_used(path, server):
    path.parent.mkdir()
    part_of(path).write_bytes(DATA)
    get(path, server)
    assert path.read_bytes() == DATA


def test_too_long_part_starts_over(path, server):
    path.parent.mkdir()
    part_of(path).write_bytes(DATA + b"x")
    get(path, server)
    assert path.read_bytes() == DATA
    assert ranges(server) == ["bytes=300001-", None]


def test_wrong_beginning_is_removed(path, server):
    path.parent.mkdir()
    part_of(path).write_bytes(b"x" * 1000)
    assert "does not match the known hash" in refused(path, server)
    assert not part_of(path).exists()
    get(path, server)
    assert path.read_bytes() == DATA


def test_other_range_than_asked_for(path, server):
    path.parent.mkdir()
    part_of(path).write_bytes(DATA[:1000])
    server.shift = 5
    assert "another range than the one from byte 1000" in refused(path, server)
    assert part_of(path).read_bytes() == DATA[:1000]


@pytest.mark.parametrize("wrong", ["sha256:" + "0" * 64, "md5:" + "0" * 32])
def test_wrong_checksum(path, server, wrong):
    algorithm = wrong.split(":")[0]
    reason = refused(path, server, checksum=wrong)
    assert f"{algorithm.upper()} hash of downloaded file (data.bin) does not match" in reason
    assert f"expected {wrong} but got" in reason
    assert not part_of(path).exists()


def test_not_found(path, server):
    reason = refused(path, server, url=f"{server.url}other.bin")
    assert reason.startswith(f"data.bin not downloaded from {server.url}other.bin: HTTP Error 404")
    assert len(server.requests) == 1  # no second attempt


def test_label_and_remedy(path, server):
    server.files.clear()
    assert refused(path, server, label="a font", remedy="buy it").startswith("a font not")


def test_no_network(path, server):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, not listening: refuses
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/data.bin"
        assert "no connection" in refused(path, server, url=url)
    assert "no connection" in refused(path, server, url="http://data.invalid/data.bin")


def test_silent_server(path, server):
    server.delay_s = 3.0
    assert "timed out" in refused(path, server)


def test_deadline(path, server):
    assert "slower than 300000 bytes in 1e-06 s" in refused(path, server, deadline_s=1e-6)


def free(monkeypatch, n_bytes):
    usage = namedtuple("usage", "free")(n_bytes)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


def test_full_disk(path, server, monkeypatch):
    needed = len(DATA) + 4_000_000_000 + module.MARGIN
    free(monkeypatch, needed - 1)
    reason = refused(path, server, unpacked_bytes=4_000_000_000)
    assert f"no space in {path.parent}: 4.02 GB needed, 4.02 GB free" in reason
    assert not part_of(path).exists()
    free(monkeypatch, needed)
    get(path, server, unpacked_bytes=4_000_000_000)


def test_space_for_the_rest_only(path, server, monkeypatch):
    path.parent.mkdir()
    part_of(path).write_bytes(DATA[:-1000])
    free(monkeypatch, 1000 + module.MARGIN)
    get(path, server)
    assert path.read_bytes() == DATA


def test_folder_is_a_file(tmp_path, server):
    (tmp_path / "folder").touch()
    with pytest.raises(Unavailable, match="not downloaded"):
        get(tmp_path / "folder" / "data.bin", server)


@pytest.fixture
def closed_folder():
    """A folder that even root may not write into: root is nobody for the test."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o555)
        user = os.geteuid()
        try:
            if user == 0:
                try:
                    os.seteuid(65534)
                except OSError:
                    pytest.skip("root in a namespace without another user")
            yield folder
        finally:
            os.seteuid(user)
            folder.chmod(0o755)


def test_folder_not_writable(closed_folder, server):
    assert "Permission denied" in refused(closed_folder / "data.bin", server)


def test_two_at_once_download_once(path, server):
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: get(path, server), range(2)))
    assert ranges(server) == [None]


def test_says_that_it_waits(tmp_path, capsys):
    path = tmp_path / "x"
    with ThreadPoolExecutor(1) as pool:
        with locked(path):
            waiting = pool.submit(lambda: locked(path, is_shown=True).__enter__())
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
        waiting.result(timeout=5)
    assert f"waiting for the process that makes {path}" in capsys.readouterr().err


def test_local_file(path, server, tmp_path):
    source = tmp_path / "source.bin"
    assert "no such file" in refused(path, server, url=source.as_uri())
    source.write_bytes(DATA)
    get(path, server, url=source.as_uri())
    assert path.read_bytes() == DATA
    assert not server.requests


@pytest.mark.parametrize("url", ["ftp://host/x", "data:,x", "x.bin", ""])
def test_other_schemes_are_refused(path, url):
    with pytest.raises(ValueError, match=f"url='{url}' must begin with http"):
        download(url, path)


@pytest.mark.parametrize("checksum", ["0" * 64, "md5:123", "crc:" + "0" * 8, "md5:" + "g" * 32])
def test_malformed_checksums_are_refused(path, server, checksum):
    with pytest.raises(ValueError, match="must be one of md5:<32 digits>, "):
        get(path, server, checksum=checksum)
    assert not server.requests


def test_other_arguments(path):
    with pytest.raises(ValueError, match=r"timeout_s=0 must be > 0"):
        download("http://host/x", path, timeout_s=0)
    with pytest.raises(ValueError, match=r"unpacked_bytes=-1 must be >= 0"):
        download("http://host/x", path, unpacked_bytes=-1)


def test_verify(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(DATA)
    verify(path, MD5)
    path.write_bytes(DATA[:-1])
    with pytest.raises(FileError, match="truncated or another version"):
        verify(path, MD5)
    assert path.exists()


def test_a_file_system_without_locks_does_not_stop_a_download(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(download_module.fcntl, "flock", refuse)
    with download_module.locked(tmp_path / "file"):
        (tmp_path / "file").write_text("made")
    assert (tmp_path / "file").read_text() == "made"
