"""Draw the README's table of verdicts from the stored tables."""

from pathlib import PurePath

from jtfs_repro import config
from jtfs_repro.experiments.verdict_summary import load_verdicts, summary, update_readme


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--paper", default="results/paper/verdicts.csv", help=".csv, paper scale")
    parser.add_argument("--demo", default="results/verdicts.csv", help=".csv, demo scale")
    parser.add_argument("--readme", help="file with the markers, rewritten between them")
    parser.add_argument("--check", action="store_true", help="fail if it is not current")
    return parser


def main(options):
    paths = options.paper, options.demo
    folders = tuple(PurePath(path).parent.as_posix() for path in paths)
    table = summary(*map(load_verdicts, paths), folders=folders)
    if options.readme:
        update_readme(options.readme, table, is_check=options.check)
    else:
        print(table)


if __name__ == "__main__":
    config.run_script(main, arguments())
