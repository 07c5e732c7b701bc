"""Lightning's messages silenced; random numbers and signal handlers restored after training."""

from __future__ import annotations

import logging
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_LOGGERS = ("lightning.pytorch", "lightning.fabric")


@contextmanager
def untouched(device: str) -> Iterator[None]:
    """Keep Lightning from talking, from changing the random state, and from hiding Ctrl-C."""
    gpus = list(range(torch.cuda.device_count())) if device == "cuda" else []
    with _quiet(), torch.random.fork_rng(gpus), _interruptible():
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Lightning's banners, tips and advice; errors are exceptions anyway."""
    import lightning.pytorch  # noqa: F401  (its import sets the levels)

    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"lightning\.")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C be a KeyboardInterrupt again: Lightning exits, and ignores it from then on."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            signal.signal(signal.SIGINT, handler)
            raise error.__context__ from None
        raise
