# What Snakemake's report shows of figures and tables, and under which words; no rule.
from jtfs_repro.site import catalogue

OTHER_FIGURES = {  # the companion page shows it by itself
    "scale_rate": catalogue.Entry(
        section="2", title="Rates, scales and spins over time", caption=""
    )
}
REPORT_PARTS = {part.key: part.title for part in catalogue.SECTIONS}


def figure(path, kinds=(".png", ".pdf")):
    """Return the files of a figure; the first is shown in the report."""
    first, *others = [path + kind for kind in kinds]
    name = Path(plain(path)).name
    entry = OTHER_FIGURES.get(name) or catalogue.figure_entry(plain(path) + ".png")
    return [reported(first, entry, name), *others]


def table_page(path):
    """Return the page of a table, shown in the report."""
    key = plain(path).replace("medley/report/", "medley/")
    name = "medley_cost" if key.endswith("medley/cost.html") else Path(key).stem
    return reported(path, catalogue.table_entry(key), f"table_{name}")


def plain(path):
    """Return a path as in a run of demo scale: the catalogue's keys know no wildcards."""
    return path.replace("{run}", "").replace("{medley}", "medley")


def reported(path, entry, caption):
    """Mark one file for the report, under the words of the catalogue."""
    return report(
        path,
        caption=f"captions/{caption}.rst",
        category=REPORT_PARTS[entry.section],
        subcategory="Tables" if path.endswith(".html") else "Figures",
        labels=lambda wildcards: report_labels(entry.title, wildcards),
    )


def report_labels(title, wildcards):
    """Return the columns of the report's lists."""
    run = facts(wildcards.run)
    return {
        "shown": title,
        "scale": run["scale"],
        "preset": run["preset"] + (run["variant"] and f" + {run['variant']}"),
    }


def report_pages(run):
    """Return the pages of all tables of one run; the verdicts have a page of their own."""
    pages = [*SHOWN_TABLES] if chirp_results(run) else []
    pages += SHOWN_TEXTURE_TABLES if has_textures(run) else []
    pages = [f"results/{run}report/{name}.html" for name in pages]
    folder = section(run)
    return pages + [
        f"results/{run}{folder}report/{name}.html"
        for name in SHOWN_MEDLEY_TABLES
        if folder
    ]
