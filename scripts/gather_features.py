"""Put the shards of a feature together and take one representation out of them."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.extract_features import Shard, cost_record, gather_shards
from jtfs_repro.provenance import Stamp, add_stamp_arguments


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    parser.add_argument("--shards", nargs="+", required=True, help=".npy with .json beside it")
    parser.add_argument("--feature", required=True, help="name of the stage")
    parser.add_argument("--representation", required=True, help="part to take out")
    parser.add_argument("--array", required=True, help="output .npy (n, D)")
    parser.add_argument("--facts", required=True, help="output .json")
    parser.add_argument("--settings", required=True, help="output .gin, that of the first shard")
    parser.add_argument("--cost", required=True, help="output .json: seconds, memory")
    return parser


def main(options):
    paths = [Path(path) for path in options.shards]
    reports = [io.load_json(path.with_suffix(".json")) for path in paths]
    arrays = [io.load_array(path, mmap=True) for path in paths]
    pairs = zip(arrays, reports, strict=True)
    shards = [Shard(features=array, report=report) for array, report in pairs]
    array, facts = config.bound(gather_shards)(shards, options.representation)
    cost = cost_record(options.representation, options.feature, reports, array.shape[1])
    stamp = Stamp.of(options, device=facts.pop("device")).as_dict()
    io.save_array(options.array, array)
    io.save_json(options.facts, facts | stamp)
    io.save_json(options.cost, cost | stamp)
    io.save_text(options.settings, io.load_text(paths[0].with_suffix(".gin")))


if __name__ == "__main__":
    config.run_script(main, arguments())
