"""Checkpoints of a training: written whole, read back only into the training that wrote them.

A folder holds ``last.ckpt`` (after the latest epoch), ``previous.ckpt`` (the one before) and, once
the training is done, ``best.pt`` (the chosen epoch's weights).
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import nn

from jtfs_repro import io
from jtfs_repro.tensor_files import load, save
from jtfs_repro.training.settings import TrainingSettings

LAST, PREVIOUS, BEST = "last.ckpt", "previous.ckpt", "best.pt"
_NO_INFLUENCE = ("num_workers",)


def finish(folder: str | os.PathLike[str], best: Mapping[str, Any]) -> None:
    """Write the chosen weights as ``best.pt``; remove the checkpoint before the last."""
    save(Path(folder, BEST), best)
    Path(folder, PREVIOUS).unlink(missing_ok=True)


def identity(
    network: nn.Module, settings: TrainingSettings, *, seed: int, fingerprint: str, n_training: int
) -> dict[str, Any]:
    """Return what must agree between a checkpoint and the training that goes on from it."""
    shapes = [(name, tuple(value.shape)) for name, value in network.state_dict().items()]
    digest = hashlib.sha256(repr(shapes).encode()).hexdigest()[:12]
    own = {"network": f"{type(network).__name__} {digest}", "features": fingerprint}
    chosen = {k: v for k, v in asdict(settings).items() if k not in _NO_INFLUENCE}
    return {**own, "seed": seed, "n_training": n_training, **chosen}


def find(
    folder: str | os.PathLike[str], expected: Mapping[str, Any], *, is_first: bool = True
) -> dict[str, Any] | None:
    """Return the checkpoint to go on from, or None to start at the beginning.

    A file that cannot be read is set aside as ``NAME.unreadable`` with one line on stderr, by the
    first process alone, and the one before it is taken.

    FileError: a checkpoint is that of another training or program; it is left as it is.
    """
    for path in (Path(folder, LAST), Path(folder, PREVIOUS)):
        if not path.exists():
            continue
        try:
            content = load(path)
        except io.FileError as error:
            if is_first:
                _set_aside(path, error)
            continue
        _check_identity(path, content, expected)
        return content
    return None


def _set_aside(path: Path, error: io.FileError) -> None:
    aside = path.rename(path.with_name(f"{path.name}.unreadable"))
    what = str(error).removesuffix(" (delete it and run again)")
    print(f"warning: {what} (set aside as {aside.name}; taking the one before, if any)",
          file=sys.stderr)  # fmt: skip


def _check_identity(path: Path, content: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Refuse a checkpoint of another training, naming all that differs."""
    found = content.get("identity")
    if not isinstance(found, dict) or "history" not in content:
        raise io.FileError(
            f"{path}: checkpoint of another program (choose another folder, or delete this one)"
        )
    names = [name for name in (*expected, *found) if found.get(name) != expected.get(name)]
    if names:
        pairs = [(n, found.get(n), expected.get(n)) for n in dict.fromkeys(names)]
        facts = "; ".join(f"{name}={there!r} there, {here!r} here" for name, there, here in pairs)
        raise io.FileError(
            f"{path}: checkpoint of another training: {facts}"
            " (choose another folder, or delete this one)"
        )
