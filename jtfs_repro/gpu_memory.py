"""What to do when a GPU's memory runs out: recognise it, free what is unused, say what helps."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SIGNS = ("out of memory", "ALLOC_FAILED")  # what cuFFT and cuBLAS say in a RuntimeError


def is_exhausted(error: BaseException) -> bool:
    """Return whether an error means that the GPU's memory does not suffice.

    >>> is_exhausted(RuntimeError("cuFFT error: CUFFT_ALLOC_FAILED")), is_exhausted(ValueError())
    (True, False)
    """
    if type(error).__name__ == "OutOfMemoryError":  # torch's, without importing torch
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _SIGNS)


def free() -> None:
    """Hand unused memory back to the GPU; tensors that a caught error still refers to stay."""
    import torch

    gc.collect()
    torch.cuda.empty_cache()


@contextmanager
def explained(what: str, remedy: str) -> Iterator[None]:
    """Turn exhausted memory into `ValueError`: ``what must fit into the GPU's memory (remedy)``."""
    try:
        yield
    except RuntimeError as error:
        if not is_exhausted(error):
            raise
        raise ValueError(f"{what} must fit into the GPU's memory ({remedy})") from None
