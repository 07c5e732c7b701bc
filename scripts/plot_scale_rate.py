"""Draw scalogram, rates, scales and spins of any sound file, and its responses to one pair.

Works from any folder; without --figures the picture is written beside INPUT, as INPUT's name with
-scale-rate.png.
"""

from pathlib import Path

from jtfs_repro.extras import reported

with reported():
    from jtfs_repro import checks, config, io
    from jtfs_repro.audio import read_sound
    from jtfs_repro.features.scale_rate import part_of, scale_rate
    from jtfs_repro.outputs import check_output
    from jtfs_repro.plots.animation import save_animation
    from jtfs_repro.plots.images import decibels, hertz
    from jtfs_repro.plots.scale_rate import chosen_pair, figure_scale_rate

SETTINGS = Path(__file__).resolve().parent.parent / "gin/textures/scale_rate.gin"


def arguments():
    parser = config.parser(__doc__)
    parser.set_defaults(gin=[str(SETTINGS)])
    parser.add_argument("input", metavar="INPUT", type=Path, help="a sound file of any format")
    parser.add_argument("--figures", nargs="+", metavar="FILE", help="outputs .png, .pdf, .svg")
    parser.add_argument("--animation", metavar="FILE", help="output .gif, or .mp4 with ffmpeg")
    parser.add_argument("--scale-rate", metavar="FILE", help="output .npz, the arrays")
    parser.add_argument("--rate", type=float, help="Hz: which responses are drawn, with --scale")
    parser.add_argument("--scale", type=float, help="cycles/octave (default: the strongest pair)")
    parser.add_argument("--start", type=float, help="seconds")
    parser.add_argument("--duration", type=float, help="seconds")
    return parser


def check(options):
    """Refuse, before any work, what would be refused after it."""
    for name in ("rate", "scale"):
        if (value := getattr(options, name)) is not None:
            checks.number(name, value, above=0, mistake="within the filter bank")
    for path in options.figures or []:
        check_output(Path(path), (".png", ".pdf", ".svg"), name="figures")
    if options.scale_rate:
        check_output(Path(options.scale_rate), [".npz"], name="scale-rate")
    if options.animation:
        check_output(Path(options.animation), (".gif", ".mp4"), name="animation")


def main(options):
    check(options)
    sound = read_sound(options.input)
    part = part_of(sound, start_s=options.start, duration_s=options.duration)
    result = config.bound(scale_rate)(part)
    pair = chosen_pair(result, options.rate, options.scale)
    ratio = result.spin_ratio_db(rate_hz=pair[0], scale_cpo=pair[1])
    line = f"{part.duration_s:.3g} s at {part.sr:g} Hz"
    figure = config.bound(figure_scale_rate)(
        result, title=options.input.name, stamp_line=line, rate_hz=pair[0], scale_cpo=pair[1]
    )
    for path in options.figures or [f"{options.input.with_suffix('')}-scale-rate.png"]:
        io.save_figure(path, figure)
    if options.scale_rate:
        io.save_arrays(options.scale_rate, **result.arrays())
    if options.animation:
        title = options.input.name
        config.bound(save_animation)(options.animation, result, title=title, stamp_line=line)
    print(f"spin +1 (rising) over spin -1, over all: {decibels(result.spin_ratio_db())}")
    print(f"at {hertz(pair[0])} Hz, {pair[1]:.3g} cycles/octave: {decibels(ratio)}")


if __name__ == "__main__":
    config.run_script(main, arguments())
