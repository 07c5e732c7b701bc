"""Set every number that the paper, its code and later work state against our values."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.site.verdict_page import verdict_page
from jtfs_repro.verdicts import claims, table
from jtfs_repro.verdicts.rows import located
from jtfs_repro.verdicts.settings import FOLDER, GinSettings


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument(
        "--tables",
        nargs="+",
        required=True,
        metavar="NAME=PATH",
        help="tables of the run by their name in claims/tables.yaml; one name may have several",
    )
    parser.add_argument("--sha256", help="of a table that is no input; unused, reruns this")
    parser.add_argument("--claims", default=claims.FOLDER, help="the folder claims/")
    parser.add_argument("--settings", default=FOLDER, help="the folder gin/, whose settings count")
    parser.add_argument("--table", required=True, help="output .csv; .md and .html are beside it")
    return parser


def main(options):
    paths = {}
    for name, _, path in (one.partition("=") for one in options.tables):
        paths.setdefault(name, []).append(path)
    sources = table.Sources(
        tables=table.load_tables(paths),
        claims=claims.load_claims(options.claims),
        settings=GinSettings(folder=options.settings),
    )
    output = Path(options.table)
    links = {name: files[0] for name, files in paths.items()}
    rows = located(config.bound(table.verdicts)(sources), links, start=output.parent)
    io.save_csv(output, rows)
    io.save_text(output.with_suffix(".md"), table.markdown(rows, stamp=sources.stamp))
    io.save_text(output.with_suffix(".html"), verdict_page(rows, stamp=sources.stamp))


if __name__ == "__main__":
    config.run_script(main, arguments())
