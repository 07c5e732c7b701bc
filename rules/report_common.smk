# What Snakemake's report shows of figures and tables, and under which words; no rule.
import json

from jtfs_repro import captions


def load_captions(path):
    """Return the words about figures and tables; stop with one line if they cannot be read."""
    try:
        return captions.load(path)
    except io.FileError as error:
        stop(error, where="captions")


CAPTIONS = load_captions(ROOT / "config/captions.yaml")


def figure(path, kinds=(".png", ".pdf")):
    """Return the files of a figure; the first is shown in the report."""
    first, *others = [path + kind for kind in kinds]
    return [reported(first, "Figures", plain(first)), *others]


def table_page(path):
    """Return the page of a table, shown in the report."""
    table = plain(path).replace("/report/", "/").removesuffix(".html") + ".csv"
    return reported(path, "Tables", table)


def plain(path):
    """Return a path whose clip set, if it has one, is its folder."""
    return path.replace("{run}", "").replace("{medley}", "{clips}")


def reported(path, kind, described):
    """Mark one file for the report, under the words about ``described``."""
    entry = captions.find(CAPTIONS, described)
    return report(
        path,
        caption=caption_file(entry),
        category=entry.study.title,
        subcategory=kind,
        labels=lambda wildcards: report_labels(entry.title, wildcards),
    )


def caption_file(entry):
    """Return rules/caption.rst with the words of one row.

    Snakemake does not tell a caption which file it is below, so each row has a file of its own.
    """
    words = {"caption": entry.caption, "paper": entry.paper}
    lines = [f"{{% set {k} = {json.dumps(text)} %}}\n" for k, text in words.items()]
    text = "".join(lines) + Path(ROOT, "rules/caption.rst").read_text(encoding="utf-8")
    path = Path(".snakemake/captions", f"{entry.key}.rst").absolute()
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        io.save_text(path, text)
    return str(path)


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
