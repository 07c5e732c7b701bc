"""Train one network of Table 2 on stored features, with one seed."""

from jtfs_repro import config, io
from jtfs_repro.experiments import stored_clips
from jtfs_repro.experiments.clip_sets import open_clip_set
from jtfs_repro.experiments.clip_store import open_store
from jtfs_repro.experiments.train_network import train_network
from jtfs_repro.provenance import add_stamp_arguments, settings_sha256


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    stored_clips.add_clip_arguments(parser)
    parser.add_argument("--shards", nargs="+", required=True, help=".npy with .json beside it")
    parser.add_argument("--model", required=True, help="row of Table 2")
    stored_clips.add_training_arguments(parser)
    return parser


def main(options):
    clip_set = open_clip_set(options.clips, options.facts)
    digest = settings_sha256(options.feature_gin)
    store = open_store(options.shards, settings_sha256=digest, clips_sha256=clip_set.sha256)
    known = {"settings_sha256": digest, "clip_set": clip_set}
    statistics = stored_clips.load_statistics(options.statistics, **known)
    if store.not_run:
        trained = stored_clips.not_trained(options.model, options.seed, store.not_run)
    else:
        trained = config.bound(train_network)(
            clip_set,
            store,
            statistics,
            model=options.model,
            seed=options.seed,
            folder=options.partial,
            device=options.device,
            devices=options.devices,
        )
    stored_clips.save_trained(options, trained)
    io.remove_folder(options.partial)


if __name__ == "__main__":
    config.run_script(main, arguments())
