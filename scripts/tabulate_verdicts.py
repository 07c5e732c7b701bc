"""Set every number that the paper, its code and later work state against our values."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments import verdict_table
from jtfs_repro.experiments.gin_settings import FOLDER, GinSettings
from jtfs_repro.experiments.verdict_rows import located
from jtfs_repro.experiments.verdicts import verdicts
from jtfs_repro.site.verdict_page import verdict_page


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--knn", required=True, help=".csv of error ratios")
    parser.add_argument("--embedding", required=True, help=".csv of embeddings")
    parser.add_argument("--ablation", help=".csv of the ablation's orders, where it was run")
    parser.add_argument("--ablation-sha256", help="its hash; unused, reruns this when it changes")
    parser.add_argument("--table2", help=".csv of Table 2, where Section 4 was run")
    parser.add_argument("--differences", help=".csv of the differences between its models")
    parser.add_argument("--seeds", help=".csv of the recalls of every seed")
    parser.add_argument("--clips", help=".csv of its clips")
    parser.add_argument("--spins", help=".csv of the spins of signals, where Section 2 was run")
    parser.add_argument("--resynthesis", help=".csv of the resyntheses, where Section 5 was run")
    parser.add_argument("--resynthesis-cost", help=".csv of what their iterations cost")
    parser.add_argument("--cqt", help=".npz of the chirps of Figure 2")
    parser.add_argument("--benchmarks", nargs="*", default=[], help=".csv of `make benchmark`")
    parser.add_argument("--settings", default=FOLDER, help="the folder gin/, whose settings count")
    parser.add_argument("--table", required=True, help="output .csv; .md and .html are beside it")
    return parser


def main(options):
    paths = {name: getattr(options, name.replace("-", "_")) for name in verdict_table.CSV_TABLES}
    paths |= {"clips": options.clips, "knn": options.knn, "embedding": options.embedding}
    paths = {name: path for name, path in paths.items() if path}
    tables = {name: io.load_csv(path) for name, path in paths.items()}
    sources = verdict_table.Sources(
        knn=tables.pop("knn"),
        embedding=tables.pop("embedding"),
        tables=tables,
        cqt=io.load_arrays(options.cqt) if options.cqt else None,
        benchmarks=[row for path in options.benchmarks for row in io.load_csv(path)],
        settings=GinSettings(folder=options.settings),
    )
    links = paths | {"cqt": options.cqt or ""}
    links |= {"benchmarks": options.benchmarks[0] if options.benchmarks else ""}
    table = Path(options.table)
    rows = verdict_table.all_verdicts(sources, judge=config.bound(verdicts))
    rows = located(rows, links, start=table.parent)
    io.save_csv(table, rows)
    io.save_text(table.with_suffix(".md"), verdict_table.markdown(rows, stamp=sources.stamp))
    io.save_text(table.with_suffix(".html"), verdict_page(rows, stamp=sources.stamp))


if __name__ == "__main__":
    config.run_script(main, arguments())
