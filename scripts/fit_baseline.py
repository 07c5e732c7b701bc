"""Fit a classifier of scikit-learn on one vector per clip."""

from jtfs_repro import config
from jtfs_repro.experiments import stored_clips
from jtfs_repro.experiments.clip_sets import open_clip_set
from jtfs_repro.experiments.clip_store import open_store
from jtfs_repro.experiments.fit_baseline import fit_baseline
from jtfs_repro.provenance import add_stamp_arguments, settings_sha256


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    stored_clips.add_clip_arguments(parser)
    parser.add_argument("--shards", nargs="+", required=True, help=".npy with .json beside it")
    parser.add_argument("--model", required=True, help="row of Table 2")
    return parser


def main(options):
    clip_set = open_clip_set(options.clips, options.facts)
    digest = settings_sha256(options.feature_gin)
    store = open_store(options.shards, settings_sha256=digest, clips_sha256=clip_set.sha256)
    known = {"settings_sha256": digest, "clip_set": clip_set}
    path = options.statistics
    statistics = stored_clips.load_statistics(path, **known) if path else {}
    if store.not_run:
        trained = stored_clips.not_trained(options.model, 0, store.not_run)
    else:
        function = config.bound(fit_baseline)
        trained = function(clip_set, store, statistics, model=options.model)
    stored_clips.save_trained(options, trained)


if __name__ == "__main__":
    config.run_script(main, arguments())
