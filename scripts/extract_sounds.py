"""Write features of sounds to a table: any format, rate, number of channels and length.

SOUNDS are files, folders (with their sub-folders) or CSV files of paths; OUTPUT is .npz, .h5, .zarr
or .parquet. A killed run goes on where it stopped. Settings of the representation are set by
--gin FILE: see docs/sounds.md.
"""

import sys
from pathlib import Path

from jtfs_repro.extras import reported

with reported():
    from jtfs_repro import config
    from jtfs_repro.sounds.extract import SUMMARIES, extract
    from jtfs_repro.sounds.representations import REPRESENTATIONS


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("sounds", nargs="+", metavar="SOUNDS", help="files, folders, CSV files")
    parser.add_argument("output", metavar="OUTPUT", type=Path, help=".npz, .h5, .zarr, .parquet")
    parser.add_argument("--representation", choices=REPRESENTATIONS, default="jtfs")
    parser.add_argument("--sr", type=float, default=22050, help="Hz: sounds are resampled to it")
    parser.add_argument("--summary", choices=SUMMARIES, default="mean", help="over the frames")
    parser.add_argument("--channel", type=int, help="one channel, from 0 (default: the mean)")
    parser.add_argument("--jobs", type=int, default=1, help="sounds at once")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    unread = parser.add_mutually_exclusive_group()
    unread.add_argument("--strict", action="store_true", help="end at what cannot be read")
    unread.add_argument("--tolerant", action="store_true", help="status 0 though some are not read")
    parser.add_argument("--shard", metavar="K/N", help="compute the K-th of N shares, no table yet")
    return parser


def main(options):
    """Return why the status is 1, None if it is 0."""
    names = ("representation", "sr", "summary", "channel", "jobs", "device")
    names += ("strict", "shard")
    done = extract(options.sounds, options.output, **{n: getattr(options, n) for n in names})
    for path in done.not_taken:
        print(f"not taken (no suffix of a sound): {path}", file=sys.stderr)
    what = f"share {options.shard} of {done.output}" if options.shard else done.output
    print(f"{what}: {done.n_rows} rows of {len(done.names)} features, {done.n_sounds} sounds")
    if done.failed and not options.tolerant:
        return f"error: {len(done.failed)} sounds could not be read; they are named above"
    return None


if __name__ == "__main__":
    sys.exit(config.run_script(main, arguments()))  # after the sidecar is written
