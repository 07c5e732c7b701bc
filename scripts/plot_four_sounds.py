"""Draw Figure 1: scalograms of sounds and their un-averaged responses in both spins."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.plots.four_sounds import figure_four_sounds
from jtfs_repro.provenance import Stamp, add_stamp_arguments
from jtfs_repro.scale_rates import ScaleRate


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    parser.add_argument("--scale-rates", nargs="+", required=True, help=".npz, one per sound")
    parser.add_argument("--figures", nargs="+", required=True, help="outputs .png, .pdf, .svg")
    return parser


def main(options):
    results = {Path(p).stem: ScaleRate.of_arrays(io.load_arrays(p)) for p in options.scale_rates}
    line = Stamp.of(options, device="cpu").line
    figure = config.bound(figure_four_sounds)(results, stamp_line=line)
    for path in options.figures:
        io.save_figure(path, figure)


if __name__ == "__main__":
    config.run_script(main, arguments())
