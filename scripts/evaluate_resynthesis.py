"""Score the resyntheses of one sound: synchrony, spins, spectra, both scatterings."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.audio import read_sound
from jtfs_repro.experiments.evaluate_resynthesis import evaluate_resynthesis
from jtfs_repro.experiments.stored_resynthesis import load_resynthesis


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--sound", required=True, help=".wav of the original, its .json beside it")
    parser.add_argument(
        "--facts", nargs="+", required=True, help=".json of each resynthesis, all files beside it"
    )
    parser.add_argument("--scores", required=True, help="output .csv")
    return parser


def main(options):
    facts = io.load_json(Path(options.sound).with_suffix(".json"))
    resyntheses = [load_resynthesis(path) for path in options.facts]
    evaluate = config.bound(evaluate_resynthesis)
    io.save_csv(options.scores, evaluate(read_sound(options.sound), resyntheses, facts=facts))


if __name__ == "__main__":
    config.run_script(main, arguments())
