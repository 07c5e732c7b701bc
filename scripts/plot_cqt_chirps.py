"""Draw Figure 2: the constant-Q transforms of two chirps."""

from jtfs_repro import config, io
from jtfs_repro.plots.cqt_chirps import figure_cqt_chirps
from jtfs_repro.provenance import Stamp


def arguments():
    parser = config.parser(__doc__)
    for name in ("scale", "preset", "variant"):
        parser.add_argument(f"--{name}", default="", help="printed on the figure")
    parser.add_argument("--transforms", required=True, help=".npz")
    parser.add_argument("--figures", nargs="+", required=True, help="outputs .png, .pdf, .svg")
    return parser


def main(options):
    stamp = Stamp(scale=options.scale, preset=options.preset, variant=options.variant, device="cpu")
    transforms = io.load_arrays(options.transforms)
    figure = config.bound(figure_cqt_chirps)(**transforms, stamp_line=stamp.line)
    for path in options.figures:
        io.save_figure(path, figure)


if __name__ == "__main__":
    config.run_script(main, arguments())
