"""Every number that the paper, its code and later work state, set against our values."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.site.verdict_page import verdict_page
from jtfs_repro.verdicts import claims as literature
from jtfs_repro.verdicts import table as judged
from jtfs_repro.verdicts.rows import located
from jtfs_repro.verdicts.settings import FOLDER, GinSettings


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
    sources = judged.Sources(
        tables=judged.load_tables(paths),
        claims=literature.load_claims(claims),
        settings=GinSettings(folder=settings),
    )
    links = {name: files[0] for name, files in paths.items()}
    rows = located(config.bound(judged.verdicts)(sources), links, start=table.parent)
    io.save_csv(table, rows)
    io.save_text(table.with_suffix(".md"), judged.markdown(rows, stamp=sources.stamp))
    io.save_text(table.with_suffix(".html"), verdict_page(rows, stamp=sources.stamp))
