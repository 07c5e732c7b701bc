"""Every number that the paper, its code and later work state, set against our values."""

from __future__ import annotations

import os
from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.verdicts import claims as literature
from jtfs_repro.verdicts.pages import markdown, verdict_page
from jtfs_repro.verdicts.settings import FOLDER, GinSettings
from jtfs_repro.verdicts.table import Sources, load_tables, verdicts


def tabulate_verdicts(
    *,
    tables: list[str],
    claims: Path = literature.FOLDER,
    settings: Path = FOLDER,
    made_sha256: str = "",  # of what is read beside the inputs: reruns this when it changes
    table: Path,
) -> None:
    """Judge all claims; Markdown and a page lie beside the table.

    ``tables`` are words NAME=PATH, by the names of claims/tables.yaml; one name may have several.
    ``settings`` is the folder gin/.
    """
    paths: dict[str, list[str]] = {}
    for name, _, path in (word.partition("=") for word in tables):
        paths.setdefault(name, []).append(path)
    sources = Sources(
        tables=load_tables(paths),
        claims=literature.load_claims(claims),
        settings=GinSettings(folder=settings),
    )
    rows = config.bound(verdicts)(sources)
    for row in rows:  # a table's name becomes its path; where the run has no such table, nothing
        name = row["link"]
        path = name if "/" in name else paths.get(name, [""])[0]
        row["link"] = Path(os.path.relpath(path, table.parent)).as_posix() if path else ""
    io.save_csv(table, rows)
    io.save_text(table.with_suffix(".md"), markdown(rows, stamp=sources.stamp))
    io.save_text(table.with_suffix(".html"), verdict_page(rows, stamp=sources.stamp))
