"""Writing the pages: one function that turns `Contents` into a folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jtfs_repro import captions, checks
from jtfs_repro.captions import Entry, Study
from jtfs_repro.plots.manifold_data import manifold_data
from jtfs_repro.site import pictures
from jtfs_repro.site.contents import Contents, Picture
from jtfs_repro.site.folder import MARK, Folder, Slugs, swapped, templates
from jtfs_repro.site.instruments import has_instruments, instruments_page
from jtfs_repro.site.notebooks import notebook_pages
from jtfs_repro.site.resyntheses import resynthesis_page
from jtfs_repro.site.scale_rates import scale_rate_page
from jtfs_repro.site.tables import TableView, table_views, verdicts

ASSETS = Path(__file__).parent / "assets"
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

    ``bandwidth`` (octaves) is that of the chirps heard on the page of manifolds, ``marker_size``
    (pixels) that of its points, ``thumbnail_width`` (pixels, >= 64) that of figures on the index.
    `FileError`: ``folder`` holds something else than a site. `ValueError`: a wrong option.
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
        self.environment = templates()
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
        slugs = Slugs()
        ordered = sorted(contents.figures, key=lambda figure: figure.entry.place)
        figures = [_figure(figure, out, slugs, thumbnail_width) for figure in ordered]
        tables = table_views(contents.tables, out)
        self._write_index(figures, tables)
        self._write_manifolds(bandwidth, marker_size)
        sounds = resynthesis_page(contents, out)
        self._page("resynthesis", sounds=sounds, figures=_of("textures", figures))
        self._page(
            "scale_rate",
            sounds=scale_rate_page(contents, out),
            figures=_of("transform", figures),
            animation=self._animation(),
        )
        if "instruments" in self.pages:
            self._page(
                "instruments",
                shown=instruments_page(contents, out),
                figures=_of("instruments", figures),
                tables=_of("instruments", tables),
            )
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

    def _write_index(self, figures: list[_Figure], tables: list[TableView]) -> None:
        studies = captions.studies(self.contents.captions)
        sections = [self._section(study, figures, tables) for study in studies]
        self._page("index", sections=sections, verdicts=verdicts(tables))

    def _section(
        self, study: Study, figures: list[_Figure], tables: list[TableView]
    ) -> dict[str, Any]:
        figures, tables = _of(study.key, figures), _of(study.key, tables)
        page = study.page if study.page in self.pages else ""
        return {
            "title": study.title,
            "remedy": study.remedy,
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
            "entry": captions.find(self.contents.captions, "scale_rate.gif"),
        }

    def _write_tables(self, tables: list[TableView]) -> None:
        if not tables:
            return
        studies = captions.studies(self.contents.captions)
        sections = [(study.title, _of(study.key, tables)) for study in studies]
        self._page("tables", sections=[pair for pair in sections if pair[1]])
        for table in tables:
            self._page("table", path=table.page, title=table.title, table=table)


def _write_assets(out: Folder) -> None:
    from plotly.offline import get_plotlyjs  # 5 MB of text: only when a site is made

    for path in sorted(ASSETS.iterdir()):
        if path.suffix in (".css", ".js"):
            out.write(f"assets/{path.name}", path.read_text(encoding="utf-8"))
    out.write("assets/plotly.min.js", get_plotlyjs())


@dataclass(frozen=True, kw_only=True)
class _Figure:
    """What the templates need to show a figure: words, links, width and height in pixels."""

    id: str
    entry: Entry
    full: str
    thumb: str
    size: tuple[int, int]


def _figure(figure: Picture, out: Folder, slugs: Slugs, width: int) -> _Figure:
    try:
        small, size = pictures.thumbnail(figure.png, width=width)
    except ValueError as error:
        raise ValueError(f"{figure.path}: {error}") from None
    name = slugs.new(figure.entry.key.removesuffix(".png"))
    return _Figure(
        id=name,
        entry=figure.entry,
        full=out.write(f"figures/{name}.png", figure.png),
        thumb=out.write(f"figures/{name}-small.png", small),
        size=size,
    )


def _of(study: str, shown: Sequence[Any]) -> list[Any]:
    return [one for one in shown if one.entry.study.key == study]
