"""Writing the pages: one function that turns `Contents` into a folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from jtfs_repro import checks
from jtfs_repro.plots.manifold_data import manifold_data
from jtfs_repro.site import pictures
from jtfs_repro.site.catalogue import SECTIONS, Section, place
from jtfs_repro.site.contents import Contents
from jtfs_repro.site.folder import MARK, Folder, Slugs, swapped
from jtfs_repro.site.instruments import has_instruments, instruments_page
from jtfs_repro.site.notebooks import notebook_pages
from jtfs_repro.site.resyntheses import resynthesis_page
from jtfs_repro.site.scale_rates import scale_rate_page
from jtfs_repro.site.tables import TableView, table_views, verdicts, view

HERE = Path(__file__).parent
TITLES = {
    "index": "Overview",
    "scale_rate": "Scale and rate",
    "manifolds": "Manifolds",
    "instruments": "Instruments",
    "resynthesis": "Resynthesis",
    "tables": "Tables",
    "notebooks": "Notebooks",
}


def build_site(
    folder: str | os.PathLike[str],
    contents: Contents,
    *,
    bandwidth: float = 2.0,
    marker_size: float = 2.0,
    thumbnail_width: int = 640,
) -> None:
    """Write the whole site; an existing one is replaced in one step.

    Parameters
    ----------
    folder : path
        Destination; new, empty, or an older site.
    contents : Contents
        What is shown; an empty group is reported as not run.
    bandwidth : float > 0
        Bandwidth of the chirps in octaves, for the sound on the page of manifolds.
    marker_size : float > 0
        Diameter of a point there, pixels.
    thumbnail_width : int >= 64
        Width of the small figures on the index, pixels.

    Raises
    ------
    FileError
        ``folder`` holds something else than a site, or cannot be written.
    ValueError
        The contents do not fit together, or an option is out of its range.
    """
    checks.integer("thumbnail_width", thumbnail_width, low=64, mistake="pixels")
    with swapped(folder) as out:
        _Builder(out, contents).build(
            bandwidth=bandwidth, marker_size=marker_size, thumbnail_width=thumbnail_width
        )


class _Builder:
    """Renders the pages of one site into one folder."""

    def __init__(self, out: Folder, contents: Contents) -> None:
        self.out, self.contents = out, contents
        self.environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        hidden = {
            "instruments": not has_instruments(contents),
            "notebooks": not contents.notebooks,
            "tables": not contents.tables,
        }
        self.pages = [page for page in TITLES if not hidden.get(page)]
        manifest = contents.origin.manifest
        self.environment.globals.update(
            nav=[{"id": p, "title": TITLES[p], "href": f"{p}.html"} for p in self.pages],
            origin=contents.origin,
            manifest=out.write("manifest.json", manifest) if manifest else "",
        )

    def build(self, *, bandwidth: float, marker_size: float, thumbnail_width: int) -> None:
        """Write everything."""
        out, contents = self.out, self.contents
        _write_assets(out)
        figures = self._figures(thumbnail_width)
        tables = table_views(contents, out)
        self._write_index(figures, tables)
        self._write_manifolds(bandwidth, marker_size)
        sounds = resynthesis_page(contents, out)
        self._page("resynthesis", sounds=_with_tables(sounds), figures=_of("5", figures))
        self._page(
            "scale_rate",
            sounds=scale_rate_page(contents, out),
            figures=_of("2", figures),
            animation=self._animation(),
        )
        if "instruments" in self.pages:
            shown = instruments_page(contents, out)
            self._page("instruments", shown=shown, figures=_of("4", figures), tables=tables)
        self._write_tables(tables)
        self._write_notebooks()
        out.write_data("site", {"pages": self.pages})
        out.write(MARK, "{}\n")

    def _page(self, page: str, *, path: str = "", title: str = "", **values: Any) -> None:
        path = path or f"{page}.html"
        text = self.environment.get_template(f"{page}.html").render(
            page=page,
            root="../" * path.count("/"),
            title=title or TITLES[page],
            **values,
        )
        self.out.write(path, text.rstrip() + "\n")

    def _figures(self, width: int) -> list[dict[str, Any]]:
        slugs = Slugs()
        figures = sorted(self.contents.figures, key=lambda figure: place(figure.entry))
        return [_figure(f, self.out, slugs.new(f.name), width) for f in figures]

    def _write_index(self, figures: list[dict[str, Any]], tables: list[TableView]) -> None:
        sections = [self._section(section, figures, tables) for section in SECTIONS]
        self._page("index", sections=sections, verdicts=verdicts(self.contents, tables))

    def _section(
        self, section: Section, figures: list[dict[str, Any]], tables: list[TableView]
    ) -> dict[str, Any]:
        figures = _of(section.key, figures)
        tables = [table for table in tables if table.section == section.key]
        page = section.page if section.page in self.pages else ""
        return {
            "title": section.title,
            "remedy": section.remedy,
            "is_run": bool(figures or tables or self._has(page)),
            "page": page,
            "page_title": TITLES.get(page, ""),
            "figures": figures,
            "tables": tables,
        }

    def _has(self, page: str) -> bool:
        """Return whether a page holds more than 'not run'."""
        contents = self.contents
        found = {"scale_rate": contents.scale_rates, "manifolds": contents.manifolds}
        return page == "instruments" or bool({**found, "resynthesis": contents.runs}.get(page))

    def _write_notebooks(self) -> None:
        notebooks = notebook_pages(self.contents, self.out)
        if notebooks:
            self._page("notebooks", notebooks=notebooks)
            for notebook in notebooks:
                path, title = notebook["page"], notebook["title"]
                self._page("notebook", path=path, title=title, notebook=notebook)

    def _write_manifolds(self, bandwidth: float, marker_size: float) -> None:
        found, data = self.contents.manifolds, None
        if found:
            data = manifold_data(
                found.clouds,
                found.theta,
                stamp_line=self.contents.origin.stamp_line,
                bandwidth=bandwidth,
                marker_size=marker_size,
            )
            self.out.write_data("manifolds", data)
        self._page("manifolds", data=data)

    def _animation(self) -> dict[str, Any] | None:
        if not self.contents.animation:
            return None
        still, (width, height) = pictures.first_frame(self.contents.animation)
        return {
            "gif": self.out.write("figures/scale-rate.gif", self.contents.animation),
            "still": self.out.write("figures/scale-rate-still.png", still),
            "width": width,
            "height": height,
        }

    def _write_tables(self, tables: list[TableView]) -> None:
        if not tables:
            return
        sections = [(s.title, [t for t in tables if t.section == s.key]) for s in SECTIONS]
        self._page("tables", sections=[pair for pair in sections if pair[1]])
        for table in tables:
            self._page("table", path=table.page, title=table.title, table=table)


def _write_assets(out: Folder) -> None:
    from plotly.offline import get_plotlyjs  # 5 MB of text: only when a site is made

    for path in sorted((HERE / "assets").iterdir()):
        if path.suffix in (".css", ".js"):
            out.write(f"assets/{path.name}", path.read_text(encoding="utf-8"))
    out.write("assets/plotly.min.js", get_plotlyjs())


def _figure(figure: Any, out: Folder, name: str, width: int) -> dict[str, Any]:
    try:
        small, size, full_size = pictures.thumbnail(figure.png, width=width)
    except ValueError as error:
        raise ValueError(f"{figure.name}.png: {error}") from None
    return {
        "id": name,
        "section": figure.entry.section,
        "title": figure.entry.title,
        "caption": figure.entry.caption,
        "alt": figure.entry.alt,
        "full": out.write(f"figures/{name}.png", figure.png),
        "thumb": out.write(f"figures/{name}-small.png", small),
        "width": size[0],
        "height": size[1],
        "full_width": full_size[0],
        "full_height": full_size[1],
    }


def _of(section: str, figures: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [figure for figure in figures if figure["section"] == section]


def _with_tables(sounds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the sounds with their scores as a table, for the template only."""
    return [
        sound
        | {
            "table": view(
                sound["scores"],
                name=f"scores-{sound['id']}",
                title="Scores",
                caption="Errors and cross-frequency synchrony; the original and the initial noise"
                " give the scale.",
            )
        }
        for sound in sounds
    ]
