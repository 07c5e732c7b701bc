"""Predict how long a run would take elsewhere, and tell what it costs per item.

`--per-item` prints seconds and bytes of each stage of a run, `--workloads` what large sets of clips
would take at that pace, `--manifest` when the jobs of a run would end on another machine, beside a
measured run with `--against`. docs/scaling.md quotes the tables. Nothing is written.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from typing import Any

from jtfs_repro.tables import to_markdown
from tools import command
from tools.scaling import costs, rates
from tools.scaling.jobs import Job, load_run
from tools.scaling.simulation import Machine, prediction


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options of a command line.

    Raises
    ------
    ValueError
        There is nothing to do, or GPUs are asked for without an assumption on their speed.
    """
    parser = command.Parser(prog="python -m tools.scaling", description=__doc__)
    add = parser.add_argument
    add("--manifest", metavar="FILE", help="manifest.json: predict from the jobs of this run")
    add("--made-on", type=int, default=2, help="cores that the run was made with")
    add("--cores", type=int, default=2, help="cores of the machine to predict")
    add("--gpus", type=int, default=0, help="GPUs of that machine")
    add("--against", metavar="FILE", help="manifest.json of the same run, made with --cores")
    add("--gpu-speedup", type=float, help="one GPU over one core: an assumption")
    add("--storage-mb-s", type=float, default=math.inf, help="shared by all jobs")
    add("--start-s", type=float, default=10.0, help="seconds before a job works")
    add("--kill-every-h", type=float, default=24.0, help="hours of one worker")
    add("--per-item", metavar="FOLDER", help="seconds and bytes per item of a run, results/demo")
    add("--workloads", metavar="FOLDER", help="hours for large sets of clips, from that run")
    given = parser.parse_args(arguments)
    if not (given.manifest or given.per_item or given.workloads):
        raise ValueError("nothing to do: give --manifest, --per-item or --workloads")
    if given.gpus and given.gpu_speedup is None:
        raise ValueError("--gpus needs --gpu-speedup: no GPU was measured (assume one, e.g. 10)")
    return given


def main() -> None:
    """Print the tables that were asked for."""
    given = options()
    jobs, stamp = load_run(given.manifest) if given.manifest else ([], {})
    for rows in [*tables(given, jobs, stamp), *workloads(given)]:
        print(to_markdown(rows), end="\n\n")


def tables(
    given: argparse.Namespace, jobs: Sequence[Job], stamp: dict[str, str]
) -> Iterator[list[dict[str, Any]]]:
    """Yield what was measured, or what is predicted from it."""
    if given.per_item:
        measured = rates.load_rates(given.per_item)
        yield [rate.row for rate in measured]
        if jobs:
            yield rates.stage_rows(jobs, measured, stamp=stamp)
    elif jobs:
        pace = {"gpu_speedup": given.gpu_speedup or 1.0, "storage": 1e6 * given.storage_mb_s}
        machine = Machine(cores=given.cores, gpus=given.gpus, **pace)
        target = load_run(given.against)[0] if given.against else None
        yield [prediction(jobs, machine, made_on=given.made_on, stamp=stamp, against=target)]


def workloads(given: argparse.Namespace) -> Iterator[list[dict[str, Any]]]:
    """Yield hours, saturation and shard sizes for large sets of clips."""
    if given.workloads:
        measured = rates.load_rates(given.workloads)
        gpus = {"gpu_speedup": given.gpu_speedup, "storage": 1e6 * given.storage_mb_s}
        kills = {"start_s": given.start_s, "kill_every_s": 3600 * given.kill_every_h}
        yield costs.cost_rows(measured, **gpus)
        yield costs.saturation_rows(measured)
        yield costs.shard_rows(measured, **kills)


if __name__ == "__main__":
    command.run(main)
