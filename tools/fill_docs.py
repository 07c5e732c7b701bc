"""Write the numbers of README.md and docs/*.md from the stored tables; --check only compares.

A marker names a cell; what stands between it and the next `<!-- end -->` is written by this script:

    <!-- cell FILE KEY=VALUE ... COLUMN FORMAT -->0.55<!-- end -->
    <!-- ratio FILE KEY=ABOVE/BELOW KEY=VALUE ... COLUMN FORMAT -->22<!-- end -->
    <!-- mean FILE KEY=VALUE ... COLUMN FORMAT -->72.6<!-- end -->  over several rows
    <!-- counts VERDICTS.csv -->347 claims and numbers: 184 within, ...<!-- end -->
    <!-- verdicts PAPER.csv DEMO.csv --> table <!-- end -->

FILE is seen from the folder of the project; KEY=VALUE (empty, or with blanks in quotes) must leave
one row. FORMAT is Python's (.2f, .1%, +.1f) or text; COLUMN*1e-6 scales. Code is left alone.
"""

import argparse
import csv
import os
import re
import shlex
import sys
from functools import cache, partial
from pathlib import Path
from statistics import fmean

from jtfs_repro.io import FileError, load_csv
from jtfs_repro.tables import NOT_RUN, format_cell, to_markdown
from jtfs_repro.verdicts.claims import load_claims
from jtfs_repro.verdicts.rows import COLUMNS, VERDICTS

KINDS = ("cell", "ratio", "mean", "counts", "verdicts")
MARKER = re.compile(rf"(<!-- ({'|'.join(KINDS)}) ([^>]*?) -->)(.*?)<!-- end -->", re.DOTALL)
LOOSE = re.compile(rf"<!-- (?:(?:{'|'.join(KINDS)}) [^>]*?|end) -->")
CODE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)
MINUS = "\N{MINUS SIGN}"
LATER = "later work, for context"  # one line of the table of verdicts
NOTE = (
    "Each cell: within / outside / not run. Settings and counts do not depend on the scale."
    " Every row with tolerance, reason and command: {}, and `verdicts.html` beside each."
)


class MarkerError(ValueError):
    """A marker that names no cell."""


def filled(text, root, page):
    """Return a page's text with every marker's value; ``page`` is its path below ``root``."""
    parts = CODE.split(text)
    for i in range(0, len(parts), 2):
        bare = MARKER.sub("", parts[i])
        if (loose := LOOSE.search(bare)) or any("<!--" in m[3] for m in MARKER.findall(parts[i])):
            what = loose.group() if loose else "a marker inside another"
            raise MarkerError(f"{what}: each marker needs one <!-- end --> before the next")
        parts[i] = MARKER.sub(partial(_replaced, root=root, page=page), parts[i])
    return "".join(parts)


def _replaced(match, *, root, page):
    start, kind, words = match[1], match[2], match[3]
    try:
        value = VALUES[kind](shlex.split(words), root, page)
    except (ValueError, ZeroDivisionError) as error:
        raise MarkerError(f"{start}: {error}") from error
    return f"{start}{value}<!-- end -->"


def cell(words, root, page):
    """Return one cell as text."""
    file, conditions, column, form = _parsed(words)
    return _formatted(_one(root / file, conditions, column), form)


def ratio(words, root, page):
    """Return the cell of one row over that of another, as text."""
    file, conditions, column, form = _parsed(words)
    split = [key for key, value in conditions.items() if "/" in value]
    if len(split) != 1:
        raise MarkerError("needs one KEY=ABOVE/BELOW")
    pair = conditions[split[0]].split("/")
    rows = [conditions | {split[0]: value} for value in pair]
    above, below = (float(_one(root / file, row, column)) for row in rows)
    return _formatted(above / below, form)


def mean(words, root, page):
    """Return the mean over all rows of a kind, as text."""
    file, conditions, column, form = _parsed(words)
    return _formatted(fmean(map(float, _found(root / file, conditions, column))), form)


def counts(words, root, page):
    """Return how many claims there are, and how many are within, outside, not run."""
    (file,) = words
    rows = _verdicts(root / file)
    counted = _counted(rows, rows[0]["scale"], "{} {}", ", ")
    return f"{len(rows)} claims and numbers: {counted}"


