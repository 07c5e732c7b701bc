"""Render a stored table as a page of its own, for Snakemake's report."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import io
from jtfs_repro.site.table_page import table_page


def render_table(*, table: Path, page: Path) -> None:
    """Write the .html page of a .csv table."""
    io.save_text(page, table_page(table))
