"""Names that programs stumble over, other working directories, no home directory, no network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from jtfs_repro import io
from jtfs_repro.audio import Sound, write_sound
from rules.recordings import name_of
from tools.faults import machine
from tools.faults.layout import DOWNLOADS, FIGURE, RECORDINGS, SOUND
from tools.faults.rig import Rig, Tree, Trial
from tools.faults.running import Ended, tail

ODD = 'it\'s a "tree" & (1) $HOME;x Töne'
NOT_UTF8 = os.fsdecode(b"caf\xe9")
LONG_NAME = "a very long recording " * 12
LONG_COMPONENT = "long" * 50
DEPTH = 3000  # characters of the folder's path: Linux allows 4095 for that of a file
NOWHERE = "/proc/no-home"  # not even root can make this folder
_UNSET = dict.fromkeys(
    ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "MPLCONFIGDIR", "NUMBA_CACHE_DIR")
)
DEAD_PROXY = "http://127.0.0.1:9"
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def odd_paths(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Run in a folder with spaces, quotes, a dollar sign and an accent in its name."""
    with rig.fresh("odd", folder=ODD) as tree:
        yield rig.judge(tree, tree.run(), note="a path with spaces, quotes, $ and an accent")


def long_paths(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Run in a folder whose path has 3000 characters, and with a recording of 250."""
    with rig.fresh("long") as tree:
        yield _prepared(tree, LONG_NAME[:246], "a recording's name of 250 bytes")
    if rounds == 1:
        return
    deep = Path(*[LONG_COMPONENT] * (DEPTH // len(LONG_COMPONENT)))
    with rig.fresh("deep", folder=str(deep)) as tree:
        note = f"a path of {len(os.fspath(tree.folder))} characters"
        yield rig.judge(tree, tree.run(), note=note)


def not_utf8(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Run with a recording, then in a folder, whose name is no UTF-8 text."""
    with rig.fresh("latin") as tree:
        _record(tree, NOT_UTF8)
        ended = tree.run()
        silent = "" if "not taken" in ended.text else "the recording was passed over in silence"
        yield rig.judge(tree, ended, silent, note="a recording: named, the rest goes on")
    if rounds == 1:
        return
    with rig.fresh("latin", folder=NOT_UTF8) as tree:
        ended = tree.run()
        if _is_refused(ended):
            yield Trial(survived=True, note="the folder: refused in one line")
        elif ended.has_traceback:
            yield Trial(survived=False, note=f"the folder: a traceback was shown: {tail(ended)}")
        else:
            yield rig.judge(tree, ended, note="the folder")


def other_folder(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Run snakemake from elsewhere, with ``--snakefile`` and ``--directory``."""
    with rig.fresh("other") as tree:
        elsewhere = tree.folder.with_name(f"{tree.folder.name}.elsewhere")
        elsewhere.mkdir()
        place = ("--snakefile", f"{tree.folder}/Snakefile", "--directory", f"{tree.folder}")
        ended = tree.start(tree.command(*place), folder=elsewhere).wait()
        left = ", ".join(path.name for path in elsewhere.iterdir())
        yield rig.judge(tree, ended, f"files elsewhere: {left}" if left else "")
        elsewhere.rmdir()


def _prepared(tree: Tree, name: str, what: str) -> Trial:
    """Add a recording of that name and run the rule that reads it."""
    target = SOUND.format(name_of(_record(tree, name)))
    ended = tree.start(tree.command(targets=[target])).wait()
    if ended.status or ended.has_traceback or not (tree.folder / target).exists():
        return Trial(survived=False, note=f"{what}: {tail(ended)}")
    return Trial(survived=True, note=f"{what}: read")


def _record(tree: Tree, name: str) -> Path:
    """Write a recording of that name; return its path."""
    folder = tree.folder / RECORDINGS
    noise = np.random.default_rng(0).standard_normal((1, 9000)).astype(np.float32) / 10
    write_sound(folder / "plain.wav", Sound(samples=noise, sr=16000))
    return (folder / "plain.wav").rename(folder / f"{name}.wav")


def _is_refused(ended: Ended) -> bool:
    """Return whether a run was refused before its first job, with one line that says why."""
    return ended.status != 0 and len(ended.errors) == 1 and not ended.has_traceback


def no_home(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Run with a HOME that does not exist and cannot be made, then with none."""
    for home in (NOWHERE, None)[:rounds]:
        with rig.fresh("no_home") as tree:
            wanted = [*tree.plan.targets, *([FIGURE] if rounds > 1 else [])]
            # snakemake ends without a place for its cache; `make` gives it this one
            cache = {"XDG_CACHE_HOME": f"{tree.folder}/.snakemake/cache"} if home else {}
            command = tree.command(targets=wanted)
            ended = tree.start(command, changes={**_UNSET, "HOME": home, **cache}).wait()
            what = "HOME that cannot be made, with XDG_CACHE_HOME" if home else "HOME unset"
            traceback = "a traceback was shown" if ended.has_traceback else ""
            yield rig.judge(tree, ended, traceback, note=what)


def no_network(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Run, with every download asked for, without a network."""
    with rig.fresh("no_network") as tree:
        tried = dict(list(DOWNLOADS.items())[:rounds])
        command = tree.command(targets=[*tree.plan.targets, *tried.values()])
        command += [*tried, "test_soundfont=auto"]
        within, changes, note = _offline()
        ended = tree.start(command, within=within, changes=changes).wait()
        found = {name: _status(tree, name) for name in tried.values()}
        undone = [name for name, status in found.items() if not status]
        faults = [f"{name}: neither run, nor a reason and a remedy" for name in undone]
        faults += ["a traceback was shown"] if ended.has_traceback else []
        count = list(found.values()).count(io.NOT_RUN)
        note += f": {count} of {len(tried)} downloads 'not run' with their remedy"
        yield rig.judge(tree, ended, *faults, note=note)


def _offline() -> tuple[tuple[str, ...], dict[str, str | None], str]:
    """Return what takes the network away, and how it does so."""
    try:
        return machine.unshare("net"), {}, "a network namespace without a route"
    except io.Unavailable:
        proxies: dict[str, str | None] = dict.fromkeys(_PROXIES, DEAD_PROXY)
        return (), proxies, "proxies at a dead port"


def _status(tree: Tree, name: str) -> str:
    """Return what a download says became of it, '' if it does not, or names no remedy."""
    path = tree.folder / name
    facts = io.load_json(path) if path.exists() else {}
    is_explained = bool(facts.get("reason") and facts.get("remedy"))
    is_run = facts.get("status") == io.RUN
    return facts.get("status", "") if is_run or is_explained else ""
