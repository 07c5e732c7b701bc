# Names and input functions of the page, the manifest, the verdicts and the report; no rule.
from jtfs_repro.site import catalogue

NOTEBOOKS = ["scale_rate", "resynthesis"]
REPORT_PARTS = {part.key: part.title for part in catalogue.SECTIONS}
# the companion page shows it by itself
ANIMATION = catalogue.Entry(
    section="2", title="Rates, scales and spins over time", caption=""
)


def site_of(run):
    """Return the companion page of one run; a run of Section 4 alone has none."""
    return [f"results/{run}/site"] if STUDIES["chirps"](run) else []


def notebooks(run):
    """Return the executed notebooks of one run."""
    is_wanted = config["notebooks"] and STUDIES["textures"](run)
    return [f"results/{run}/notebooks/{name}.ipynb" for name in NOTEBOOKS if is_wanted]


def site_assets():
    """Return the templates, styles and scripts of the page."""
    folders = ("templates", "assets")
    files = [p for f in folders for p in (ROOT / "jtfs_repro/site" / f).iterdir()]
    return sorted(os.path.relpath(path) for path in files if path.is_file())


def shown_files(kind):
    """Return an input function: the figures or tables of a run that end in ``kind``."""
    return lambda wildcards: [
        path for path in gathered(wildcards.run) if path.endswith(kind)
    ]


def manifest_results(wildcards):
    """Return what a run's manifest is about: all figures, tables, data and notebooks."""
    found = gathered(wildcards.run) + notebooks(wildcards.run)
    return [path for path in found if not path.endswith("manifest.json")]


def part_of_run(study, files):
    """Return an input function: a path or function's files, of runs with a study, else nothing."""

    def found(wildcards):
        names = {"run": wildcards.run, "clips": clip_set_of(wildcards.run)}
        if not STUDIES[study](wildcards.run):
            return []
        return files(wildcards) if callable(files) else files.format(**names)

    return found


def benchmark_tables():
    """Return the tables of `make benchmark` that are there."""
    folders = ("results/benchmarks", "results/benchmarks/resynthesis")
    return [p for p in (f"{f}/transform.csv" for f in folders) if os.path.exists(p)]


def ablation_of(wildcards):
    """Return a finished ablation: no input, as the verdicts take it into account, not start it."""
    path = f"results/{wildcards.run}/ablation_orders.csv"
    return path if os.path.exists(path) else ""


def reported(path, name):
    """Mark a figure or table for Snakemake's report; ``name`` may hold wildcards."""
    is_table = path.endswith(".html")

    def entry(wildcards):
        key = name.format(**wildcards)
        found = catalogue.table_entry(key) if is_table else catalogue.figure_entry(key)
        return ANIMATION if key == "scale_rate" else found

    def labels(wildcards):
        run = parse_run(run_of(wildcards))
        preset = run["preset"] + (run["variant"] and f" + {run['variant']}")
        return {
            "shown": entry(wildcards).title,
            "scale": run["scale"],
            "preset": preset,
        }

    return report(
        path,
        caption=f"captions/{'table' if is_table else name}.rst",
        category=lambda wildcards: REPORT_PARTS[entry(wildcards).section],
        subcategory="Tables" if is_table else "Figures",
        labels=labels,
    )
