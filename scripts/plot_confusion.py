"""Draw the confusion matrices of all classifiers."""

from jtfs_repro import config, io
from jtfs_repro.plots.confusion import figure_confusion
from jtfs_repro.provenance import Stamp


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--table", required=True, help=".csv of Table 2, for the stamp")
    parser.add_argument("--confusion", required=True, help=".csv of confusions")
    parser.add_argument("--figures", nargs="+", required=True, help="outputs .png, .pdf, .svg")
    return parser


def main(options):
    line = Stamp.common(io.load_csv(options.table)).line
    rows = io.load_csv(options.confusion)
    figure = config.bound(figure_confusion)(rows, stamp_line=line)
    for path in options.figures:
        io.save_figure(path, figure)


if __name__ == "__main__":
    config.run_script(main, arguments())