def verdicts(words, root, page):
    """Return the table of verdicts by section at two scales, its links seen from the page."""
    files = dict(zip(("paper", "demo"), words, strict=True))
    tables = {scale: _verdicts(root / file) for scale, file in files.items()}
    links = {
        scale: Path(os.path.relpath(Path(file).with_suffix(".md"), page.parent)).as_posix()
        for scale, file in files.items()
    }
    headlines, lines = load_claims().headlines, []
    for part in dict.fromkeys(_part(row) for rows in tables.values() for row in rows):
        own = {scale: [r for r in rows if _part(r) == part] for scale, rows in tables.items()}
        anchor = re.sub(r"[^\w\- ]", "", part.lower()).replace(" ", "-")  # as pages make it
        anchor = "" if part == LATER else f"#{anchor}"
        lines.append(_line(f"[{part}]({links['paper']}{anchor})", own, headlines.get(part)))
    table = to_markdown([*lines, _line("all", tables, None)])
    where = ", ".join(f"[{scale} scale]({link})" for scale, link in links.items())
    return f"\n{table}\n\n{NOTE.format(where)}\n"


def _verdicts(path):
    rows = load_csv(path)
    if lacking := [name for name in COLUMNS if not rows or name not in rows[0]]:
        what = f"no table of verdicts: it lacks {', '.join(lacking)}"
        raise FileError(f"{path}: {what} (run snakemake to make it)")
    return rows


def _part(row):
    return LATER if row["section"].startswith("later") else row["section"]


def _line(title, tables, headline):
    """Return one line; ``headline`` is the claim by whose number the section is known."""
    found = [row for row in tables["paper"] if headline and row["id"] == headline.id]
    here = [format_cell(row["value_here"]) for row in found if _verdict(row, "paper") != NOT_RUN]
    counted = {
        f"{scale} scale": _counted(rows, scale, "{}", " / ") for scale, rows in tables.items()
    }
    return {
        "section": title,
        "claims": len({row["id"] for rows in tables.values() for row in rows}),
        **counted,
        "headline": headline.headline if headline else "",
        "here, at paper scale": (here or [NOT_RUN])[0] if headline else "",
        "there": found[0]["value_there"] if found else "",
    }


def _verdict(row, scale):
    """Return the verdict; at paper scale a judged row of other data counts as not run."""
    is_other = scale == "paper" and row["at_paper_scale"] != "yes"
    return NOT_RUN if is_other else row["verdict"]


def _counted(rows, scale, form, between):
    words = [_verdict(row, scale) for row in rows]
    return between.join(form.format(words.count(verdict), verdict) for verdict in VERDICTS)


VALUES = {"cell": cell, "ratio": ratio, "mean": mean, "counts": counts, "verdicts": verdicts}


def _parsed(words):
    if len(words) < 3:
        raise MarkerError("needs FILE KEY=VALUE ... COLUMN FORMAT")
    file, *conditions, column, form = words
    if wrong := [word for word in conditions if "=" not in word]:
        raise MarkerError(f"{wrong[0]!r} must be KEY=VALUE")
    return file, dict(word.split("=", 1) for word in conditions), column, form


def _one(path, conditions, column):
    found = _found(path, conditions, column)
    if len(found) != 1:
        raise MarkerError(f"{len(found)} rows of that kind, not one")
    return found[0]


def _found(path, conditions, column):
    """Return the cells of a column, text, or numbers where it is scaled."""
    rows = _rows(path)
    name, _, factor = column.partition("*")
    for known in (name, *conditions):
        if known not in rows[0]:
            raise MarkerError(f"no column {known!r}; there are {', '.join(rows[0])}")
    kept = [row[name] for row in rows if all(row[key] == v for key, v in conditions.items())]
    if not kept:
        raise MarkerError("no row of that kind")
    return [float(cell) * float(factor) for cell in kept] if factor else kept


def _formatted(value, form):
    if form == "text":
        return value
    if value == "":
        raise MarkerError("the cell is empty")
    return format(float(value), form).replace("-", MINUS).replace("%", " %")


@cache
def _rows(path):
    if not path.is_file():
        raise MarkerError("no such file (run snakemake, or correct the path)")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise MarkerError("the table is empty")
    return rows


def pages(root):
    """Return the pages that may hold markers."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def main():
    """Fill all pages, or name those that are not current."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail if not current")
    parser.add_argument("--root", type=Path, default=Path(), help="folder of the project")
    options = parser.parse_args()
    stale = []
    for path in pages(options.root):
        page = path.relative_to(options.root)
        old = path.read_text(encoding="utf-8")
        try:
            new = filled(old, options.root, page)
        except (MarkerError, FileError) as error:
            sys.exit(f"error: {page}: {error}")
        if new != old and options.check:
            stale.append(str(page))
        elif new != old:
            path.write_text(new, encoding="utf-8", newline="\n")
    if stale:
        sys.exit(f"error: {', '.join(stale)}: not current (run python tools/fill_docs.py)")


if __name__ == "__main__":
    main()
