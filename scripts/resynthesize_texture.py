"""Resynthesise a sound: from noise to the coefficients of a representation."""

from pathlib import Path

from jtfs_repro.extras import reported

with reported():
    from jtfs_repro import checks, config
    from jtfs_repro.devices import choose_device
    from jtfs_repro.outputs import check_output
    from jtfs_repro.provenance import Stamp, add_stamp_arguments
    from jtfs_repro.studies.textures.resynthesis_files import (
        FILES,
        ResynthesisFiles,
        resynthesize_file,
    )

GIN = Path(__file__).resolve().parent.parent / "gin"


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    parser.set_defaults(scale="demo", preset="paper")
    parser.add_argument("input", type=Path, help="a sound file of any format, rate and length")
    parser.add_argument("output", type=Path, help="the sound found, .wav")
    for name, (suffixes, what) in FILES.items():
        parser.add_argument(f"--{name}", type=Path, metavar="|".join(suffixes), help=what)
    parser.add_argument("--name", help="of the sound in tables (default: that of the file)")
    parser.add_argument("--mono", action="store_true", help="average the channels of the input")
    parser.add_argument(
        "--checkpoint", type=Path, help="where it goes on (default: OUTPUT.checkpoint)"
    )
    parser.add_argument("--no-resume", action="store_true", help="ignore a checkpoint")
    parser.add_argument("--representation", choices=("jtfs", "scattering1d"))
    parser.add_argument("--descent", choices=("lbfgs", "bold_driver", "adam"))
    parser.add_argument("--iterations", type=int, help="at most (default: 100)")
    parser.add_argument("--seed", type=int, help="of the initial noise (default: 0)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    return parser


def files_of(options):
    """Return the files that were named, and those beside the output that were not."""
    given = {name: getattr(options, name) for name in FILES}
    given["history"] = options.history or options.output.with_suffix(".csv")
    checkpoint = options.checkpoint or Path(f"{options.output}.checkpoint")
    return ResynthesisFiles(
        input=options.input, output=options.output, checkpoint=checkpoint, **given
    )


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


def check(options, files):
    """Refuse, before any work, what would be refused after it."""
    checks.choice("variant", options.variant, ("", *config.variants(GIN)))
    if options.seed is not None:
        checks.integer("seed", options.seed, low=0, high=2**63 - 1, mistake="of the noise")
    check_output(files.output, [".wav"])
    for name, (suffixes, _) in FILES.items():
        if path := getattr(files, name):
            check_output(path, suffixes, name=name)


def main(options):
    files = files_of(options)
    check(options, files)
    load_settings(options)
    given = {"iterations": options.iterations, "seed": options.seed}
    resynthesize_file(
        files,
        name=options.name or options.input.stem,
        stamp=Stamp.of(options, device=choose_device(options.device)),
        mono=options.mono,
        resume=not options.no_resume,
        **{name: value for name, value in given.items() if value is not None},
    )


if __name__ == "__main__":
    config.run_script(main, arguments())
