"""Look for the OpenL3 weights, download them if allowed; say what became of it. Never fails."""

from dataclasses import asdict

from jtfs_repro import config, io
from jtfs_repro.features.openl3 import OpenL3

ONE_SECOND = {"sr": 48000.0, "n_samples": 48000}


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--weights", required=True, help="file or folder of the weights")
    parser.add_argument("--download", choices=("auto", "never"), default="auto")
    parser.add_argument("--status", required=True, help="output .json")
    return parser


def main(options):
    feature = config.bound(OpenL3)
    try:
        may_download = options.download == "auto"
        module = feature(**ONE_SECOND, weights=options.weights, download=may_download)
        status = {"status": io.RUN, **asdict(module.record)}
    except io.Unavailable as error:
        status = {"status": io.NOT_RUN, "reason": error.reason, "remedy": error.remedy}
        print(f"OpenL3 will not be run: {error}")
    io.save_json(options.status, status)


if __name__ == "__main__":
    config.run_script(main, arguments())
