"""What this machine allows: file systems of one's own, a network that is off, fewer privileges."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from jtfs_repro.io import Unavailable
from tools.faults import running

_ENTER = 'cd "$1" && shift && exec "$@"'
_REMEDY = "run it as root, or where unprivileged user namespaces are allowed"
_LIMIT_S = 20.0


def is_root() -> bool:
    """Return whether permissions of files do not bind this user."""
    return os.geteuid() == 0


@functools.cache
def unshare(kind: str) -> tuple[str, ...]:
    """Return the command that executes another one in a namespace of its own.

    Parameters
    ----------
    kind : {'mount', 'net'}

    Raises
    ------
    Unavailable
        This machine does not allow it.
    """
    own = () if is_root() else ("--map-root-user",)
    command = ("unshare", f"--{kind}", *own)
    if not _works([*command, "true"]):
        raise Unavailable(f"no {kind} namespace for this user", _REMEDY)
    return command


def _works(command: Sequence[str]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    done = subprocess.run(command, capture_output=True, timeout=_LIMIT_S, check=False)
    return done.returncode == 0


class Mounts:
    """File systems that only the commands seen here have; they vanish with this process.

    A process that waits for its input to end holds them: when this one dies, however it does, the
    input ends, and with it the last process that had these mounts.
    """

    def __init__(self) -> None:
        command = [*unshare("mount"), "sh", "-c", "echo ready; exec cat"]
        self._holder = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=running.environment({}),
            start_new_session=True,
        )
        assert self._holder.stdout is not None
        self._holder.stdout.readline()

    def within(self, folder: Path) -> tuple[str, ...]:
        """Return the command that executes another one in ``folder``, with these mounts."""
        kinds = ("--mount",) if is_root() else ("--user", "--preserve-credentials", "--mount")
        enter = ("nsenter", f"--target={self._holder.pid}", *kinds)
        return (*enter, "sh", "-c", _ENTER, "sh", os.fspath(folder))

    def run(self, *command: str) -> None:
        """Run a command such as ``mount`` with these mounts.

        Raises
        ------
        Unavailable
            It failed.
        """
        whole = [*self.within(Path("/")), *command]
        done = subprocess.run(whole, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
        if done.returncode:
            raise Unavailable(f"{command[0]} failed: {done.stderr.strip()}", _REMEDY)

    def small_disk(self, folder: Path, size: int) -> None:
        """Put a file system of ``size`` bytes, in memory, at a folder."""
        self.run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", os.fspath(folder))

    def read_only(self, folder: Path) -> None:
        """Make a folder read-only."""
        self.run("mount", "--bind", os.fspath(folder), os.fspath(folder))
        self.run("mount", "-o", "remount,ro,bind", os.fspath(folder))

    def seen(self, folder: Path) -> Path:
        """Return the path by which this process sees a folder with these mounts."""
        return Path(f"/proc/{self._holder.pid}/root{folder}")

    def close(self) -> None:
        """Let go of the mounts."""
        assert self._holder.stdin is not None
        self._holder.stdin.close()
        try:
            self._holder.wait(_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._holder.send_signal(signal.SIGKILL)
            self._holder.wait()
        if self._holder.stdout is not None:
            self._holder.stdout.close()


@contextmanager
def mounts() -> Iterator[Mounts]:
    """Yield mounts that are gone afterwards."""
    found = Mounts()
    try:
        yield found
    finally:
        found.close()


@functools.cache
def bound_by_permissions() -> tuple[str, ...]:
    """Return the command that executes another one without root's right to ignore permissions.

    Raises
    ------
    Unavailable
        This is root, who cannot give it up here.
    """
    if not is_root():
        return ()
    names = "-dac_override,-dac_read_search"
    command = ("setpriv", f"--bounding-set={names}", f"--inh-caps={names}")
    if not _works([*command, "true"]):
        raise Unavailable("root's rights cannot be given up here", "run it as another user")
    return command
