"""Draw Figure 3: the Isomap embeddings of all representations."""

from jtfs_repro import config, io
from jtfs_repro.experiments.figures import clouds
from jtfs_repro.experiments.stored import absent, stored_outcomes, stored_stamp, stored_theta
from jtfs_repro.plots.isomap import figure_isomap


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--names", nargs="+", required=True, help="representations, in order")
    parser.add_argument("--manifolds", nargs="+", required=True, help=".npz, one each")
    parser.add_argument("--ratios", nargs="+", required=True, help=".npz, one each")
    parser.add_argument("--facts", nargs="+", required=True, help=".json, one each")
    parser.add_argument("--parameters", required=True, help=".csv (f_c, f_m, gamma)")
    parser.add_argument("--absent", nargs="*", default=[], help="representations not in the run")
    parser.add_argument("--figures", nargs="+", required=True, help="outputs .png, .pdf, .svg")
    return parser


def main(options):
    theta = stored_theta(options.parameters)
    outcomes = stored_outcomes(options.names, options.manifolds, options.ratios)
    outcomes += [absent(name, len(theta)) for name in options.absent]
    line = stored_stamp(options.facts).line
    figure = config.bound(figure_isomap)(clouds(outcomes), theta, stamp_line=line)
    for path in options.figures:
        io.save_figure(path, figure)


if __name__ == "__main__":
    config.run_script(main, arguments())
