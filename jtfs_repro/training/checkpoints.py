"""Checkpoints of a training: written whole, read back only into the training that wrote them.

A folder holds ``last.ckpt`` (after the latest epoch), ``previous.ckpt`` (the one before) and, once
the training is done, ``best.pt`` (the chosen epoch's weights). Each file begins with a line that
holds the SHA-256 of the rest, so that damage is found before anything is parsed; and is read with
``weights_only=True``: tensors and plain values, no code.
"""

from __future__ import annotations

import hashlib
import io as memory
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import nn

from jtfs_repro import io
from jtfs_repro.training.settings import TrainingSettings

LAST, PREVIOUS, BEST = "last.ckpt", "previous.ckpt", "best.pt"
STATE_KEY = "jtfs_repro"  # under "callbacks" of a Lightning checkpoint
_NO_INFLUENCE = ("num_workers",)
_HEADER = b"jtfs_repro checkpoint, sha256 of what follows: %s\n"
_HEADER_BYTES = len(_HEADER % (64 * b"0"))


class AtomicCheckpointIO(TorchCheckpointIO):
    """Lightning's reading and writing of checkpoints, through `io.atomic_path`."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | os.PathLike[str], storage_options: Any = None
    ) -> None:
        """Write the checkpoint; what was there before becomes ``previous.ckpt``."""
        save(path, checkpoint, keep_as=Path(path).with_name(PREVIOUS))

    def load_checkpoint(
        self,
        path: str | os.PathLike[str],
        map_location: Any = "cpu",
        weights_only: bool | None = True,
    ) -> dict[str, Any]:
        """Read a checkpoint into the CPU's memory."""
        return load(path)


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
    """Read what `save` wrote.

    FileError: the file is missing, truncated or changed since, or holds more than tensors and plain
    values.
    """
    payload = _checked(path)
    try:
        content = torch.load(memory.BytesIO(payload), map_location="cpu", weights_only=True)
    except Exception as error:  # torch, zipfile and pickle each raise their own
        raise io.corrupt(path, "a checkpoint", error) from None
    if not isinstance(content, dict):
        raise io.corrupt(path, "a checkpoint", TypeError(f"a {type(content).__name__} in it"))
    return content


def _checked(path: str | os.PathLike[str]) -> bytes:
    """Return the content after the header, if that is its SHA-256."""
    try:
        with open(path, "rb") as file:
            header, payload = file.read(_HEADER_BYTES), file.read()
    except FileNotFoundError:
        raise io.missing(path) from None
    if header[: _HEADER.index(b"%")] != _HEADER[: _HEADER.index(b"%")]:
        raise io.corrupt(path, "a checkpoint", ValueError("it does not begin as one"))
    if header != _header(payload):
        raise io.corrupt(path, "a checkpoint", ValueError("its SHA-256 is not the one it names"))
    return payload


def identity(
    network: nn.Module, settings: TrainingSettings, *, seed: int, fingerprint: str, n_training: int
) -> dict[str, Any]:
    """Return what must agree between a checkpoint and the training that goes on from it."""
    shapes = [(name, tuple(value.shape)) for name, value in network.state_dict().items()]
    digest = hashlib.sha256(repr(shapes).encode()).hexdigest()[:12]
    own = {"network": f"{type(network).__name__} {digest}", "features": fingerprint}
    chosen = {k: v for k, v in asdict(settings).items() if k not in _NO_INFLUENCE}
    return {**own, "seed": seed, "n_training": n_training, **chosen}


def find(folder: Path, expected: Mapping[str, Any]) -> Path | None:
    """Return the checkpoint to go on from, or None to start at the beginning.

    A file that cannot be read is set aside as ``NAME.unreadable`` with one line on stderr, and
    the one before it is taken.

    FileError: a checkpoint is that of another training; it is left as it is.
    """
    for path in (folder / LAST, folder / PREVIOUS):
        if not path.exists():
            continue
        try:
            content = load(path)
        except io.FileError as error:
            _set_aside(path, error)
            continue
        check_identity(path, content, expected)
        return path
    return None


def _set_aside(path: Path, error: io.FileError) -> None:
    aside = path.with_name(f"{path.name}.unreadable")
    if os.environ.get("LOCAL_RANK", "0") == "0":
        path.rename(aside)
        what = str(error).removesuffix(" (delete it and run again)")
        print(f"warning: {what} (set aside as {aside.name}; taking the one before, if any)",
              file=sys.stderr)  # fmt: skip


def check_identity(path: Path, content: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Refuse a checkpoint of another training, naming all that differs."""
    try:
        found = dict(content["callbacks"][STATE_KEY]["identity"])
    except (KeyError, TypeError, ValueError):
        raise io.FileError(
            f"{path}: not a checkpoint of this program (choose another folder)"
        ) from None
    names = [name for name in (*expected, *found) if found.get(name) != expected.get(name)]
    if names:
        pairs = [(n, found.get(n), expected.get(n)) for n in dict.fromkeys(names)]
        facts = "; ".join(f"{name}={there!r} there, {here!r} here" for name, there, here in pairs)
        raise io.FileError(
            f"{path}: checkpoint of another training: {facts}"
            " (choose another folder, or delete this one)"
        )


def n_epochs_done(path: Path | None) -> int:
    """Return after how many epochs a checkpoint was written; 0 for none."""
    return 0 if path is None else len(load(path)["callbacks"][STATE_KEY]["history"])


def finish(folder: Path, state: Mapping[str, Any]) -> None:
    """Write the chosen weights as ``best.pt``; remove the checkpoint before the last."""
    save(folder / BEST, {"identity": state["identity"], "state_dict": state["best"]})
    (folder / PREVIOUS).unlink(missing_ok=True)
