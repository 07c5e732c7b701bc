"""Tabulate on which spin the energy of made signals and of sounds falls."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.spin_of_chirps import spin_of_chirps
from jtfs_repro.provenance import Stamp, add_stamp_arguments
from jtfs_repro.scale_rates import ScaleRate


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    parser.add_argument("--scale-rates", nargs="*", default=[], help=".npz, one per sound")
    parser.add_argument("--table", required=True, help="output .csv; its .md is beside it")
    return parser


def main(options):
    stamp = Stamp.of(options, device="cpu")
    sounds = {Path(p).stem: ScaleRate.of_arrays(io.load_arrays(p)) for p in options.scale_rates}
    rows = config.bound(spin_of_chirps)(sounds, stamp=stamp)
    io.save_csv(options.table, rows)
    text = io.csv_to_markdown(rows, caption=stamp.line)
    io.save_text(Path(options.table).with_suffix(".md"), text)


if __name__ == "__main__":
    config.run_script(main, arguments())
