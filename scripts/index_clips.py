"""Read every clip of a set wholly; list the whole ones, refuse or report the others.

By hand: python scripts/index_clips.py --folder FOLDER --index index.csv --report report.json
"""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.datasets.clip_index import index_clips, save_index


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--folder", help="of the clip set; default the one in --status")
    parser.add_argument("--status", help=".json of the script that fetched or rendered the set")
    parser.add_argument("--clip-set", default="", help="name that the set must have; default any")
    parser.add_argument("--allow-partial", action="store_true", help="go on with the whole clips")
    parser.add_argument("--index", required=True, help="output .csv")
    parser.add_argument("--report", required=True, help="output .json; broken clips are in a .csv")
    return parser


def main(options):
    status = io.load_json(options.status) if options.status else {"status": io.RUN}
    folder = options.folder or status.get("folder")
    if status["status"] == io.NOT_RUN:
        rows, report = [], status | {"clip_set": options.clip_set or status.get("clip_set", "")}
        line = f"no clips: {io.why_not_run(status)}"
    elif folder is None:
        raise ValueError("folder=None must be given (by --folder, or in the JSON of --status)")
    else:
        rows, report = config.bound(index_clips)(
            folder,
            clip_set=options.clip_set,
            allow_partial=options.allow_partial,
            problems_file=Path(options.report).with_suffix(".problems.csv"),
        )
        line = "{n_clips} of {n_expected} clips are whole, {n_extra} extra files".format(**report)
    save_index(options.index, rows)
    io.save_json(options.report, report)
    print(line)


if __name__ == "__main__":
    config.run_script(main, arguments())
