"""Downloads: resumed after a cut, checked as a whole, put in place atomically.

A file grows beside its destination as ``NAME.download``; it stays there when the connection
breaks, so that the next call asks only for the rest. Under its own name it appears only when its
checksum is right. One process at a time writes it (``NAME.lock``). Any failure is
`jtfs_repro.io.Unavailable`.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import http.client
import os
import re
import shutil
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jtfs_repro import checks
from jtfs_repro.io import FileError, Unavailable

SCHEMES = ("http", "https", "file")
DIGITS = {"md5": 32, "sha1": 40, "sha256": 64}  # hexadecimal digits of a checksum
CHUNK = 1 << 16  # bytes
ATTEMPTS = 20  # connections at most, as long as each brings something
MARGIN = 1 << 24  # bytes to leave free on the disk
NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)  # of a file system without locks
FAILURES = (OSError, http.client.HTTPException, FileError)


def download(
    url: str,
    path: str | os.PathLike[str],
    *,
    checksum: str | None = None,
    label: str = "",
    unpacked_bytes: int = 0,
    timeout_s: float = 30.0,
    deadline_s: float | None = None,
    remedy: str = "",
    is_shown: bool = True,
) -> Path:
    """Download a ``http://``, ``https://`` or ``file://`` address to ``path`` unless it is there.

    Without a ``checksum`` (``"md5:..."``, ``"sha1:..."``, ``"sha256:..."``) an interrupted download
    starts over: two halves could belong to different files. ``unpacked_bytes`` is space needed
    besides; ``timeout_s`` is for connecting and each read, ``deadline_s`` for the whole, seconds;
    ``remedy`` what the user can do. Any failure is `Unavailable`.
    """
    path = Path(path)
    if urllib.parse.urlsplit(url).scheme not in SCHEMES:
        checks.fail("url", url, "begin with http://, https:// or file://")
    algorithm, digest = parse_checksum(checksum) if checksum else ("", "")
    timeout_s = checks.number("timeout_s", timeout_s, above=0)
    checks.integer("unpacked_bytes", unpacked_bytes, low=0)
    label, part = label or path.name, part_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path, is_shown=is_shown):
            if not path.is_file():
                if not digest:
                    part.unlink(missing_ok=True)
                fetch(
                    url, part, label=label, unpacked_bytes=unpacked_bytes, timeout_s=timeout_s,
                    deadline_s=deadline_s, is_shown=is_shown,
                )  # fmt: skip
                if digest:
                    _check(part, algorithm, digest)
                with part.open("rb") as file:
                    os.fsync(file.fileno())
                os.replace(part, path)
    except FAILURES as error:
        reason = f"{label} not downloaded from {url}: {one_line(error)}"
        raise Unavailable(reason, remedy or f"put {path.name} at {path}") from error
    return path


def parse_checksum(checksum: str) -> tuple[str, str]:
    """Return algorithm and hexadecimal digest of a checksum, or raise `ValueError`.

    >>> parse_checksum("md5:D41D8CD98F00B204E9800998ECF8427E")
    ('md5', 'd41d8cd98f00b204e9800998ecf8427e')
    """
    algorithm, _, digest = checksum.lower().partition(":")
    is_hexadecimal = set(digest) <= set("0123456789abcdef")
    if not is_hexadecimal or len(digest) != DIGITS.get(algorithm):
        known = ", ".join(f"{name}:<{n} digits>" for name, n in DIGITS.items())
        checks.fail("checksum", checksum, f"be one of {known}")
    return algorithm, digest


def verify(path: str | os.PathLike[str], checksum: str) -> None:
    """Raise ``FileError`` unless the file at ``path`` has that checksum."""
    algorithm, digest = parse_checksum(checksum)
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, algorithm).hexdigest()
    if found != digest:
        rule = f"{algorithm} is {found}, not {digest}"
        raise FileError(f"{path}: {rule} (truncated or another version: remove it, try again)")


def _check(part: Path, algorithm: str, digest: str) -> None:
    """Check the finished part, and remove it if it is wrong."""
    try:
        verify(part, f"{algorithm}:{digest}")
    except FileError:
        part.unlink()
        raise


def part_of(path: Path) -> Path:
    """Return the file that grows until ``path`` is complete."""
    return path.with_name(f"{path.name}.download")


def one_line(error: Exception) -> str:
    """Return what went wrong as one line."""
    if isinstance(error, urllib.error.URLError) and not isinstance(error, urllib.error.HTTPError):
        if isinstance(error.reason, FileNotFoundError):
            return "no such file"
        return f"no connection ({error.reason})"
    return " ".join(str(error).split()) or type(error).__name__


@contextmanager
def locked(path: Path, *, is_shown: bool = False) -> Iterator[None]:
    """Let one process at a time make ``path``; the others wait, then find it there."""
    with path.with_name(f"{path.name}.lock").open("w") as lock:  # closing it unlocks
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if is_shown:
                print(f"waiting for the process that makes {path}", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in NO_LOCKS:  # then the checksum alone keeps a wrong file out
                raise
        yield


def fetch(
    url: str,
    part: Path,
    *,
    label: str,
    unpacked_bytes: int,
    timeout_s: float,
    deadline_s: float | None,
    is_shown: bool,
) -> None:
    """Download ``url`` to ``part``, from where it ends; go on after a cut that made progress."""
    deadline = _Deadline(deadline_s)
    for attempt in range(ATTEMPTS):
        before = _size(part)
        try:
            with _open_rest(url, before, timeout_s) as response:
                return _save(response, part, unpacked_bytes, deadline, label, is_shown)
        except urllib.error.HTTPError as error:
            if not before or error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise
            if before == int(_content_range(error.headers)[1] or before):
                return  # nothing is missing; if `part` is not the file, the check will say so
            part.unlink()
        except (ConnectionError, TimeoutError, http.client.HTTPException):
            if attempt == ATTEMPTS - 1 or _size(part) <= before:
                raise


class _Deadline:
    """A time by which a download must have ended, if any."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self.end = None if seconds is None else time.monotonic() + seconds

    def check(self, total: int) -> None:
        if self.end is not None and time.monotonic() > self.end:
            raise OSError(f"slower than {total} bytes in {self.seconds:g} s; run again")


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _open_rest(url: str, done: int, timeout_s: float) -> Any:
    headers = {"Range": f"bytes={done}-"} if done else {}
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=timeout_s)


