"""Hash all results again and name what is not as recorded; exit with 1 if anything is wrong.

Compared are the sidecars beside the files and results/{run}manifest.json. A fresh copy of the
project has figures, tables and manifests only: the rest is counted as not here.
"""

import sys
from pathlib import Path

from jtfs_repro.extras import reported

with reported():
    from jtfs_repro import config, io
    from jtfs_repro.layout import Roots
    from jtfs_repro.provenance.verify import verify


def arguments():
    parser = config.parser(__doc__)
    for name in ("results", "img", "data"):
        parser.add_argument(f"--{name}", default=name, metavar="FOLDER", help=f"default {name}")
    parser.add_argument("--manifest", metavar="FILE", help="check only what this one names")
    parser.add_argument(
        "--require-all", action="store_true", help="intermediate files must be there too"
    )
    parser.add_argument("--quiet", action="store_true", help="print no notes")
    parser.add_argument("--json", metavar="FILE", help="the same for machines (output)")
    return parser


def main(options):
    roots = Roots(results=Path(options.results), img=Path(options.img), data=Path(options.data))
    manifests = [Path(options.manifest)] if options.manifest else None
    report = verify(roots, manifests=manifests, needs_all=options.require_all)
    print(*report.lines(is_quiet=options.quiet), sep="\n")
    if options.json:
        io.save_json(options.json, report.as_dict())
    if report.is_wrong:
        sys.exit(config.ERROR_STATUS)


if __name__ == "__main__":
    config.run_script(main, arguments())
