"""Resynthesise a sound: from noise to the coefficients of a representation."""

import sys
from pathlib import Path

from jtfs_repro import config
from jtfs_repro.devices import choose_device
from jtfs_repro.experiments import resynthesis_files as files
from jtfs_repro.experiments.resynthesis import resynthesize
from jtfs_repro.provenance import Stamp, add_stamp_arguments

GIN = Path(__file__).resolve().parent.parent / "gin"


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    parser.set_defaults(scale="demo", preset="paper")
    files.add_file_arguments(parser)
    parser.add_argument("--representation", choices=("jtfs", "scattering1d"))
    parser.add_argument("--descent", choices=("lbfgs", "bold_driver", "adam"))
    parser.add_argument("--iterations", type=int, help="at most (default: 100)")
    parser.add_argument("--seed", type=int, help="of the initial noise (default: 0)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    return parser


def load_settings(options):
    """Read the gin files of the package, unless others were given; those say all."""
    chosen = options.representation, options.descent
    if options.gin and any(chosen):
        raise ValueError("--gin names representation and descent (leave out the other options)")
    if not options.gin:
        stages = f"resynthesis_{chosen[0] or 'jtfs'}", f"descent_{chosen[1] or 'lbfgs'}"
        run = {name: getattr(options, name) for name in ("scale", "preset", "variant")}
        stacks = [config.stack(s, **run, root=GIN) for s in ("resynthesis", *stages)]
        config.load_gin([file for stack in stacks for file in stack])


def main(options):
    checkpoint = files.check_files(options)
    load_settings(options)
    stamp = Stamp.of(options, device=choose_device(options.device))
    given = {"iterations": options.iterations, "seed": options.seed}
    found = config.bound(resynthesize)(
        files.read_target(options),
        name=options.name,
        stamp=stamp,
        checkpoint=checkpoint,
        resume=not options.no_resume,
        **{name: value for name, value in given.items() if value is not None},
    )
    files.save_files(found, options, stamp)
    checkpoint.unlink(missing_ok=True)
    if found.warning:
        print(f"warning: {found.warning}", file=sys.stderr)


if __name__ == "__main__":
    config.run_script(main, arguments())
