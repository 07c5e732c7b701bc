"""Tabulate the test scores of the classifiers: Table 2, every seed, differences, confusions."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.learning_curves import history_key, learning_curves
from jtfs_repro.experiments.predictions import devices, load_prediction
from jtfs_repro.experiments.table2 import table2
from jtfs_repro.provenance import Stamp, add_stamp_arguments


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    parser.add_argument("--predictions", nargs="+", required=True, help=".npz per model and seed")
    parser.add_argument("--costs", nargs="*", default=[], help=".json with their devices")
    parser.add_argument("--histories", nargs="*", default=[], help="<model>/seed-<k>.csv")
    parser.add_argument("--facts", required=True, help=".json of the clip set")
    parser.add_argument("--table", required=True, help="output .csv; its .md is beside it")
    parser.add_argument("--seeds", required=True, help="output .csv; its .md is beside it")
    parser.add_argument("--differences", required=True, help="output .csv; its .md is beside it")
    parser.add_argument("--confusion", required=True, help="output .csv")
    parser.add_argument("--curves", required=True, help="output .csv of the histories")
    return parser


def main(options):
    clip_set = io.load_json(options.facts)["clip_set"]
    stamp = Stamp.of(options, device=devices([io.load_json(path) for path in options.costs]))
    predictions = [load_prediction(path) for path in options.predictions]
    histories = {history_key(path): io.load_csv(path) for path in options.histories}
    curves = learning_curves(predictions, histories, stamp=stamp, clip_set=clip_set)
    made = config.bound(table2)(predictions, stamp=stamp, clip_set=clip_set)
    for path, rows in ((options.seeds, made.seeds), (options.differences, made.differences)):
        io.save_csv(path, rows)
        io.save_text(Path(path).with_suffix(".md"), io.csv_to_markdown(rows, caption=stamp.line))
    io.save_csv(options.table, made.rows)
    io.save_text(Path(options.table).with_suffix(".md"), made.text)
    io.save_csv(options.confusion, made.confusion)
    io.save_csv(options.curves, curves)


if __name__ == "__main__":
    config.run_script(main, arguments())
