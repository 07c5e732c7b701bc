"""Compute the scale–rate picture of one sound: scalogram, responses, energies."""

from jtfs_repro import config, io
from jtfs_repro.audio import read_sound
from jtfs_repro.experiments.scale_rate import scale_rate


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--sound", required=True, help="any sound file")
    parser.add_argument("--scale-rate", required=True, help="output .npz")
    return parser


def main(options):
    result = config.bound(scale_rate)(read_sound(options.sound))
    io.save_arrays(options.scale_rate, **result.arrays())


if __name__ == "__main__":
    config.run_script(main, arguments())
