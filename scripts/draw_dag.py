"""Draw the workflow from the graph on standard input: snakemake --rulegraph | this."""

import sys

from jtfs_repro import config, io
from jtfs_repro.plots.dag import figure_dag


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--figures", nargs="+", required=True, help="outputs .svg, .png")
    return parser


def main(options):
    figure = config.bound(figure_dag)(sys.stdin.read())
    for path in options.figures:
        io.save_figure(path, figure)


if __name__ == "__main__":
    config.run_script(main, arguments())
