"""Build the companion page: a static site of figures, tables, sounds and interactive pictures."""

from jtfs_repro import captions, config, provenance
from jtfs_repro.experiments.figures import clouds
from jtfs_repro.experiments.stored import stored_outcomes, stored_theta
from jtfs_repro.site import contents
from jtfs_repro.site.build import build_site

GROUPS = {
    "figures": "PNG",
    "tables": "CSV",
    "names": "representations of the manifolds, in order",
    "manifolds": "NPZ, one each",
    "ratios": "NPZ, one each",
    "facts": "JSON of the features: the device",
    "sounds": "JSON; the audio beside it",
    "resyntheses": "JSON; audio, history and snapshots beside it",
    "scale-rates": "NPZ",
    "notebooks": "IPYNB, executed",
}


def arguments():
    parser = config.parser(__doc__)
    for name, kind in GROUPS.items():
        parser.add_argument(f"--{name}", nargs="*", default=[], metavar="X", help=kind)
    words = "YAML: titles, captions and text alternatives"
    parser.add_argument("--captions", default="config/captions.yaml", help=words)
    parser.add_argument("--parameters", default="", help="CSV of the chirps (f_c, f_m, gamma)")
    parser.add_argument("--animation", default="", help="GIF")
    parser.add_argument("--manifest", default="", help="JSON; copied, and its stamp printed")
    provenance.add_stamp_arguments(parser)
    parser.add_argument("--site", required=True, help="output folder")
    return parser


def main(options):
    entries = captions.load(options.captions)
    targets = [contents.read_target(path) for path in options.sounds]
    stamp = {name: getattr(options, name) for name in ("scale", "preset", "variant")}
    shown = contents.Contents(
        origin=contents.read_origin(options.manifest, options.facts, **stamp),
        captions=entries,
        figures=[contents.read_picture(path, entries) for path in options.figures],
        tables=[contents.read_table(path, entries) for path in options.tables],
        manifolds=manifolds(options) if options.manifolds else None,
        targets=targets,
        runs=[contents.read_run(path) for path in options.resyntheses],
        scale_rates=[contents.read_scale_rate(path, targets) for path in options.scale_rates],
        animation=contents.read_bytes(options.animation) if options.animation else b"",
        notebooks=[contents.read_notebook(path) for path in options.notebooks],
    )
    config.bound(build_site)(options.site, shown)


def manifolds(options):
    outcomes = stored_outcomes(options.names, options.manifolds, options.ratios)
    return contents.Manifolds(clouds=clouds(outcomes), theta=stored_theta(options.parameters))


if __name__ == "__main__":
    config.run_script(main, arguments())
