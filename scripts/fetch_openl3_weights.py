"""Look for the OpenL3 weights, download them if allowed; say what became of it. Never fails."""

from dataclasses import asdict

from jtfs_repro import config, io
from jtfs_repro.features.openl3 import OpenL3
from jtfs_repro.provenance import Stamp, add_stamp_arguments

ONE_SECOND = {"sr": 48000.0, "n_samples": 48000}


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    parser.add_argument("--weights", required=True, help="file or folder of the weights")
    parser.add_argument("--download", choices=("always", "never"), default="always")
    parser.add_argument("--status", required=True, help="output .json")
    return parser


def main(options):
    status = fetch(options.weights, may_download=options.download == "always")
    io.save_json(options.status, status | Stamp.of(options, device="cpu").as_dict())


def fetch(weights, *, may_download, is_download=False):
    """Return the status of the weights as a dictionary, after a download if need be."""
    try:
        module = config.bound(OpenL3)(**ONE_SECOND, weights=weights, download=is_download)
    except io.Unavailable as error:
        if may_download and not is_download:
            return fetch(weights, may_download=True, is_download=True)
        print(f"OpenL3 will not be run: {error}")
        return {"status": io.NOT_RUN, "reason": error.reason, "remedy": error.remedy}
    return {"status": io.RUN, "downloaded": is_download, **asdict(module.record)}


if __name__ == "__main__":
    config.run_script(main, arguments())
