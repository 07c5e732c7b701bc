"""Make the interactive page: all embeddings side by side, each point plays its chirp."""

from jtfs_repro import config, io
from jtfs_repro.experiments.figures import clouds
from jtfs_repro.experiments.stored import stored_outcomes, stored_stamp, stored_theta
from jtfs_repro.plots.manifold_page import manifold_page


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--names", nargs="+", required=True, help="representations, in order")
    parser.add_argument("--manifolds", nargs="+", required=True, help=".npz, one each")
    parser.add_argument("--ratios", nargs="+", required=True, help=".npz, one each")
    parser.add_argument("--facts", nargs="+", required=True, help=".json, one each")
    parser.add_argument("--parameters", required=True, help=".csv (f_c, f_m, gamma)")
    parser.add_argument("--page", required=True, help="output .html")
    return parser


def main(options):
    outcomes = stored_outcomes(options.names, options.manifolds, options.ratios)
    theta = stored_theta(options.parameters)
    line = stored_stamp(options.facts).line
    io.save_text(
        options.page, config.bound(manifold_page)(clouds(outcomes), theta, stamp_line=line)
    )


if __name__ == "__main__":
    config.run_script(main, arguments())
