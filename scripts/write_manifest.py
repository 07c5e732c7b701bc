"""Record what is needed to make the results of a run again, gathered from their sidecars."""

import sys

from jtfs_repro import config, io
from jtfs_repro.provenance import Stamp
from jtfs_repro.provenance.gather import gather, manifest, seal


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--facts", nargs="+", required=True, help=".json of the features")
    parser.add_argument("--settings", nargs="+", required=True, help="operative .gin files")
    parser.add_argument("--results", nargs="+", required=True, help="figures and tables")
    parser.add_argument("--manifest", required=True, help="output .json")
    return parser


def main(options):
    stamp = Stamp.common([io.load_json(path) for path in options.facts])
    if "cuda" in stamp.device:
        import torch  # noqa: F401  names the GPU
    run = {name: getattr(stamp, name) for name in ("scale", "preset", "variant")}
    entries = manifest(
        stamp=stamp,
        gin_files=options.settings,
        inputs=options.results,
        python=sys.version,
        **gather(options.results, run=run),
    )
    io.save_json(options.manifest, seal(entries))


if __name__ == "__main__":
    config.run_script(main, arguments())
