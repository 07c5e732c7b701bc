"""All faults, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tools.faults import damage, disk, memory, signals, surroundings
from tools.faults.rig import Rig, Trial


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong, and what is promised for that case.

    Parameters
    ----------
    trials : callable
        ``trials(rig, rounds)`` yields one `Trial` after the other; ``--only`` takes its name.
    done : str
        What is done to the run.
    promise : str
        What must come of it.
    is_signal : bool
        Whether it is tried in rounds, at random moments.
    is_dear : bool
        Whether it needs the dear stages of a run, as signals do.
    """

    trials: Callable[[Rig, int], Iterator[Trial]]
    done: str
    promise: str
    is_signal: bool = False
    is_dear: bool = False

    @property
    def name(self) -> str:
        """As ``--only`` takes it."""
        return self.trials.__name__


_SAME = "the same command again ends with the same bytes"
FAULTS = (
    Fault(signals.script_killed, "SIGKILL of a script that is at work", _SAME, is_signal=True),
    Fault(
        signals.snakemake_killed,
        "SIGKILL of snakemake; its jobs go on as orphans while the command is given again",
        "the same command, after `--unlock` where asked for, ends with the same bytes",
        is_signal=True,
    ),
    Fault(signals.interrupted, "Ctrl-C: SIGINT to snakemake and its jobs", _SAME, is_signal=True),
    Fault(signals.terminated, "SIGTERM to snakemake", _SAME, is_signal=True),
    Fault(
        damage.corrupted_checkpoints,
        "a job killed, then its checkpoint damaged",
        "found by its hash before use, the file named; the run ends with the same bytes",
        is_dear=True,
    ),
    Fault(
        damage.corrupted_shards,
        "a shard damaged, or two exchanged",
        "found by its hash before use, the file named; deleted, it is made again",
    ),
    Fault(
        disk.disk_full,
        "a disk with less room than the outputs need; then room is made",
        f"a clear line, nothing truncated under a final name; {_SAME}",
    ),
    Fault(
        disk.file_limit,
        "files may not grow beyond 1 MB (`ulimit -f`); then they may",
        f"a clear line, nothing truncated under a final name; {_SAME}",
    ),
    Fault(
        signals.two_runs,
        "a second run in the folder of one at work",
        "the second refuses at once; the first ends with the same bytes",
    ),
    Fault(
        disk.read_only_results,
        "outputs on a read-only file system; then writable",
        f"a clear line; {_SAME}",
    ),
    Fault(
        disk.no_permission,
        "a folder that may not be written, a file that may not be read; then both may",
        f"a clear line; {_SAME}",
    ),
    Fault(
        surroundings.odd_paths,
        "spaces, quotes, `$`, `&`, `;` and an accent in the folder's name",
        "the same bytes",
    ),
    Fault(
        surroundings.long_paths,
        "a recording's name of 250 bytes; a folder with a path of 3 000 characters",
        "read; the same bytes",
    ),
    Fault(
        surroundings.not_utf8,
        "a recording, and a folder, whose name is not UTF-8",
        "named, refused in one line, or read",
    ),
    Fault(
        surroundings.other_folder,
        "snakemake started in another folder (`--snakefile`, `--directory`)",
        "the same bytes, nothing left elsewhere",
    ),
    Fault(surroundings.no_home, "no HOME: one that cannot be made, none at all", "the same bytes"),
    Fault(
        surroundings.no_network,
        "every download asked for, without a network",
        "each says 'not run' and the remedy; the rest ends with the same bytes",
    ),
    Fault(
        memory.memory_budget,
        "features extracted with several `memory_gb`",
        "peak memory above that of a single signal is within the budget",
    ),
)
BY_NAME = {fault.name: fault for fault in FAULTS}
