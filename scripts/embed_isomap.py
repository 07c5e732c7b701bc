"""Embed one representation by Isomap."""

from jtfs_repro import config, io
from jtfs_repro.experiments.isomap import isomap


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--features", required=True, help=".npy (n, D)")
    parser.add_argument("--facts", required=True, help=".json of the features")
    parser.add_argument("--manifold", required=True, help="output .npz")
    return parser


def main(options):
    features = io.load_array(options.features)
    not_run = io.why_not_run(io.load_json(options.facts))
    manifold = config.bound(isomap)(features, not_run=not_run)
    io.save_arrays(options.manifold, **manifold.arrays())


if __name__ == "__main__":
    config.run_script(main, arguments())
