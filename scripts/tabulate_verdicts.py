"""Set the paper's claims against our values."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.medley_verdicts import Tables, medley_verdicts
from jtfs_repro.experiments.texture_verdicts import TextureTables, texture_verdicts
from jtfs_repro.experiments.verdicts import verdicts
from jtfs_repro.provenance import Stamp


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--knn", required=True, help=".csv of error ratios")
    parser.add_argument("--embedding", required=True, help=".csv of embeddings")
    parser.add_argument("--ablation", help=".csv of the ablation's orders, where it was run")
    parser.add_argument("--ablation-sha256", help="its hash; unused, reruns this when it changes")
    parser.add_argument("--table2", help=".csv of Table 2, where Section 4 was run")
    parser.add_argument("--differences", help=".csv of the differences between its models")
    parser.add_argument("--seeds", help=".csv of the recalls of every seed")
    parser.add_argument("--spins", help=".csv of the spins of signals, where Section 2 was run")
    parser.add_argument("--resynthesis", help=".csv of the resyntheses, where Section 5 was run")
    parser.add_argument("--resynthesis-cost", help=".csv of what their iterations cost")
    parser.add_argument("--table", required=True, help="output .csv; its .md is beside it")
    return parser


def main(options):
    knn, embedding = io.load_csv(options.knn), io.load_csv(options.embedding)
    stamp = Stamp.common(embedding)
    ablation = io.load_csv(options.ablation) if options.ablation else None
    rows = config.bound(verdicts)(knn, embedding, stamp=stamp, ablation=ablation)
    names = ("table2", "differences", "seeds")
    found = {name: getattr(options, name) for name in names if getattr(options, name)}
    medley = Tables(**{name: io.load_csv(path) for name, path in found.items()})
    rows += medley_verdicts(medley, stamp=stamp)
    paths = (options.spins, options.resynthesis, options.resynthesis_cost)
    spins, resynthesis, cost = (io.load_csv(path) if path else () for path in paths)
    textures = TextureTables(spins=spins, resynthesis=resynthesis, cost=cost)
    rows += texture_verdicts(textures, stamp=stamp)
    io.save_csv(options.table, rows)
    text = io.csv_to_markdown(rows, caption=stamp.line)
    io.save_text(Path(options.table).with_suffix(".md"), text)


if __name__ == "__main__":
    config.run_script(main, arguments())
