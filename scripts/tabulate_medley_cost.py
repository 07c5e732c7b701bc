"""Tabulate what extraction and training cost: clips per second, bytes on disk, peak memory."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.medley_cost import medley_cost
from jtfs_repro.provenance import Stamp


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--features", nargs="+", required=True, help=".json of every shard")
    parser.add_argument("--trainings", nargs="+", required=True, help=".json beside predictions")
    parser.add_argument("--table", required=True, help="output .csv; its .md is beside it")
    return parser


def main(options):
    features = {}
    for path in options.features:
        features.setdefault(Path(path).parent.name, []).append(io.load_json(path))
    trainings = [io.load_json(path) for path in options.trainings]
    stamp = Stamp.common([report for reports in features.values() for report in reports])
    rows = config.bound(medley_cost)(features, trainings, stamp=stamp)
    io.save_csv(options.table, rows)
    text = io.csv_to_markdown(rows, caption=stamp.line)
    io.save_text(Path(options.table).with_suffix(".md"), text)


if __name__ == "__main__":
    config.run_script(main, arguments())
