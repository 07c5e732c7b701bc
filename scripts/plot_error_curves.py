"""Draw the error of every resynthesis against the iteration."""

from jtfs_repro import config, io
from jtfs_repro.plots.error_curves import figure_error_curves
from jtfs_repro.provenance import Stamp


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--histories", nargs="+", required=True, help=".csv of each resynthesis")
    parser.add_argument("--figures", nargs="+", required=True, help="outputs .png, .pdf, .svg")
    return parser


def main(options):
    rows = [row for path in options.histories for row in io.load_csv(path)]
    figure = config.bound(figure_error_curves)(rows, stamp_line=Stamp.common(rows).line)
    for path in options.figures:
        io.save_figure(path, figure)


if __name__ == "__main__":
    config.run_script(main, arguments())
