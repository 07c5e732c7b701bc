"""Downloading weights from a server on this machine; cuts and resumption also in test_download."""

import gzip
import hashlib
import shutil
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor

import keras_files
import pytest
from file_server import serving

from jtfs_repro.download import part_of
from jtfs_repro.features.openl3 import download as module
from jtfs_repro.features.openl3.weights import official_name
from jtfs_repro.io import Unavailable


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = keras_files.write_keras(tmp_path_factory.mktemp("weights") / "w.h5")
    return gzip.compress(path.read_bytes(), 1)


@pytest.fixture
def server(data):
    with serving({"w.h5.gz": data}) as made:
        yield made


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / official_name()


def download(path, server, **options):
    options = {"url": f"{server.url}w.h5.gz", "timeout_s": 2.0, "is_shown": False} | options
    return module.download_weights(path, **options)


def refused(path, server, **options):
    """Download, expecting ``Unavailable``; nothing may stand at ``path``."""
    with pytest.raises(Unavailable) as caught:
        download(path, server, **options)
    assert not path.exists()
    assert not list(path.parent.glob("*.part"))
    assert "\n" not in str(caught.value)
    assert caught.value.remedy == f"put {official_name()} at {path}"
    return caught.value.reason


def ranges(server):
    return [span for _, span in server.requests]


def test_downloads_once(path, server, data):
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _: download(path, server), range(2))) == [path, path]
    assert path.read_bytes() == gzip.decompress(data)
    assert not part_of(path).exists()
    assert ranges(server) == [None]


@pytest.mark.parametrize("is_packed", [True, False])
def test_checksum_of_either_file(path, server, data, is_packed):
    digest = hashlib.sha256(data if is_packed else gzip.decompress(data)).hexdigest()
    download(path, server, sha256=digest)
    assert path.exists()


def test_goes_on_after_cuts(path, server, data):
    server.cuts = [100_000, 50_000, 0]
    assert f"cut after 150000 of {len(data)} bytes" in refused(path, server)
    assert part_of(path).stat().st_size == 150_000
    download(path, server)
    assert path.read_bytes() == gzip.decompress(data)
    assert ranges(server)[1:] == ["bytes=100000-", "bytes=150000-", "bytes=150000-"]


def test_complete_part_is_used(path, server, data):
    path.parent.mkdir()
    part_of(path).write_bytes(data)
    download(path, server)
    assert path.exists()


def test_foreign_part_is_removed(path, server, data):
    path.parent.mkdir()
    part_of(path).write_bytes(b"x" * len(data))
    assert "not an HDF5 file" in refused(path, server)
    assert not part_of(path).exists()
    download(path, server)
    assert path.exists()


def test_wrong_checksum(path, server):
    assert f"not {'0' * 64}" in refused(path, server, sha256="0" * 64)
    assert not part_of(path).exists()


def test_not_weights(path, server):
    server.files["w.h5.gz"] = b"<html>sign in to the network</html>"
    assert "not an HDF5 file" in refused(path, server)


def test_no_such_file_host_or_folder(path, server):
    assert "HTTP Error 404" in refused(path, server, url=f"{server.url}v.h5.gz")
    assert "no connection" in refused(path, server, url="http://weights.invalid/w.h5.gz")
    (path.parent / "file").touch()
    with pytest.raises(Unavailable, match="not downloaded"):
        download(path.parent / "file" / "w.h5", server)


def test_slow_server_and_full_disk(path, server, monkeypatch):
    monkeypatch.setattr(module, "DEADLINE_S", 0.0)
    assert "slower than" in refused(path, server)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: namedtuple("usage", "free")(1000))
    assert "no space in" in refused(path, server)


def test_official_url():
    assert module.official_url("mel128").endswith("/openl3_audio_mel128_music-v0_4_0.h5.gz")
