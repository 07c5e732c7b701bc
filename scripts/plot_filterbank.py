"""Draw the filter banks: curves in frequency, and 2-D wavelets in time and log-frequency."""

from jtfs_repro import config, io
from jtfs_repro.experiments.filterbank import filterbank
from jtfs_repro.plots.filterbank import figure_filterbank_1d, figure_filterbank_2d
from jtfs_repro.provenance import Stamp, add_stamp_arguments


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    for name in ("--curves", "--wavelets"):
        parser.add_argument(name, nargs="+", required=True, help="outputs .png, .pdf, .svg")
    return parser


def main(options):
    line = Stamp.of(options, device="cpu").line
    bank = config.bound(filterbank)()
    curves = figure_filterbank_1d(bank.first, bank.second, bank.log_frequency, stamp_line=line)
    wavelets = figure_filterbank_2d(bank.wavelets, stamp_line=line)
    for figure, paths in ((curves, options.curves), (wavelets, options.wavelets)):
        for path in paths:
            io.save_figure(path, figure)


if __name__ == "__main__":
    config.run_script(main, arguments())
