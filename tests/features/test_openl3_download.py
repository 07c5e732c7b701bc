"""Downloading weights from a server on this machine: cuts, resumption, and every failure."""

import gzip
import hashlib
import http.server
import shutil
import socket
import threading
import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor

import keras_files
import pytest

from jtfs_repro.features import openl3_download
from jtfs_repro.features.openl3_download import download_weights
from jtfs_repro.features.openl3_weights import official_name
from jtfs_repro.io import Unavailable

BOUND_S = 10  # no case may take longer


class Handler(http.server.BaseHTTPRequestHandler):
    """Serve ``server.data``; ``server.cuts`` lists how many bytes to send before hanging up."""

    def do_GET(self):
        server = self.server
        server.ranges.append(self.headers.get("Range"))
        if server.delay_s:
            time.sleep(server.delay_s)
        if self.path != "/w.h5.gz":
            self.send_error(404)
            return
        start = int((self.headers.get("Range") or "bytes=0-").split("=")[1].rstrip("-"))
        if not server.has_ranges:
            start = 0
        if start and start >= len(server.data):
            self.send_error(416)
            return
        body = server.data[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: server.cuts.pop(0)] if server.cuts else body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = keras_files.write_keras(tmp_path_factory.mktemp("weights") / "w.h5")
    return gzip.compress(path.read_bytes(), 1)


@pytest.fixture
def server(data):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # clients that hang up are part of the tests
    server.data, server.cuts, server.ranges = data, [], []
    server.has_ranges, server.delay_s = True, 0
    server.url = f"http://127.0.0.1:{server.server_port}/w.h5.gz"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / official_name()


@pytest.fixture(autouse=True)
def _bounded():
    start = time.monotonic()
    yield
    assert time.monotonic() - start < BOUND_S


def download(path, server, **options):
    options = {"url": server.url, "timeout_s": 2.0, "is_shown": False} | options
    return download_weights(path, **options)


def refused(path, server, **options):
    """Download, expecting ``Unavailable``; nothing may stand at ``path``."""
    with pytest.raises(Unavailable) as caught:
        download(path, server, **options)
    assert not path.exists()
    assert not list(path.parent.glob("*.part"))
    assert "\n" not in str(caught.value)
    assert caught.value.remedy == f"put {official_name()} at {path}"
    return caught.value.reason


def part_of(path):
    return path.with_name(f"{path.name}.download")


def test_downloads_once(path, server, data):
    assert download(path, server) == path
    assert path.read_bytes() == gzip.decompress(data)
    assert not part_of(path).exists()
    download(path, server)
    assert server.ranges == [None]


@pytest.mark.parametrize("is_packed", [True, False])
def test_checksum_of_either_file(path, server, data, is_packed):
    digest = hashlib.sha256(data if is_packed else gzip.decompress(data)).hexdigest()
    download(path, server, sha256=digest)
    assert path.exists()


def test_goes_on_after_a_cut(path, server, data):
    server.cuts = [100_000, 50_000]
    download(path, server)
    assert path.read_bytes() == gzip.decompress(data)
    assert server.ranges == [None, "bytes=100000-", "bytes=150000-"]


def test_goes_on_after_an_interrupted_run(path, server, data):
    server.cuts = [100_000, 0]
    reason = refused(path, server)
    assert f"cut after 100000 of {len(data)} bytes" in reason
    assert part_of(path).stat().st_size == 100_000
    download(path, server)
    assert path.read_bytes() == gzip.decompress(data)
    assert server.ranges[-1] == "bytes=100000-"


def test_starts_over_where_ranges_are_not_known(path, server, data):
    server.has_ranges, server.cuts = False, [100_000]
    download(path, server)
    assert path.read_bytes() == gzip.decompress(data)


def test_complete_part_is_used(path, server, data):
    path.parent.mkdir()
    part_of(path).write_bytes(data)
    download(path, server)
    assert path.exists()


def test_foreign_part_is_removed(path, server, data):
    path.parent.mkdir()
    part_of(path).write_bytes(b"x" * (len(data) + 1))
    assert "not an HDF5 file" in refused(path, server)
    assert not part_of(path).exists()
    download(path, server)
    assert path.exists()


def test_wrong_checksum(path, server):
    assert f"not {'0' * 64}" in refused(path, server, sha256="0" * 64)
    assert not part_of(path).exists()


def test_not_weights(path, server):
    server.data = b"<html>sign in to the network</html>"
    assert "not an HDF5 file" in refused(path, server)


def test_not_found(path, server):
    reason = refused(path, server, url=server.url.replace("w.h5", "v.h5"))
    assert "HTTP Error 404" in reason
    assert len(server.ranges) == 1  # no second attempt


def test_no_network(path, server):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, not listening: refuses
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/w.h5.gz"
        assert "no connection" in refused(path, server, url=url)


def test_no_such_host(path, server):
    assert "no connection" in refused(path, server, url="http://weights.invalid/w.h5.gz")


def test_silent_server(path, server):
    server.delay_s = 1.0
    assert "timed out" in refused(path, server, timeout_s=0.2)


def test_deadline(path, server, monkeypatch):
    monkeypatch.setattr(openl3_download, "DEADLINE_S", 0.0)
    assert "slower than" in refused(path, server)


def test_full_disk(path, server, monkeypatch):
    usage = namedtuple("usage", "free")(1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert "no space in" in refused(path, server)


def test_folder_is_a_file(tmp_path, server):
    (tmp_path / "folder").touch()
    with pytest.raises(Unavailable, match="not downloaded"):
        download(tmp_path / "folder" / "w.h5", server)


def test_two_at_once_download_once(path, server):
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: download(path, server), range(2)))
    assert server.ranges == [None]


def test_official_url():
    assert openl3_download.official_url("mel128").endswith(
        "/openl3_audio_mel128_music-v0_4_0.h5.gz"
    )
