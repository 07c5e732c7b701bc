# What the companion page is made from; no rule.

NOTEBOOKS = ["scale_rate", "resynthesis"]


def site_of(run):
    """Return the companion page of one run; a run of Section 4 alone has none."""
    return [f"results/{run}site"] if chirp_results(run) else []


def site_assets(wildcards):
    """Return the templates, styles and scripts of the page."""
    folders = ("templates", "assets")
    files = [p for f in folders for p in Path(ROOT, "jtfs_repro/site", f).iterdir()]
    return sorted(str(path.relative_to(ROOT)) for path in files if path.is_file())


def site_figures(wildcards):
    """Return the figures of the run that a browser shows."""
    return [path for path in gathered(wildcards.run) if path.endswith(".png")]


def site_tables(wildcards):
    """Return the tables of the run."""
    return [path for path in gathered(wildcards.run) if path.endswith(".csv")] + [
        f"results/{wildcards.run}{section(wildcards.run)}{name}.csv"
        for name in ("recalls", "confusion")
        if section(wildcards.run)
    ]


def site_textures_of(run):
    """Return option of the script -> files of Sections 2 and 5."""
    if not has_textures(run):
        return {}
    return {
        "sounds": [f"data/{run}textures/{sound}.json" for sound in shown()],
        "resyntheses": all_resyntheses(run, "json"),
        "scale-rates": [f"results/{run}scale_rate/{sound}.npz" for sound in pictured()],
        "animation": [f"img/{run}scale_rate.gif"],
        "notebooks": notebooks(run),
    }


def site_textures(wildcards):
    """Return the files of Sections 2 and 5 that the page reads, those beside them included."""
    run = wildcards.run
    beside = [f"data/{run}textures/{sound}.wav" for sound in shown()]
    for suffix in ("wav", "csv", "snapshots.npz"):
        beside += all_resyntheses(run, suffix)
    named = [path for paths in site_textures_of(run).values() for path in paths]
    return named + beside if has_textures(run) else []


def site_texture_arguments(wildcards):
    """Return the options that name the files of Sections 2 and 5."""
    groups = site_textures_of(wildcards.run)
    return " ".join(
        f"--{name} {' '.join(paths)}" for name, paths in groups.items() if paths
    )


def notebooks(run):
    """Return the executed notebooks of one run."""
    is_wanted = config["notebooks"] and has_textures(run)
    return [f"results/{run}notebooks/{name}.ipynb" for name in NOTEBOOKS if is_wanted]


def notebook_code(wildcards):
    """Return the files that a notebook and the script that executes it are made of."""
    notebook = f"notebooks/{wildcards.notebook}.ipynb"
    files = cached_closure(("scripts/execute_notebook.py", notebook))
    return [path for path in files if path != notebook]
