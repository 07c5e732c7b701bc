"""Compare the order of the representations between runs of different f_m range and J."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.ablation import ablation
from jtfs_repro.provenance import Stamp


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--variants", nargs="+", required=True, help="names, in order")
    parser.add_argument("--knn", nargs="+", required=True, help="knn_scores.csv, one each")
    parser.add_argument("--errors", required=True, help="output .csv; its .md is beside it")
    parser.add_argument("--orders", required=True, help="output .csv; its .md is beside it")
    return parser


def main(options):
    tables = dict(zip(options.variants, map(io.load_csv, options.knn), strict=True))
    rows = [row | {"variant": ""} for table in tables.values() for row in table]
    stamp = Stamp.common(rows)
    made = config.bound(ablation)(tables, stamp=stamp)
    for path, table in ((options.errors, made.errors), (options.orders, made.orders)):
        io.save_csv(path, table)
        io.save_text(Path(path).with_suffix(".md"), io.csv_to_markdown(table, caption=stamp.line))


if __name__ == "__main__":
    config.run_script(main, arguments())
