"""Render the clip set of solo phrases from two soundfonts."""

from jtfs_repro import config, io
from jtfs_repro.datasets.soundfont_solos import render_solos
from jtfs_repro.datasets.soundfonts import Font, find_training_font


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--font-status", required=True, help=".json of fetch_soundfont.py")
    parser.add_argument("--folder", required=True, help="output: the clip set")
    parser.add_argument("--report", required=True, help="output .json")
    return parser


def main(options):
    report = render(io.load_json(options.font_status), options.folder)
    io.save_json(options.report, report)


def render(status, folder):
    """Return the report of the rendered set, or why it was not rendered."""
    if status["status"] == io.NOT_RUN:
        return {key: status[key] for key in ("status", "reason", "remedy")}
    try:
        training_font, test_font = find_training_font(), Font.from_dict(status)
    except io.Unavailable as error:
        print(f"the solos will not be rendered: {error}")
        return {"status": io.NOT_RUN, "reason": error.reason, "remedy": error.remedy}
    render_set = config.bound(render_solos)
    return render_set(folder=folder, training_font=training_font, test_font=test_font)


if __name__ == "__main__":
    config.run_script(main, arguments())
