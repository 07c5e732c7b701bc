"""Accumulate mu, means and standard deviations of a representation over the training clips."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments import clip_statistics
from jtfs_repro.experiments.clip_sets import open_clip_set
from jtfs_repro.experiments.clip_store import open_store
from jtfs_repro.provenance import Stamp, add_stamp_arguments, settings_sha256


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    parser.add_argument("--feature-gin", nargs="+", required=True, help="gin files of the feature")
    parser.add_argument("--clips", required=True, help=".csv: the index of the clip set")
    parser.add_argument("--shards", nargs="+", required=True, help=".npy with .json beside it")
    parser.add_argument("--statistics", required=True, help="output .npz; its .json is beside it")
    return parser


def main(options):
    clip_set = open_clip_set(options.clips, Path(options.clips).with_suffix(".json"))
    digests = {
        "settings_sha256": settings_sha256(options.feature_gin),
        "clips_sha256": clip_set.sha256,
    }
    store = open_store(options.shards, **digests)
    function = config.bound(clip_statistics.clip_statistics)
    statistics = {} if store.not_run else function(store, clip_set.subsets)
    facts = {
        "status": io.NOT_RUN if store.not_run else io.RUN,
        "not_run": store.not_run,
        "shapes": {name: list(shape) for name, shape in store.shapes.items()},
        "n_training_clips": int((clip_set.subsets == "training").sum()),
        **digests,
    }
    io.save_arrays(options.statistics, **clip_statistics.arrays(statistics))
    stamp = Stamp.of(options, device=store.device).as_dict()
    io.save_json(Path(options.statistics).with_suffix(".json"), facts | stamp)


if __name__ == "__main__":
    config.run_script(main, arguments())
