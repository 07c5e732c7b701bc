"""Who holds the lock of a folder that snakemake refuses: a run at work, or one that was killed.

Snakemake's own message cannot tell them apart. It comes after what is said here.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil

LOCKS = ".snakemake/locks"
AT_WORK = "another run (process {}) is at work in this folder: wait for its end, or stop it"
KILLED = (
    "the last run here was killed, or is at work on another machine;"
    " if it was killed: snakemake --unlock, then the same command again"
)


def note(folder: str | os.PathLike[str] = ".") -> str:
    """Return one line on who holds the lock of a folder, '' if nobody does, or if we do.

    A job may ask snakemake something: it belongs to the run that holds the lock.
    """
    locks = Path(folder, LOCKS)
    if not (locks.is_dir() and any(locks.iterdir())):
        return ""
    me = psutil.Process()
    found = runs(folder) - {me.pid}
    if found & {parent.pid for parent in me.parents()}:
        return ""
    return AT_WORK.format(min(found)) if found else KILLED


def runs(folder: str | os.PathLike[str]) -> set[int]:
    """Return the numbers of the snakemakes of this machine that work in a folder."""
    here = os.path.realpath(folder)
    found = psutil.process_iter(["pid", "cmdline", "cwd"])
    return {process.pid for process in found if _is_run(process.info, here)}


def _is_run(facts: dict, folder: str) -> bool:
    """Return whether a process is snakemake, in that folder; facts are None where hidden."""
    words = [os.path.basename(word) for word in facts["cmdline"] or ()][:4]
    return "snakemake" in words and facts["cwd"] == folder


def say(folder: str | os.PathLike[str] = ".") -> None:
    """Show `note` on standard error, if there is something to say."""
    if text := note(folder):
        print(f"note: {text}", file=sys.stderr)
