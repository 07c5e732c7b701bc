"""Signal handling in a descent: SIGTERM and Ctrl-C are heeded where the state is whole."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

NUMBERS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(Exception):
    """A signal came; the state is that after the last whole iteration."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Interrupts:
    """A context in which the first signal is kept until `check`; a second one acts at once.

    At the end the former handlers are back: `signal.raise_signal` then does what it did before.
    Outside the main thread, where Python allows no handlers, nothing is changed.
    """

    def __init__(self) -> None:
        self._pending = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in NUMBERS:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._pending:
            signal.signal(number, self._before[number])
            signal.raise_signal(number)
        self._pending = number

    def check(self) -> None:
        """Raise `Interrupted` if a signal has come."""
        if self._pending:
            raise Interrupted(self._pending)
