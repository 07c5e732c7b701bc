"""Tabulate the error ratios and the embeddings of all representations."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.scores import scores
from jtfs_repro.experiments.stored import stored_outcomes, stored_stamp, stored_theta


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--names", nargs="+", required=True, help="representations, in order")
    parser.add_argument("--manifolds", nargs="+", required=True, help=".npz, one each")
    parser.add_argument("--ratios", nargs="+", required=True, help=".npz, one each")
    parser.add_argument("--facts", nargs="+", required=True, help=".json, one each")
    parser.add_argument("--parameters", required=True, help=".csv (f_c, f_m, gamma)")
    parser.add_argument("--knn", required=True, help="output .csv; its .md is beside it")
    parser.add_argument("--embedding", required=True, help="output .csv; its .md is beside it")
    return parser


def main(options):
    stamp = stored_stamp(options.facts)
    outcomes = stored_outcomes(options.names, options.manifolds, options.ratios)
    tables = config.bound(scores)(outcomes, stored_theta(options.parameters), stamp=stamp)
    for path, rows in ((options.knn, tables.knn), (options.embedding, tables.embedding)):
        io.save_csv(path, rows)
        io.save_text(Path(path).with_suffix(".md"), io.csv_to_markdown(rows, caption=stamp.line))


if __name__ == "__main__":
    config.run_script(main, arguments())
