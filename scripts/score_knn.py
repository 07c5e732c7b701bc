"""Estimate the chirps' parameters from their nearest neighbours in one representation."""

from jtfs_repro import config, io
from jtfs_repro.experiments.knn import knn_ratios
from jtfs_repro.experiments.stored import stored_theta


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--manifold", required=True, help=".npz with the neighbours")
    parser.add_argument("--parameters", required=True, help=".csv (f_c, f_m, gamma)")
    parser.add_argument("--ratios", required=True, help="output .npz")
    return parser


def main(options):
    manifold = io.load_arrays(options.manifold)
    theta = stored_theta(options.parameters)
    not_run = str(manifold["not_run"])
    ratios = config.bound(knn_ratios)(manifold["neighbours"], theta, not_run=not_run)
    io.save_arrays(options.ratios, **ratios.arrays())


if __name__ == "__main__":
    config.run_script(main, arguments())
