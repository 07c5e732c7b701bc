"""Compute one shard of one representation."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.extract_features import extract_shard
from jtfs_repro.provenance import Stamp, add_stamp_arguments


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    parser.add_argument("--signals", required=True, help=".npy (n, N)")
    parser.add_argument("--facts", required=True, help=".json with the sample rate")
    parser.add_argument("--shard", type=int, required=True, help="counted from 0")
    parser.add_argument("--shards", type=int, required=True, help="their number")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--memory-gb", type=float, default=2.0, help="working memory of a batch")
    parser.add_argument("--weights", help="file or folder of pretrained weights")
    parser.add_argument("--features", required=True, help="output .npy; its .json is beside it")
    return parser


def main(options):
    shard = config.bound(extract_shard)(
        io.load_array(options.signals, mmap=True),
        sr=io.load_json(options.facts)["sr"],
        shard=options.shard,
        n_shards=options.shards,
        settings={"weights": options.weights} if options.weights else {},
        device=options.device,
        memory_budget_gb=options.memory_gb,
    )
    io.save_array(options.features, shard.features)
    stamp = Stamp.of(options, device=shard.report["device"])
    io.save_json(Path(options.features).with_suffix(".json"), shard.report | stamp.as_dict())


if __name__ == "__main__":
    config.run_script(main, arguments())
