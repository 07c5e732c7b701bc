"""Draw how the padding of a rising chirp leaks into the falling spin."""

from jtfs_repro import config, io
from jtfs_repro.plots.spin_leak import figure_spin_leak
from jtfs_repro.provenance import Stamp


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--frames", required=True, help=".csv, one row per frame")
    parser.add_argument("--figures", nargs="+", required=True, help="outputs .png, .pdf, .svg")
    return parser


def main(options):
    frames = io.load_csv(options.frames)
    stamp = Stamp.common(frames)
    figure = config.bound(figure_spin_leak)(frames, stamp_line=stamp.line)
    for path in options.figures:
        io.save_figure(path, figure)


if __name__ == "__main__":
    config.run_script(main, arguments())