def _content_range(headers: Any) -> tuple[str, str]:
    """Return the first byte and the size of the whole file, each empty where not stated."""
    found = re.match(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", headers.get("Content-Range") or "")
    return (found[1] or "", found[2].strip("*")) if found else ("", "")


def _save(
    response: Any, part: Path, unpacked_bytes: int, deadline: _Deadline, label: str, is_shown: bool
) -> None:
    """Append the response to ``part``, or replace it where the server sends everything again."""
    from tqdm import tqdm

    is_rest = response.status == http.HTTPStatus.PARTIAL_CONTENT
    done = _size(part) if is_rest else 0
    if is_rest and int(_content_range(response.headers)[0] or done) != done:
        raise OSError(f"the server sends another range than the one from byte {done}")
    total = done + int(response.headers.get("Content-Length", 0))
    check_space(part.parent, total - done + unpacked_bytes)
    with (
        part.open("ab" if is_rest else "wb") as file,
        tqdm(
            desc=label, initial=done, total=total or None, unit="B", unit_scale=True,
            disable=not is_shown,
        ) as bar,
    ):  # fmt: skip
        while chunk := response.read(CHUNK):
            file.write(chunk)
            bar.update(len(chunk))
            deadline.check(total)
    if _size(part) < total:
        raise ConnectionError(f"connection cut after {_size(part)} of {total} bytes; run again")


def check_space(folder: Path, n_bytes: int) -> None:
    """Raise ``OSError`` unless ``folder`` has room for ``n_bytes`` and a margin."""
    needed, free = n_bytes + MARGIN, shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(f"no space in {folder}: {_size_text(needed)} needed, {_size_text(free)} free")


def _size_text(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.2f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.1f} MB"
