"""Render stored tables as pages of their own, for Snakemake's report."""

from jtfs_repro import captions, checks, config, io
from jtfs_repro.site.tables import table_page


def arguments():
    parser = config.parser(__doc__)
    words = "YAML: titles and captions"
    parser.add_argument("--captions", default="config/captions.yaml", help=words)
    parser.add_argument("--tables", nargs="+", required=True, help=".csv")
    parser.add_argument("--pages", nargs="+", required=True, help="outputs .html, one per table")
    return parser


def main(options):
    if len(options.pages) != len(options.tables):
        rule = f"name one page for each of {len(options.tables)} tables"
        checks.fail("pages", len(options.pages), rule)
    entries = captions.load(options.captions)
    for path, page in zip(options.tables, options.pages, strict=True):
        io.save_text(page, table_page(path, captions.find(entries, path)))


if __name__ == "__main__":
    config.run_script(main, arguments())
