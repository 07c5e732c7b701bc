"""Compare two folders of results number by number; exit with 1 if something is beyond tolerance.

Costs (times, memory) and what records them are listed as not compared. A copy kept to compare with
belongs outside results/: inside, its sidecars name other files.
"""

import sys

from jtfs_repro.extras import reported

with reported():
    from jtfs_repro import config, io
    from jtfs_repro.provenance.compare import compare_folders
    from jtfs_repro.provenance.tolerances import TOLERANCES, tolerance_of


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("a", help="folder: results/, img/, or that of one run")
    parser.add_argument("b", help="the other folder")
    parser.add_argument(
        "--tolerances", default="exact", metavar="|".join(TOLERANCES), help="default exact"
    )
    parser.add_argument("--rtol", type=float, help="relative, in place of the named one's")
    parser.add_argument("--atol", type=float, help="absolute, in place of the named one's")
    parser.add_argument("--quiet", action="store_true", help="print only what is wrong")
    parser.add_argument("--json", metavar="FILE", help="the same for machines (output)")
    return parser


def main(options):
    tolerance = tolerance_of(options.tolerances, rtol=options.rtol, atol=options.atol)
    result = compare_folders(options.a, options.b, tolerance=tolerance)
    print(*result.lines(is_quiet=options.quiet), sep="\n")
    if options.json:
        io.save_json(options.json, result.as_dict() | {"tolerance": vars(tolerance)})
    if result.is_wrong:
        sys.exit(config.ERROR_STATUS)


if __name__ == "__main__":
    config.run_script(main, arguments())
