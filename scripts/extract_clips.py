"""Compute one shard of one representation of a clip set."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.clip_sets import open_clip_set
from jtfs_repro.experiments.extract_clips import extract_clips
from jtfs_repro.provenance import Stamp, add_stamp_arguments, settings_sha256


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    parser.add_argument("--clips", required=True, help=".csv: the index of the clip set")
    parser.add_argument("--facts", required=True, help=".json of the index")
    parser.add_argument("--folder", required=True, help="folder with annotation/ and audio/")
    parser.add_argument("--shard", type=int, required=True, help="counted from 0")
    parser.add_argument("--shards", type=int, required=True, help="their number")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--memory-gb", type=float, default=2.0, help="working memory of a batch")
    parser.add_argument("--features", required=True, help="output .npy; its .json is beside it")
    return parser


def main(options):
    clip_set = open_clip_set(options.clips, options.facts)
    report = config.bound(extract_clips)(
        clip_set.paths(options.folder),
        options.features,
        shard=options.shard,
        n_shards=options.shards,
        sha256s=clip_set.sha256s,
        not_run=clip_set.not_run,
        device=options.device,
        memory_budget_gb=options.memory_gb,
    )
    digests = {"settings_sha256": settings_sha256(options.gin), "clips_sha256": clip_set.sha256}
    stamp = Stamp.of(options, device=report["device"]).as_dict()
    io.save_json(Path(options.features).with_suffix(".json"), report | digests | stamp)


if __name__ == "__main__":
    config.run_script(main, arguments())
