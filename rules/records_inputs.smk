# Names and input functions of the page, the manifest, the verdicts and the report; no rule.
import json

import yaml

from jtfs_repro import captions

NOTEBOOKS = ["scale_rate", "resynthesis"]


def load_captions(path):
    """Return the words about figures and tables; stop with one line if they cannot be read."""
    try:
        return captions.load(path)
    except io.FileError as error:
        stop(error, where="captions")


CLAIM_TABLES = yaml.safe_load((ROOT / "claims/tables.yaml").read_text("utf-8"))
CAPTIONS_FILE = os.path.relpath(ROOT / "config/captions.yaml")
CAPTIONS = load_captions(CAPTIONS_FILE)


def site_of(run):
    """Return the companion page of one run; a run of instruments alone has none."""
    return [f"results/{run}/site"] if STUDIES["chirps"](run) else []


def page_of(run):
    """Return the file that opens the companion page, '' where there is none."""
    return next((f"{site}/index.html" for site in site_of(run) if os.path.isdir(site)), "")


def is_left_out(job):
    """Return whether a job will only say why it was not run."""
    if job.rule.name == "train_end_to_end":
        return leaves_out_end_to_end(job.wildcards)
    return job.wildcards.get("feature") == "openl3" and not has_weights(job.wildcards)


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
    return lambda wildcards: [path for path in gathered(wildcards.run) if path.endswith(kind)]


def manifest_results(wildcards):
    """Return what a run's manifest is about: all figures, tables, data and notebooks.

    Tables that are made on demand are recorded where they are there.
    """
    tables = shown(OTHERS, wildcards.run)
    others = tables + [path.replace(".csv", ".md") for path in tables]
    found = gathered(wildcards.run) + notebooks(wildcards.run)
    found += [path for path in others if os.path.exists(path)]
    return [path for path in found if not path.endswith("manifest.json")]


def part_of_run(study, files):
    """Return an input function: a path or function's files, of runs with a study, else nothing."""

    def found(wildcards):
        names = {"run": wildcards.run, "clips": clip_set_of(wildcards.run)}
        if not STUDIES[study](wildcards.run):
            return []
        return files(wildcards) if callable(files) else files.format(**names)

    return found


def claims(pattern):
    """Return files of the literature's claims and numbers."""
    return [os.path.relpath(path) for path in sorted(ROOT.glob(f"claims/{pattern}"))]


@functools.cache
def verdict_tables(run):
    """Return (name, path, is an input) of the tables that claims can name.

    Inputs are those of the run's studies; others count where they are there.
    """
    found = []
    for name, spec in CLAIM_TABLES.items():
        paths = spec.get("path", [])
        for path in [paths] if isinstance(paths, str) else paths:
            path = f"results/{run}/{path}".format(clips=clip_set_of(run))
            if spec["study"] == "if there":
                found += [(name, os.path.normpath(path), False)] * os.path.exists(path)
            elif STUDIES[spec["study"]](run):
                found.append((name, path, True))
    return found


def verdict_inputs(wildcards):
    """Return the tables that are made for the verdicts."""
    return [path for _, path, is_input in verdict_tables(wildcards.run) if is_input]


def verdict_words(wildcards):
    """Return every table as a word NAME=PATH."""
    return [f"{name}={path}" for name, path, _ in verdict_tables(wildcards.run)]


def made_sha256(wildcards):
    """Return a digest of what the verdicts read beside their inputs: all settings, other tables."""
    files = sorted(ROOT.glob("gin/**/*.gin"))
    texts = [effective([path]) + str(gin_sections(path)) for path in files]
    tables = verdict_tables(wildcards.run)
    return digest("".join([*texts, *(sha256(p) for _, p, is_in in tables if not is_in)]))


def reported(path, name):
    """Mark a figure or a table's page for Snakemake's report; ``name`` may hold wildcards."""
    is_table = path.endswith(".html")
    suffix = ".csv" if is_table else Path(path).suffix

    def entry(wildcards):
        return captions.find(CAPTIONS, name.format(**wildcards) + suffix)

    def labels(wildcards):
        run = parse_run(run_of(wildcards))
        preset = run["preset"] + (run["variant"] and f" + {run['variant']}")
        title = entry(wildcards).title
        return {"shown": title, "scale": run["scale"], "preset": preset}

    return report(
        path,
        caption=caption_file(name, suffix),
        category=lambda wildcards: entry(wildcards).study.title,
        subcategory="Tables" if is_table else "Figures",
        labels=labels,
    )


def caption_file(name, suffix):
    """Return config/caption.rst with the words of a figure or table before it.

    Snakemake does not tell a caption which file it stands below. One that a wildcard names has the
    words of all tables.
    """
    words = json.dumps(report_words(name + suffix))
    if name == "{table}":
        files = [key.removesuffix(suffix) for key in CAPTIONS if key.endswith(suffix)]
        names = {file.replace("instruments", s) for file in files for s in [*CLIP_SETS, *OWN_CLIPS]}
        words = json.dumps({file: report_words(file + suffix) for file in sorted(names)})
        words += "[snakemake.wildcards.table]"
    template = (ROOT / "config/caption.rst").read_text(encoding="utf-8")
    text = f"{{% set caption, paper = {words} %}}\n{template}"
    path = Path(
        ".snakemake/captions", captions.row_name(name + suffix, CAPTIONS) + ".rst"
    ).absolute()
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        io.save_text(path, text)
    return str(path)


def report_words(file):
    """Return the caption of a figure or table, and what of the paper it remakes."""
    entry = captions.find(CAPTIONS, file)
    return [entry.caption, entry.paper]
