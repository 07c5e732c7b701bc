"""Look for the soundfont of the test set, fetch it if allowed; say what became of it."""

from jtfs_repro import config, io
from jtfs_repro.datasets.soundfonts import DOWNLOADS, find_test_font


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--test-soundfont", default="auto", metavar="auto|PATH", help=".sf2")
    parser.add_argument("--folder", default="data/soundfonts", help="where a fetched one is put")
    parser.add_argument("--download", choices=DOWNLOADS, default="auto")
    parser.add_argument("--status", required=True, help="output .json")
    return parser


def main(options):
    io.save_json(options.status, fetch(options))


def fetch(options):
    """Return the status of the soundfont as a dictionary, after a download if need be."""
    find = config.bound(find_test_font)
    try:
        font = find(options.test_soundfont, folder=options.folder, download=options.download)
    except io.Unavailable as error:
        print(f"the solos will not be rendered: {error}")
        why = {"status": io.NOT_RUN, "reason": error.reason, "remedy": error.remedy}
        return why | dict.fromkeys(("path", "name", "sha256", "licence", "how"), "")
    return {"status": io.RUN, "reason": "", "remedy": "", **font.as_dict()}


if __name__ == "__main__":
    config.run_script(main, arguments())
