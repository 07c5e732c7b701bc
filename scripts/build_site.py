"""Build the companion page: a static site of figures, tables, sounds and interactive pictures."""

from jtfs_repro import config, provenance
from jtfs_repro.experiments.figures import clouds
from jtfs_repro.experiments.stored import stored_outcomes, stored_theta
from jtfs_repro.site import stored
from jtfs_repro.site.build import build_site
from jtfs_repro.site.contents import Contents, Manifolds

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
    parser.add_argument("--parameters", default="", help="CSV of the chirps (f_c, f_m, gamma)")
    parser.add_argument("--animation", default="", help="GIF")
    parser.add_argument("--manifest", default="", help="JSON; copied, and its stamp printed")
    provenance.add_stamp_arguments(parser)
    parser.add_argument("--site", required=True, help="output folder")
    return parser


def main(options):
    targets = stored.stored_targets(options.sounds)
    stamp = {name: getattr(options, name) for name in ("scale", "preset", "variant")}
    contents = Contents(
        origin=stored.stored_origin(options.manifest, options.facts, **stamp),
        figures=stored.stored_pictures(options.figures),
        tables=stored.stored_tables(options.tables),
        manifolds=manifolds(options) if options.manifolds else None,
        targets=targets,
        runs=stored.stored_runs(options.resyntheses),
        scale_rates=stored.stored_scale_rates(options.scale_rates, targets),
        animation=stored.read_bytes(options.animation) if options.animation else b"",
        notebooks=stored.stored_notebooks(options.notebooks),
    )
    config.bound(build_site)(options.site, contents)


def manifolds(options):
    outcomes = stored_outcomes(options.names, options.manifolds, options.ratios)
    return Manifolds(clouds=clouds(outcomes), theta=stored_theta(options.parameters))


if __name__ == "__main__":
    config.run_script(main, arguments())
