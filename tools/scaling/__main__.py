"""Predict how long a run would take elsewhere, and tell what it costs per item."""

import math

from jtfs_repro import config, io
from tools.scaling import costs, rates
from tools.scaling.jobs import load_run
from tools.scaling.schedule import Machine, prediction_row


def arguments():
    """Return the parser of the command line."""
    parser = config.parser(__doc__)
    parser.add_argument("--manifest", help="manifest.json: predict from the jobs of this run")
    parser.add_argument("--made-on", type=int, default=2, help="cores that the run was made with")
    parser.add_argument("--cores", type=int, default=2, help="cores of the machine to predict")
    parser.add_argument("--gpus", type=int, default=0, help="GPUs of that machine")
    parser.add_argument("--against", help="manifest.json of the same run, made with --cores")
    parser.add_argument("--gpu-speedup", type=float, help="one GPU over one core: an assumption")
    parser.add_argument("--storage-mb-s", type=float, default=math.inf, help="shared by all jobs")
    parser.add_argument("--start-s", type=float, default=10.0, help="seconds before a job works")
    parser.add_argument("--kill-every-h", type=float, default=24.0, help="hours of one worker")
    parser.add_argument("--per-item", metavar="FOLDER", help="seconds and bytes per item of a run")
    parser.add_argument("--workloads", metavar="FOLDER", help="hours for large sets of clips")
    return parser


def main(options):
    """Print the tables that were asked for."""
    if not (options.manifest or options.per_item or options.workloads):
        raise ValueError("nothing to do: give --manifest, --per-item or --workloads")
    if options.gpus and options.gpu_speedup is None:
        raise ValueError("--gpus needs --gpu-speedup: no GPU was measured (assume one, e.g. 10)")
    run = load_run(options.manifest) if options.manifest else ()
    for rows in [*tables_of(options, *run), *workloads(options)]:
        print(io.csv_to_markdown(rows), end="\n\n")


def tables_of(options, jobs=(), stamp=None):
    """Yield what was measured, and what is predicted from it."""
    if options.per_item:
        measured = rates.load_rates(options.per_item)
        yield [rate.row for rate in measured]
        yield from [rates.stage_rows(jobs, measured, stamp=stamp)] if jobs else []
    elif jobs:
        pace = {"gpu_speedup": options.gpu_speedup or 1.0, "storage": 1e6 * options.storage_mb_s}
        machine = Machine(cores=options.cores, gpus=options.gpus, **pace)
        target = {"against": load_run(options.against)[0]} if options.against else {}
        yield [prediction_row(jobs, machine, made_on=options.made_on, stamp=stamp, **target)]


def workloads(options):
    """Yield hours, saturation and shard sizes for large sets of clips."""
    if options.workloads:
        measured = rates.load_rates(options.workloads)
        gpus = {"gpu_speedup": options.gpu_speedup, "storage": 1e6 * options.storage_mb_s}
        kills = {"start_s": options.start_s, "kill_every_s": 3600 * options.kill_every_h}
        yield costs.cost_rows(measured, **gpus)
        yield costs.saturation_rows(measured)
        yield costs.shard_rows(measured, **kills)


if __name__ == "__main__":
    config.run_script(main, arguments())
