"""Processes that are started here, and their end: none outlives the command that started them.

Every process gets a session of its own and a mark in its environment, which its children inherit.
Whoever carries the mark at the end is killed, orphans included.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

MARK = "JTFS_FAULTS"
TOKEN = uuid.uuid4().hex
LIMIT_S = 600.0
_POLL_S = 0.02
_END_S = 10.0  # that a killed process may take to be gone
_FOLDERS = re.compile(r"(?<![\w.])/(?:[^\s/'\"]+/)+")
TRACEBACK = "Traceback (most recent call last)"


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A command that has ended: its status (negative: the signal), all it printed, its seconds."""

    status: int
    text: str
    seconds: float = 0.0

    @property
    def errors(self) -> list[str]:
        """The lines that say what was wrong."""
        return [line for line in self.text.splitlines() if line.startswith("error: ")]

    @property
    def has_traceback(self) -> bool:
        """Whether Python's own report of an error is among what was printed."""
        return TRACEBACK in self.text

    def complaints(self, *texts: str, anywhere: bool = False) -> list[str]:
        """Return what was wrong if it had to fail with one of the texts, in a line of error."""
        found = ["the run did not notice"] if self.status == 0 else []
        said = self.text if anywhere else "\n".join(self.errors)
        if not any(text in said for text in texts):
            found.append(f"no clear error: {tail(self)}")
        return found + (["a traceback was shown"] if self.has_traceback else [])


def tail(ended: Ended, length: int = 300) -> str:
    """Return what a command said last, its errors first, as one line without folders' names."""
    text = " | ".join(ended.errors) or " ".join(ended.text.split())[-length:]
    return _FOLDERS.sub("", text)[:length]


class Running:
    """A command at work, in a session of its own; its output goes to a file.

    Parameters
    ----------
    command : sequence of str
    folder : path
        Its working directory.
    log : path
        Where its output goes: a pipe would be held open by orphans.
    changes : mapping
        Variables of the environment; None removes one.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: str | os.PathLike[str],
        log: Path,
        changes: Mapping[str, str | None] | None = None,
    ) -> None:
        self.log = log
        self.begin = time.monotonic()
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment(changes or {}),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.process.poll() is not None

    def sleep(self, seconds: float) -> bool:
        """Wait until it has run for so long; return whether it is still at work."""
        while not self.is_over and time.monotonic() - self.begin < seconds:
            time.sleep(_POLL_S)
        return not self.is_over

    def children(self) -> list[psutil.Process]:
        """Return the processes that it started, and theirs."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def signal_group(self, number: int) -> None:
        """Send a signal to the whole session, if anybody is left, as a terminal does."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def wait(self, seconds: float = LIMIT_S) -> Ended:
        """Wait for its end.

        Raises
        ------
        TimeoutError
            It takes longer than ``seconds``; it is killed then.
        """
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.signal_group(signal.SIGKILL)
            self.process.wait()
            raise TimeoutError(f"killed after {seconds:g} s") from None
        text = self.log.read_text(encoding="utf-8", errors="surrogateescape")
        return Ended(status=status, text=text, seconds=time.monotonic() - self.begin)


def environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """Return the environment of what is started: one thread each, our mark, some changes."""
    merged = {**os.environ, "OMP_NUM_THREADS": "1", MARK: TOKEN, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def marked() -> list[psutil.Process]:
    """Return the processes, orphans included, that were started here and are still there."""
    return [process for process in psutil.process_iter() if _is_marked(process)]


def _is_marked(process: psutil.Process) -> bool:
    try:
        return process.pid != os.getpid() and process.environ().get(MARK) == TOKEN
    except (psutil.Error, OSError):
        return False


def wait_for_orphans(seconds: float = LIMIT_S) -> None:
    """Wait until no process is left that was started here."""
    end = time.monotonic() + seconds
    while marked() and time.monotonic() < end:
        time.sleep(5 * _POLL_S)


def kill_all() -> None:
    """Kill, by their numbers, all processes that were started here; return when they are gone."""
    found = marked()
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(found, timeout=_END_S)
