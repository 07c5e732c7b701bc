"""Files of tensors and plain values: written whole, read back without running code.

A file begins with a line that holds the SHA-256 of the rest, so that damage is found before
anything is parsed.
"""

from __future__ import annotations

import hashlib
import io as memory
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from jtfs_repro import io

_HEADER = b"jtfs_repro checkpoint, sha256 of what follows: %s\n"
_HEADER_BYTES = len(_HEADER % (64 * b"0"))


def save(
    path: str | os.PathLike[str], content: Mapping[str, Any], *, keep_as: Path | None = None
) -> None:
    """Write tensors and plain values; keep the file that is replaced under another name."""
    buffer = memory.BytesIO(bytes(_HEADER_BYTES))
    buffer.seek(_HEADER_BYTES)
    torch.save(dict(content), buffer)
    data = buffer.getbuffer()
    data[:_HEADER_BYTES] = _header(data[_HEADER_BYTES:])
    with io.atomic_path(path, is_output=False) as part:
        part.write_bytes(data)
        if keep_as is not None and Path(path).exists():
            os.replace(path, keep_as)


def _header(payload: bytes | memoryview) -> bytes:
    return _HEADER % hashlib.sha256(payload).hexdigest().encode()


def load(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what `save` wrote, into the CPU's memory.

    FileError: the file is missing, truncated or changed since, or holds more than tensors and plain
    values.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise io.missing(path) from None
    header, payload = data[:_HEADER_BYTES], memoryview(data)[_HEADER_BYTES:]
    try:
        if not header.startswith(_HEADER[: _HEADER.index(b"%")]):
            raise ValueError("it does not begin as one")
        if header != _header(payload):
            raise ValueError("its SHA-256 is not the one it names")
        content = torch.load(memory.BytesIO(payload), map_location="cpu", weights_only=True)
        if not isinstance(content, dict):
            raise TypeError(f"a {type(content).__name__} in it")
    except Exception as error:  # torch, zipfile and pickle each raise their own
        raise io.corrupt(path, "a checkpoint", error) from None
    return content
