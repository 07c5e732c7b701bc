"""Look for Medley-solos-DB, download it if allowed; say what became of it. Never fails."""

from jtfs_repro import config, io
from jtfs_repro.datasets.medley_fetch import fetch, is_there
from jtfs_repro.datasets.medley_solos_db import METADATA_NAME, clip_set_name


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--folder", required=True, help="of the clip set: annotation/, audio/")
    parser.add_argument("--download", choices=("always", "never"), default="always")
    parser.add_argument("--status", required=True, help="output .json")
    return parser


def main(options):
    facts = {"clip_set": clip_set_name(METADATA_NAME), "folder": options.folder}
    io.save_json(options.status, status(options.folder, options.download) | facts)


def status(folder, download):
    """Return whether the clip set is at hand, after a download if need be."""
    was_there = is_there(folder)
    try:
        config.bound(fetch)(folder, download=download)
    except io.Unavailable as error:
        print(f"Medley-solos-DB will not be used: {error.reason}; {error.remedy}")
        return {"status": io.NOT_RUN, "reason": error.reason, "remedy": error.remedy}
    return {"status": io.RUN, "downloaded": not was_there}


if __name__ == "__main__":
    config.run_script(main, arguments())
