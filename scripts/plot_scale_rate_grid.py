"""Draw the scale–rate figure: a grid of 2-D wavelets, and a grid of their responses."""

from jtfs_repro import config, io
from jtfs_repro.experiments.scale_rate_grid import scale_rate_grid
from jtfs_repro.plots.scale_rate_grid import figure_grid_coefficients, figure_grid_filters
from jtfs_repro.provenance import Stamp, add_stamp_arguments


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    for name in ("--filters", "--coefficients"):
        parser.add_argument(name, nargs="+", required=True, help="outputs .png, .pdf, .svg")
    return parser


def main(options):
    line = Stamp.of(options, device="cpu").line
    grid = config.bound(scale_rate_grid)()
    filters = figure_grid_filters(grid.wavelets, stamp_line=line)
    coefficients = config.bound(figure_grid_coefficients)(
        grid.wavelets, grid.response, grid.times_s, grid.frequencies_hz, stamp_line=line
    )
    for figure, paths in ((filters, options.filters), (coefficients, options.coefficients)):
        for path in paths:
            io.save_figure(path, figure)


if __name__ == "__main__":
    config.run_script(main, arguments())
