"""What the tools' command lines share: errors in one line, an orderly end."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from jtfs_repro.config import (
    ERROR_STATUS,
    TERMINATED_STATUS,
    USAGE_STATUS,
    USER_ERRORS,
    describe,
)


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """End with one line."""
        print(f"error: {message} (see --help)", file=sys.stderr)
        sys.exit(USAGE_STATUS)


def run(main: Callable[[], int | None], *, when_interrupted: str = "") -> NoReturn:
    """Run a command to its end; what goes wrong is one line on stderr.

    Parameters
    ----------
    main : callable
        Returns the exit status, None for success.
    when_interrupted : str
        What to know or do after Ctrl-C.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell had it ignored
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED_STATUS))
    try:
        sys.exit(main())
    except (*USER_ERRORS, RuntimeError) as error:
        print(f"error: {describe(error)}", file=sys.stderr)
        sys.exit(ERROR_STATUS)
    except KeyboardInterrupt:
        print(f"\nerror: interrupted {when_interrupted}".rstrip(), file=sys.stderr)
        sys.exit(ERROR_STATUS)
