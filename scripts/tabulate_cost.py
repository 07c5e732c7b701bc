"""Tabulate what the representations cost: dimension, seconds per signal, peak memory."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.scores import cost_rows
from jtfs_repro.experiments.stored import stored_stamp


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--costs", nargs="+", required=True, help=".json, one per representation")
    parser.add_argument("--facts", nargs="+", required=True, help=".json, one per representation")
    parser.add_argument("--table", required=True, help="output .csv; its .md is beside it")
    return parser


def main(options):
    stamp = stored_stamp(options.facts)
    rows = config.bound(cost_rows)([io.load_json(path) for path in options.costs], stamp=stamp)
    io.save_csv(options.table, rows)
    text = io.csv_to_markdown(rows, caption=stamp.line)
    io.save_text(Path(options.table).with_suffix(".md"), text)


if __name__ == "__main__":
    config.run_script(main, arguments())
