"""No home directory, no network."""

from __future__ import annotations

from collections.abc import Iterator

from jtfs_repro import io
from tools.faults import machine
from tools.faults.records import Trial
from tools.faults.rig import Rig
from tools.faults.tree import Tree

NOWHERE = "/proc/no-home"  # not even root can make this folder
_UNSET = dict.fromkeys(
    ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "MPLCONFIGDIR", "NUMBA_CACHE_DIR")
)
FIGURE = "img/smoke/fig2_cqt_chirps.png"  # by way of matplotlib and librosa, which keep caches
DEAD_PROXY = "http://127.0.0.1:9"
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
DOWNLOADS = {
    "medley_download=always": "data/smoke/medley_solos_db.json",
    "openl3_download=always": "data/smoke/openl3_weights.json",
    "soundfont_download=always": "data/soundfonts/status.json",
}


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
