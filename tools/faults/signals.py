"""Kills and interruptions at random moments, then the same command again; two runs at once."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator

import psutil

from tools.faults import layout, running
from tools.faults.rig import Rig, Tree, Trial, finished_jobs
from tools.faults.running import TRACEBACK, Ended, Running, tail

_DONE = "(100%) done"
_ATTEMPTS = 10  # draws of a moment, until one falls into the run
_POLL_S = 0.02
_WHILE_IMPORTING = "\nKeyboardInterrupt"
Blow = Callable[[Running, random.Random], str]


def script_killed(rig: Rig, rounds: int) -> Iterator[Trial]:
    """SIGKILL a script of the run, whichever is at work."""
    return _rounds(rig, rounds, "script_killed", _kill_a_script)


def snakemake_killed(rig: Rig, rounds: int) -> Iterator[Trial]:
    """SIGKILL snakemake; its jobs go on without it while the command is given again."""
    return _rounds(rig, rounds, "snakemake_killed", _kill_snakemake)


def interrupted(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Send SIGINT to snakemake and all its jobs, as Ctrl-C in a terminal does."""
    return _rounds(rig, rounds, "interrupted", _interrupt)


def terminated(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Send SIGTERM to snakemake, as a shutdown or a cluster does."""
    return _rounds(rig, rounds, "terminated", _terminate)


def _rounds(rig: Rig, rounds: int, name: str, blow: Blow) -> Iterator[Trial]:
    for number in range(rounds):
        draw = random.Random(f"{rig.seed} {name} {number}")
        yield _round(rig, name, blow, draw)


def _round(rig: Rig, name: str, blow: Blow, draw: random.Random) -> Trial:
    for _ in range(_ATTEMPTS):
        moment = draw.uniform(0, rig.seconds)
        with rig.fresh(name) as tree:
            process = tree.start()
            is_hit = process.sleep(moment) and _DONE not in process.log.read_text("utf-8")
            hit = blow(process, draw) if is_hit else ""
            first = process.wait()
            if hit:
                return _resumed(rig, tree, first, hit)
            rig.seconds = first.seconds  # the machine is faster now: that was a whole run
    return Trial(survived=False, note=f"{_ATTEMPTS} runs ended before the signal")


def _resumed(rig: Rig, tree: Tree, first: Ended, hit: str) -> Trial:
    """Look at what is left, give the command again, and compare."""
    truncated = [f"not whole: {name}" for name in rig.wrong(tree)]
    is_ours = first.text.count(TRACEBACK) > first.text.count(_WHILE_IMPORTING)
    traceback = ["a traceback was shown"] if is_ours else []
    second, was_locked = tree.resume()
    running.wait_for_orphans()
    again = max(0, finished_jobs(first) + finished_jobs(second) - rig.jobs)
    note = hit + (", then --unlock" if was_locked else "")
    return rig.judge(tree, second, *truncated, *traceback, note=note, repeated=again)


def _kill_a_script(process: Running, draw: random.Random) -> str:
    while not process.is_over:
        scripts = [child for child in process.children() if stage_of(child)]
        if scripts:
            chosen = draw.choice(scripts)
            name = stage_of(chosen)
            try:
                chosen.kill()
            except psutil.NoSuchProcess:
                continue
            return name
        time.sleep(_POLL_S)
    return ""


def stage_of(process: psutil.Process) -> str:
    """Return the name of the stage that a process runs, '' if it runs none."""
    try:
        return layout.stage_of(process.cmdline())
    except psutil.Error:
        return ""


def _kill_snakemake(process: Running, draw: random.Random) -> str:
    hit = _at_work(process)
    os.kill(process.process.pid, signal.SIGKILL)
    return hit


def _interrupt(process: Running, draw: random.Random) -> str:
    hit = _at_work(process)
    process.signal_group(signal.SIGINT)
    return hit


def _terminate(process: Running, draw: random.Random) -> str:
    hit = _at_work(process)
    os.kill(process.process.pid, signal.SIGTERM)
    return hit


def _at_work(process: Running) -> str:
    """Return the scripts that a run executes at this moment."""
    found = {stage_of(child) for child in process.children()}
    return " and ".join(sorted(found - {""})) or "no script at work"


def two_runs(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Start a second run while the first is at work."""
    with rig.fresh("two_runs") as tree:
        first = tree.start()
        _wait_for_lock(tree, first)
        first.signal_group(signal.SIGSTOP)  # it must not end before the second has met it
        second = tree.run()
        first.signal_group(signal.SIGCONT)
        ended = first.wait()
        faults = []
        if second.status == 0:
            faults.append("the second run did not refuse")
        elif second.has_traceback:
            faults.append("the second run showed a traceback")
        said = "with its number" if str(first.process.pid) in second.text else "by snakemake"
        note = f"the second refused, the first named {said}"
        yield rig.judge(tree, ended, *faults, note=note if not faults else tail(second))


def _wait_for_lock(tree: Tree, running: Running) -> None:
    """Wait until the run has locked its folder."""
    locks = tree.folder / ".snakemake/locks"
    while not running.is_over and not (locks.is_dir() and any(locks.iterdir())):
        time.sleep(_POLL_S)
