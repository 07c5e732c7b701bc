"""Downloading the official OpenL3 weights: resumed after a cut, checked, put in place atomically.

The compressed file grows beside its destination as ``NAME.download``; it stays there when the
connection breaks, so that the next call asks only for the rest. It is checked as a whole before
the uncompressed file appears. Any failure is `jtfs_repro.io.Unavailable`.
"""

from __future__ import annotations

import fcntl
import http.client
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from jtfs_repro.features import openl3_weights
from jtfs_repro.features.openl3_network import Network
from jtfs_repro.io import FileError, Unavailable, atomic_path

BASE_URL = "https://github.com/marl/openl3/raw/models/"  # branch `models`; weights CC BY 4.0
CHUNK = 1 << 16  # bytes
ATTEMPTS = 3
DEADLINE_S = 900.0  # for 19 MB, however slowly they drip


def official_url(input_repr: str = "mel256", content: str = "music") -> str:
    """Return the address of the official file, compressed."""
    return f"{BASE_URL}{openl3_weights.official_name(input_repr, content)}.gz"


def download_weights(
    path: str | Path,
    *,
    url: str | None = None,
    sha256: str | None = None,
    input_repr: str = "mel256",
    content: str = "music",
    timeout_s: float = 10.0,
    is_shown: bool = True,
) -> Path:
    """Download the weights to ``path``, uncompressed, unless they are there.

    Parameters
    ----------
    path : path
        Destination, ``.h5``.
    url : str, optional
        Address of the ``.h5.gz`` (or ``.h5``) file; default the official one.
    sha256 : str, optional
        Required SHA-256 of either file; default `openl3_weights.REPORTED_SHA256` for the official
        address where it is known, else the structure alone is checked.
    input_repr, content : str
        Variant.
    timeout_s : float > 0
        For connecting and for each read, seconds.
    is_shown : bool
        Show a progress bar on standard error.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    Unavailable
        No network, address not found, connection cut, wrong checksum, not the expected weights,
        no space on the disk, folder not writable.
    """
    path, name = Path(path), openl3_weights.official_name(input_repr, content)
    if url is None:
        url = official_url(input_repr, content)
        sha256 = sha256 or openl3_weights.REPORTED_SHA256.get(name)
    part = path.with_name(f"{path.name}.download")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path):
            if not path.is_file():
                fetch(url, part, timeout_s=timeout_s, is_shown=is_shown)
                _install(part, path, sha256, input_repr, content)
    except (OSError, http.client.HTTPException, FileError) as error:
        reason = f"OpenL3 weights not downloaded from {url}: {_one_line(error)}"
        raise Unavailable(reason, openl3_weights.remedy(path, name)) from error
    return path


def _one_line(error: Exception) -> str:
    if isinstance(error, urllib.error.URLError) and not isinstance(error, urllib.error.HTTPError):
        return f"no connection ({error.reason})"
    return " ".join(str(error).split()) or type(error).__name__


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time download ``path``; others wait, then find it there."""
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)


def fetch(url: str, part: Path, *, timeout_s: float, is_shown: bool) -> None:
    """Download ``url`` to ``part``, from where it ends; go on after a cut that made progress.

    Raises
    ------
    OSError, HTTPException
        The connection failed, or was cut and a new attempt brought nothing.
    """
    deadline = time.monotonic() + DEADLINE_S
    for attempt in range(ATTEMPTS):
        before = _size(part)
        try:
            return _fetch_rest(url, part, timeout_s, is_shown, deadline)
        except (ConnectionError, TimeoutError, http.client.HTTPException):
            if attempt == ATTEMPTS - 1 or _size(part) == before:
                raise


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _fetch_rest(url: str, part: Path, timeout_s: float, is_shown: bool, deadline: float) -> None:
    done = _size(part)
    request = urllib.request.Request(url, headers={"Range": f"bytes={done}-"} if done else {})
    try:
        response = urllib.request.urlopen(request, timeout=timeout_s)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # nothing is missing; if `part` is not the file, the check will say so
        raise
    with response:
        is_resumed = response.status == http.HTTPStatus.PARTIAL_CONTENT
        done = done if is_resumed else 0
        total = done + int(response.headers.get("Content-Length", 0))
        _check_space(part, total - done, total)
        with part.open("ab" if is_resumed else "wb") as file:
            _copy(response, file, done, total, is_shown, deadline)
    if _size(part) < total:
        raise ConnectionError(f"connection cut after {_size(part)} of {total} bytes; run again")


def _check_space(part: Path, n_missing: int, n_total: int) -> None:
    needed = n_missing + 2 * n_total  # the rest, and the uncompressed file with a margin
    free = shutil.disk_usage(part.parent).free
    if free < needed:
        raise OSError(f"no space in {part.parent}: {needed} bytes needed, {free} free")


def _copy(
    source: http.client.HTTPResponse,
    file: BinaryIO,
    done: int,
    total: int,
    is_shown: bool,
    deadline: float,
) -> None:
    from tqdm import tqdm

    with tqdm(
        desc="OpenL3 weights", initial=done, total=total, unit="B", unit_scale=True,
        disable=not is_shown,
    ) as bar:  # fmt: skip
        while chunk := source.read(CHUNK):
            file.write(chunk)
            bar.update(len(chunk))
            if time.monotonic() > deadline:
                raise OSError(f"slower than {total} bytes in {DEADLINE_S:g} s; run again")


def _install(part: Path, path: Path, sha256: str | None, input_repr: str, content: str) -> None:
    """Check ``part`` as weights and write it uncompressed to ``path``; remove it either way."""
    try:
        openl3_weights.load_weights(
            Network(input_repr=input_repr),
            part,
            input_repr=input_repr,
            content=content,
            sha256=sha256,
        )
        data = openl3_weights.unpack(part, part.read_bytes())
        with atomic_path(path) as temporary:
            temporary.write_bytes(data)
    finally:
        part.unlink(missing_ok=True)
