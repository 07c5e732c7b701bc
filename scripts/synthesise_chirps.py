"""Synthesise the chirps of Section 3 and their table of parameters."""

from jtfs_repro import config, io
from jtfs_repro.experiments.chirp_dataset import chirp_dataset
from jtfs_repro.provenance import Stamp, add_stamp_arguments


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    parser.add_argument("--chirps", required=True, help="output .npy (n, N)")
    parser.add_argument("--parameters", required=True, help="output .csv (f_c, f_m, gamma)")
    parser.add_argument("--facts", required=True, help="output .json (sample rate, grid)")
    return parser


def main(options):
    stamp = Stamp.of(options, device="cpu")
    chirp_set = config.bound(chirp_dataset)()
    io.save_array(options.chirps, chirp_set.chirps)
    io.save_csv(options.parameters, chirp_set.rows())
    io.save_json(options.facts, chirp_set.facts() | stamp.as_dict())


if __name__ == "__main__":
    config.run_script(main, arguments())
