"""Buffers that are used again: fresh large ones can cost more than what is done in them."""

from __future__ import annotations

import math

from torch import Tensor


class Scratch:
    """Buffers by name, of the dtype and on the device of `like`, kept for the next use."""

    def __init__(self, like: Tensor) -> None:
        self._like, self._flat = like, {}

    def __call__(self, name: str, *shape: int) -> Tensor:
        """Return the buffer `name` with `shape`, its content undefined."""
        size = math.prod(shape)
        flat = self._flat.get(name)
        if flat is None or len(flat) < size:
            self._flat.pop(name, None)
            flat = self._flat[name] = self._like.new_empty(size)
        return flat[:size].view(shape)
