"""The official OpenL3 weights: downloaded, checked as weights, put in place uncompressed."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro.download import FAILURES, Resuming, locked, one_line, part_of
from jtfs_repro.features.openl3 import weights
from jtfs_repro.features.openl3.network import Network
from jtfs_repro.io import Unavailable, atomic_path

BASE_URL = "https://github.com/marl/openl3/raw/models/"  # branch `models`; weights CC BY 4.0
DEADLINE_S = 900.0  # for 19 MB, however slowly they drip
UNPACKED_BYTES = 40_000_000  # the uncompressed file with a margin


def official_url(input_repr: str = "mel256", content: str = "music") -> str:
    """Return the address of the official file, compressed."""
    return f"{BASE_URL}{weights.official_name(input_repr, content)}.gz"


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
    """Download the weights to ``path`` (``.h5``), uncompressed, unless they are there.

    ``url`` is that of the ``.h5.gz`` or ``.h5`` file, by default the official one; ``sha256`` that
    of either file, by default `weights.REPORTED_SHA256` for the official address where it is known,
    else the structure alone is checked; ``timeout_s`` for connecting and for each read.
    Unavailable: no network, address not found, connection cut, wrong checksum, not the expected
    weights, no space on the disk, folder not writable.
    """
    path, name = Path(path), weights.official_name(input_repr, content)
    if url is None:
        url = official_url(input_repr, content)
        sha256 = sha256 or weights.REPORTED_SHA256.get(name)
    part = Resuming(
        part=part_of(path), label="OpenL3 weights", unpacked_bytes=UNPACKED_BYTES,
        timeout_s=timeout_s, deadline_s=DEADLINE_S, is_shown=is_shown,
    )  # fmt: skip
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path):
            if not path.is_file():
                part.fetch(url)
                _install(part.part, path, sha256, input_repr, content)
    except FAILURES as error:
        reason = f"OpenL3 weights not downloaded from {url}: {one_line(error)}"
        raise Unavailable(reason, weights.remedy(path, name)) from error
    return path


def _install(part: Path, path: Path, sha256: str | None, input_repr: str, content: str) -> None:
    """Check ``part`` as weights and write it uncompressed to ``path``; remove it either way."""
    variant = {"input_repr": input_repr, "content": content}
    try:
        weights.load_weights(Network(input_repr=input_repr), part, sha256=sha256, **variant)
        with atomic_path(path) as unpacked:
            unpacked.write_bytes(weights.unpack(part, part.read_bytes()))
    finally:
        part.unlink(missing_ok=True)
