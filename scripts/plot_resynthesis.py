"""Draw Figure 6: spectrograms of sounds and of their resyntheses."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.audio import read_sound
from jtfs_repro.experiments.stored_resynthesis import load_facts
from jtfs_repro.plots.resynthesis import Texture, Version, figure_resynthesis
from jtfs_repro.provenance import Stamp


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--sounds", nargs="+", required=True, help=".wav, its .json beside it")
    parser.add_argument(
        "--facts", nargs="+", required=True, help=".json of each resynthesis, its .wav beside it"
    )
    parser.add_argument("--figures", nargs="+", required=True, help="outputs .png, .pdf, .svg")
    return parser


def version(path, facts):
    return Version(
        representation=facts["representation"],
        descent=facts["descent"],
        samples=read_sound(Path(path).with_suffix(".wav")).samples,
        error=facts["error_best"],
    )


def texture(path, facts):
    about, sound = io.load_json(Path(path).with_suffix(".json")), read_sound(path)
    made = [version(p, f) for p, f in facts.items() if f["sound"] == about["name"]]
    title = about["title"]
    return Texture(
        name=about["name"], title=title, sr=sound.sr, samples=sound.samples, versions=made
    )


def main(options):
    facts = {path: load_facts(path) for path in options.facts}
    textures = [texture(path, facts) for path in options.sounds]
    line = Stamp.common(list(facts.values())).line
    figure = config.bound(figure_resynthesis)(textures, stamp_line=line)
    for path in options.figures:
        io.save_figure(path, figure)


if __name__ == "__main__":
    config.run_script(main, arguments())
