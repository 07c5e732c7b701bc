"""Measure how the padding of a rising chirp leaks into the falling spin."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.spin_leak import spin_leak
from jtfs_repro.provenance import Stamp, add_stamp_arguments


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    parser.add_argument("--table", required=True, help="output .csv; its .md is beside it")
    parser.add_argument("--frames", required=True, help="output .csv, one row per frame")
    return parser


def main(options):
    stamp = Stamp.of(options, device="cpu")
    leak = config.bound(spin_leak)(stamp=stamp)
    io.save_csv(options.frames, leak.frames)
    io.save_csv(options.table, leak.summary)
    text = io.csv_to_markdown(leak.summary, caption=stamp.line)
    io.save_text(Path(options.table).with_suffix(".md"), text)


if __name__ == "__main__":
    config.run_script(main, arguments())
