"""Draw Table 2 as bars: recall per class by model, the paper's values beside."""

from jtfs_repro import config, io
from jtfs_repro.experiments.published import paper_table2
from jtfs_repro.plots.class_recalls import figure_class_recalls
from jtfs_repro.provenance import Stamp


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--table", required=True, help=".csv of Table 2")
    parser.add_argument("--seeds", required=True, help=".csv of the recalls of every seed")
    parser.add_argument("--figures", nargs="+", required=True, help="outputs .png, .pdf, .svg")
    return parser


def main(options):
    table, seeds = io.load_csv(options.table), io.load_csv(options.seeds)
    line = Stamp.common(table).line
    figure = config.bound(figure_class_recalls)(table, seeds, paper_table2(), stamp_line=line)
    for path in options.figures:
        io.save_figure(path, figure)


if __name__ == "__main__":
    config.run_script(main, arguments())
