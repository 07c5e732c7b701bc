"""Compute the constant-Q transforms of Figure 2."""

from jtfs_repro import config, io
from jtfs_repro.experiments.cqt_chirps import cqt_chirps


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--transforms", required=True, help="output .npz")
    return parser


def main(options):
    io.save_arrays(options.transforms, **config.bound(cqt_chirps)().arrays())


if __name__ == "__main__":
    config.run_script(main, arguments())
