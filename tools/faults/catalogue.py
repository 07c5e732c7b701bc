"""All faults, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tools.faults import (
    damage,
    disk,
    memory,
    signals,
    surroundings,
)
from tools.faults.rig import Rig, Trial


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that goes wrong, and what is promised for that case.

    Parameters
    ----------
    name : str
        As ``--only`` takes it.
    done : str
        What is done to the run.
    promise : str
        What must come of it.
    trials : callable
        ``trials(rig, rounds)`` yields one `Trial` after the other.
    is_signal : bool
        Whether it is tried in rounds, at random moments.
    is_dear : bool
        Whether it needs the dear stages of a run, as signals do.
    """

    name: str
    done: str
    promise: str
    trials: Callable[[Rig, int], Iterator[Trial]]
    is_signal: bool = False
    is_dear: bool = False


_SAME = "the same command again ends with the same bytes"
FAULTS = (
    Fault(
        name="script_killed",
        done="SIGKILL of a stage (`python -m jtfs_repro STAGE`) that is at work",
        promise=_SAME,
        trials=signals.script_killed,
        is_signal=True,
    ),
    Fault(
        name="snakemake_killed",
        done="SIGKILL of snakemake; its jobs go on as orphans while the command is given again",
        promise="the same command, after `--unlock` where asked for, ends with the same bytes",
        trials=signals.snakemake_killed,
        is_signal=True,
    ),
    Fault(
        name="interrupted",
        done="Ctrl-C: SIGINT to snakemake and its jobs",
        promise=_SAME,
        trials=signals.interrupted,
        is_signal=True,
    ),
    Fault(
        name="terminated",
        done="SIGTERM to snakemake",
        promise=_SAME,
        trials=signals.terminated,
        is_signal=True,
    ),
    Fault(
        name="corrupted_checkpoints",
        done="a job killed, then its checkpoint damaged",
        promise="found by its hash before use, the file named; the run ends with the same bytes",
        trials=damage.corrupted_checkpoints,
        is_dear=True,
    ),
    Fault(
        name="corrupted_shards",
        done="a shard damaged, or two exchanged",
        promise="found by its hash before use, the file named; deleted, it is made again",
        trials=damage.corrupted_shards,
    ),
    Fault(
        name="disk_full",
        done="a disk with less room than the outputs need; then room is made",
        promise=f"a clear line, nothing truncated under a final name; {_SAME}",
        trials=disk.disk_full,
    ),
    Fault(
        name="file_limit",
        done="files may not grow beyond 1 MB (`ulimit -f`); then they may",
        promise=f"a clear line, nothing truncated under a final name; {_SAME}",
        trials=disk.file_limit,
    ),
    Fault(
        name="two_runs",
        done="a second run in the folder of one at work",
        promise="the second refuses at once; the first ends with the same bytes",
        trials=signals.two_runs,
    ),
    Fault(
        name="read_only_results",
        done="outputs on a read-only file system; then writable",
        promise=f"a clear line; {_SAME}",
        trials=disk.read_only_results,
    ),
    Fault(
        name="no_permission",
        done="a folder that may not be written, a file that may not be read; then both may",
        promise=f"a clear line; {_SAME}",
        trials=disk.no_permission,
    ),
    Fault(
        name="odd_paths",
        done="spaces, quotes, `$`, `&`, `;` and an accent in the folder's name",
        promise="the same bytes",
        trials=surroundings.odd_paths,
    ),
    Fault(
        name="long_paths",
        done="a recording's name of 250 bytes; a folder with a path of 3 000 characters",
        promise="read; the same bytes",
        trials=surroundings.long_paths,
    ),
    Fault(
        name="not_utf8",
        done="a recording, and a folder, whose name is not UTF-8",
        promise="refused in one line, or read",
        trials=surroundings.not_utf8,
    ),
    Fault(
        name="other_folder",
        done="snakemake started in another folder (`--snakefile`, `--directory`)",
        promise="the same bytes, nothing left elsewhere",
        trials=surroundings.other_folder,
    ),
    Fault(
        name="no_home",
        done="no HOME: one that cannot be made, none at all",
        promise="the same bytes",
        trials=surroundings.no_home,
    ),
    Fault(
        name="no_network",
        done="every download asked for, without a network",
        promise="each says 'not run' and the remedy; the rest ends with the same bytes",
        trials=surroundings.no_network,
    ),
    Fault(
        name="memory_budget",
        done="features extracted with several `memory_gb`",
        promise="peak memory above that of a single signal is within the budget",
        trials=memory.memory_budget,
    ),
)
BY_NAME = {fault.name: fault for fault in FAULTS}
