"""Tabulate the error ratios and the embeddings of all representations."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.datasets.chirps import theta_from_rows
from jtfs_repro.experiments.outcomes import Outcome
from jtfs_repro.experiments.scores import scores
from jtfs_repro.provenance import Stamp


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
    stamp = Stamp.common([io.load_json(path) for path in options.facts])
    triples = zip(options.names, options.manifolds, options.ratios, strict=True)
    outcomes = [
        Outcome.from_arrays(name, io.load_arrays(manifold), io.load_arrays(ratios))
        for name, manifold, ratios in triples
    ]
    theta = theta_from_rows(io.load_csv(options.parameters))
    tables = config.bound(scores)(outcomes, theta, stamp=stamp)
    for path, rows in ((options.knn, tables.knn), (options.embedding, tables.embedding)):
        io.save_csv(path, rows)
        io.save_text(Path(path).with_suffix(".md"), io.csv_to_markdown(rows, caption=stamp.line))


if __name__ == "__main__":
    config.run_script(main, arguments())
