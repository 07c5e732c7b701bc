"""Downloads: resumed after a cut, checked as a whole, put in place atomically.

`pooch` checks a file and puts it in place; what it lacks is here: `Resuming`, its downloader, lets
a file grow beside its destination as ``NAME.download``, which stays there when the connection
breaks, so that the next call asks only for the rest. One process at a time writes it
(``NAME.lock``). Any failure is `jtfs_repro.io.Unavailable`.
"""

from __future__ import annotations

import errno
import fcntl
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jtfs_repro import checks
from jtfs_repro.io import FileError, Unavailable

SCHEMES = ("http", "https", "file")
CHECKSUM = re.compile("md5:[0-9a-f]{32}|sha1:[0-9a-f]{40}|sha256:[0-9a-f]{64}")
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
    digest = parse_checksum(checksum) if checksum else None
    checks.number("timeout_s", timeout_s, above=0)
    checks.integer("unpacked_bytes", unpacked_bytes, low=0)
    label, part = label or path.name, part_of(path)
    resuming = Resuming(
        part=part, label=label, unpacked_bytes=unpacked_bytes, timeout_s=timeout_s,
        deadline_s=deadline_s, is_shown=is_shown,
    )  # fmt: skip
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path, is_shown=is_shown):
            if not path.is_file():
                if not digest:
                    part.unlink(missing_ok=True)
                _retrieve(url, path, digest, resuming)
    except FAILURES as error:
        reason = f"{label} not downloaded from {url}: {one_line(error)}"
        raise Unavailable(reason, remedy or f"put {path.name} at {path}") from error
    return path


def _retrieve(url: str, path: Path, checksum: str | None, downloader: Resuming) -> None:
    import pooch

    pooch.get_logger().setLevel("WARNING")
    try:
        pooch.retrieve(url, checksum, path.name, path.parent, downloader=downloader)  # pyright: ignore[reportArgumentType]
    except ValueError as error:  # not the file of that checksum
        downloader.part.unlink(missing_ok=True)
        raise FileError(str(error).partition(". Deleted")[0]) from error
    if path.is_symlink():
        os.replace(downloader.part, path)


def parse_checksum(checksum: str) -> str:
    """Return a checksum in small letters; `ValueError` if it is none.

    >>> parse_checksum("md5:D41D8CD98F00B204E9800998ECF8427E")
    'md5:d41d8cd98f00b204e9800998ecf8427e'
    """
    if not CHECKSUM.fullmatch(checksum.lower()):
        rule = "be one of md5:<32 digits>, sha1:<40 digits>, sha256:<64 digits>"
        checks.fail("checksum", checksum, rule)
    return checksum.lower()


def verify(path: str | os.PathLike[str], checksum: str) -> None:
    """Raise ``FileError`` unless the file at ``path`` has that checksum."""
    import pooch

    algorithm, digest = parse_checksum(checksum).split(":")
    found = pooch.file_hash(os.fspath(path), alg=algorithm)
    if found != digest:
        rule = f"{algorithm} is {found}, not {digest}"
        raise FileError(f"{path}: {rule} (truncated or another version: remove it, try again)")


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


@dataclass(frozen=True, kw_only=True)
class Resuming:
    """Downloader for `pooch`: ``part`` grows over several calls; then the output is a link to it.

    A kill while `pooch` computes the checksum so loses nothing.
    """

    part: Path
    label: str
    unpacked_bytes: int
    timeout_s: float
    deadline_s: float | None
    is_shown: bool

    def __call__(self, url: str, output_file: Any, _pooch: Any, /) -> None:
        """Fetch ``part``, and put a link to it at ``output_file``."""
        self.fetch(url)
        try:
            os.unlink(output_file)
            os.symlink(self.part.absolute(), output_file)
        except OSError:  # a file system without links
            os.replace(self.part, output_file)

    def fetch(self, url: str) -> None:
        """Fetch what is missing of ``part``; go on after a cut that made progress."""
        begin = time.monotonic()
        for attempt in range(ATTEMPTS):
            before = self._size()
            try:
                with _open_rest(url, before, self.timeout_s) as response:
                    self._save(response, begin)
                break
            except urllib.error.HTTPError as error:
                if not before or error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    raise
                if before == int(_content_range(error.headers)[1] or before):
                    break  # nothing is missing; if `part` is not the file, the check will say so
                self.part.unlink()
            except (ConnectionError, TimeoutError, http.client.HTTPException):
                if attempt == ATTEMPTS - 1 or self._size() <= before:
                    raise
        with self.part.open("rb") as file:
            os.fsync(file.fileno())

    def _size(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _save(self, response: Any, begin: float) -> None:
        """Append the response to ``part``, or replace it where the server sends everything."""
        from tqdm import tqdm

        is_rest = response.status == http.HTTPStatus.PARTIAL_CONTENT
        done = self._size() if is_rest else 0
        if is_rest and int(_content_range(response.headers)[0] or done) != done:
            raise OSError(f"the server sends another range than the one from byte {done}")
        total = done + int(response.headers.get("Content-Length", 0))
        check_space(self.part.parent, total - done + self.unpacked_bytes)
        with (
            self.part.open("ab" if is_rest else "wb") as file,
            tqdm(
                desc=self.label, initial=done, total=total or None, unit="B", unit_scale=True,
                disable=not self.is_shown,
            ) as bar,
        ):  # fmt: skip
            while chunk := response.read(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
                if self.deadline_s is not None and time.monotonic() > begin + self.deadline_s:
                    what = f"slower than {total} bytes in {self.deadline_s:g} s; run again"
                    raise OSError(what)
        if self._size() < total:
            what = f"connection cut after {self._size()} of {total} bytes; run again"
            raise ConnectionError(what)


def _open_rest(url: str, done: int, timeout_s: float) -> Any:
    headers = {"Range": f"bytes={done}-"} if done else {}
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=timeout_s)


def _content_range(headers: Any) -> tuple[str, str]:
    """Return the first byte and the size of the whole file, each empty where not stated."""
    found = re.match(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", headers.get("Content-Range") or "")
    return (found[1] or "", found[2].strip("*")) if found else ("", "")


def check_space(folder: Path, n_bytes: int) -> None:
    """Raise ``OSError`` unless ``folder`` has room for ``n_bytes`` and a margin."""
    needed, free = n_bytes + MARGIN, shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(f"no space in {folder}: {_size_text(needed)} needed, {_size_text(free)} free")


def _size_text(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.2f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.1f} MB"
