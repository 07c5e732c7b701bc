"""The checkpoint of a descent: one file, read back only into the descent that wrote it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jtfs_repro import io
from jtfs_repro.tensor_files import load, save


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Where a descent is kept, and what must agree for it to go on.

    ``identity`` holds the sound, the seed and all settings that the result depends on; without
    ``is_read`` the descent starts anew.
    """

    path: Path
    identity: Mapping[str, Any]
    is_read: bool = True

    def save(self, state: Mapping[str, Any]) -> None:
        """Write tensors and plain values, atomically."""
        save(self.path, {"identity": dict(self.identity), "state": dict(state)})

    def load(self) -> dict[str, Any] | None:
        """Return the state to go on from; None, with one line on stderr, if it is not usable.

        A file that cannot be read, or that is of another descent, is left as it is until the
        next checkpoint replaces it.
        """
        if not (self.is_read and self.path.exists()):
            return None
        try:
            content = load(self.path)
        except io.FileError as error:
            _warn(str(error).removesuffix(" (delete it and run again)"))
            return None
        found = content.get("identity")
        if not (isinstance(found, dict) and isinstance(content.get("state"), dict)):
            _warn(f"{self.path}: not a checkpoint of a resynthesis")
            return None
        names = dict.fromkeys([*self.identity, *found])
        differing = [n for n in names if found.get(n) != self.identity.get(n)]
        if differing:
            _warn(f"{self.path}: checkpoint of another {', '.join(differing)}")
            return None
        return content["state"]


def _warn(what: str) -> None:
    print(f"warning: {what} (ignored; starting anew)", file=sys.stderr)
