"""Draw Figure 2: the constant-Q transforms of two chirps."""

from jtfs_repro import config, io
from jtfs_repro.plots.cqt_chirps import figure_cqt_chirps
from jtfs_repro.provenance import Stamp, add_stamp_arguments


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    parser.add_argument("--transforms", required=True, help=".npz")
    parser.add_argument("--figures", nargs="+", required=True, help="outputs .png, .pdf, .svg")
    return parser


def main(options):
    stamp = Stamp.of(options, device="cpu")
    transforms = io.load_arrays(options.transforms)
    figure = config.bound(figure_cqt_chirps)(**transforms, stamp_line=stamp.line)
    for path in options.figures:
        io.save_figure(path, figure)


if __name__ == "__main__":
    config.run_script(main, arguments())
