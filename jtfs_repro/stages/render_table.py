"""Render a stored table as a page of its own, for Snakemake's report."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import io
from jtfs_repro.captions import find, load
from jtfs_repro.site.tables import table_page


def render_table(*, table: Path, captions: Path, page: Path) -> None:
    """Write the .html page of a .csv table."""
    io.save_text(page, table_page(table, find(load(captions), table)))
