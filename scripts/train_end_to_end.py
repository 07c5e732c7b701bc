"""Train the network on audio, the transform inside the model, with one seed."""

from jtfs_repro import config, io
from jtfs_repro.experiments import stored_clips
from jtfs_repro.experiments.clip_sets import open_clip_set
from jtfs_repro.experiments.train_end_to_end import MODEL, train_end_to_end
from jtfs_repro.provenance import add_stamp_arguments, settings_sha256

TOO_SLOW = "no GPU: the transform at every step, 1 s per clip; --config end_to_end=always"


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    stored_clips.add_clip_arguments(parser)
    parser.add_argument("--folder", required=True, help="folder with annotation/ and audio/")
    parser.add_argument("--not-run", action="store_true", help="say why it is left out")
    stored_clips.add_training_arguments(parser)
    return parser


def main(options):
    clip_set = open_clip_set(options.clips, options.facts)
    digest = settings_sha256(options.feature_gin)
    known = {"settings_sha256": digest, "clip_set": clip_set}
    statistics = stored_clips.load_statistics(options.statistics, **known)
    reason = str(clip_set.not_run or (TOO_SLOW if options.not_run else ""))
    if reason:
        trained = stored_clips.not_trained(MODEL, options.seed, reason)
    else:
        trained = config.bound(train_end_to_end)(
            clip_set,
            options.folder,
            statistics,
            seed=options.seed,
            folder=options.partial,
            feature_sha256=digest,
            device=options.device,
            devices=options.devices,
        )
    stored_clips.save_trained(options, trained)
    io.remove_folder(options.partial)


if __name__ == "__main__":
    config.run_script(main, arguments())
