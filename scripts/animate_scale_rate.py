"""Animate the rates, scales and spins of one sound over time."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.plots.animation import save_animation
from jtfs_repro.provenance import Stamp, add_stamp_arguments
from jtfs_repro.scale_rates import ScaleRate


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    parser.add_argument("--scale-rate", required=True, help=".npz of one sound")
    parser.add_argument("--animation", required=True, help="output .gif, or .mp4 with ffmpeg")
    parser.add_argument("--title", help="name of the sound; default: the file's")
    return parser


def main(options):
    result = ScaleRate.of_arrays(io.load_arrays(options.scale_rate))
    title = options.title or Path(options.scale_rate).stem
    line = Stamp.of(options, device="cpu").line
    config.bound(save_animation)(options.animation, result, title=title, stamp_line=line)


if __name__ == "__main__":
    config.run_script(main, arguments())
