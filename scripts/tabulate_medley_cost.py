"""Tabulate what extraction and training cost: clips per second, bytes on disk, peak memory."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.medley_cost import medley_cost


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
    rows = config.bound(medley_cost)(features, trainings)
    io.save_csv(options.table, rows)
    io.save_text(Path(options.table).with_suffix(".md"), io.csv_to_markdown(rows))


if __name__ == "__main__":
    config.run_script(main, arguments())
