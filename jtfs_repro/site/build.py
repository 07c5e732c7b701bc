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
from jtfs_repro.site.tables import table_views, verdicts

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
        _write_assets(out)
        site = _Site(out, contents, thumbnail_width)
        site.write_index()
        site.write_manifolds(bandwidth, marker_size)
        site.write_studies()
        site.write_tables()
        site.write_notebooks()
        out.write_data("site", {"pages": site.pages})
        out.write(MARK, "{}\n")


@dataclass(frozen=True, kw_only=True)
class _Figure:
    """What the templates need to show a figure: words, links, width and height in pixels."""

    id: str
    entry: Entry
    full: str
    thumb: str
    size: tuple[int, int]


class _Site:
    """The pages of one site in one folder, and the figures and tables that several show."""

    def __init__(self, out: Folder, contents: Contents, thumbnail_width: int) -> None:
        self.out, self.contents = out, contents
        hidden = {
            "instruments": not has_instruments(contents),
            "notebooks": not contents.notebooks,
            "tables": not contents.tables,
        }
        self.pages = [page for page in TITLES if not hidden.get(page)]
        manifest = contents.origin.manifest
        self.templates = templates()
        self.templates.globals.update(
            nav=[{"id": p, "title": TITLES[p], "href": f"{p}.html"} for p in self.pages],
            origin=contents.origin,
            manifest=out.write("manifest.json", manifest) if manifest else "",
        )
        slugs = Slugs()
        ordered = sorted(contents.figures, key=lambda figure: figure.entry.place)
        self.figures = [_figure(figure, out, slugs, thumbnail_width) for figure in ordered]
        self.tables = table_views(contents.tables, out)
        self.studies = captions.studies(contents.captions)

    def write_page(self, page: str, *, path: str = "", title: str = "", **values: Any) -> None:
        """Render the template of a page."""
        path = path or f"{page}.html"
        root, title = "../" * path.count("/"), title or TITLES[page]
        template = self.templates.get_template(f"{page}.html")
        text = template.render(page=page, root=root, title=title, **values)
        self.out.write(path, text.rstrip() + "\n")

    def write_index(self) -> None:
        sections = [self._section(study) for study in self.studies]
        self.write_page("index", sections=sections, verdicts=verdicts(self.tables))

    def _section(self, study: Study) -> dict[str, Any]:
        figures, tables = _of(study.key, self.figures), _of(study.key, self.tables)
        page = study.page if study.page in self.pages else ""
        contents = self.contents
        shown = {  # what a page holds beside figures and tables
            "scale_rate": contents.scale_rates,
            "manifolds": contents.manifolds,
            "resynthesis": contents.runs,
            "instruments": True,
        }
        return {
            "title": study.title,
            "remedy": study.remedy,
            "is_run": bool(figures or tables or shown.get(page)),
            "page": page,
            "page_title": TITLES.get(page, ""),
            "figures": figures,
            "tables": tables,
        }

    def write_manifolds(self, bandwidth: float, marker_size: float) -> None:
        data = None
        if found := self.contents.manifolds:
            data = manifold_data(
                found.clouds,
                found.theta,
                stamp_line=self.contents.origin.stamp_line,
                bandwidth=bandwidth,
                marker_size=marker_size,
            )
            self.out.write_data("manifolds", data)
        self.write_page("manifolds", data=data)

    def write_studies(self) -> None:
        """Write the pages of sounds, of scale and rate, of instruments."""
        contents, out = self.contents, self.out
        sounds, figures = resynthesis_page(contents, out), _of("textures", self.figures)
        self.write_page("resynthesis", sounds=sounds, figures=figures)
        sounds, figures = scale_rate_page(contents, out), _of("transform", self.figures)
        animation = self._animation()
        self.write_page("scale_rate", sounds=sounds, figures=figures, animation=animation)
        if "instruments" in self.pages:
            shown, tables = instruments_page(contents, out), _of("instruments", self.tables)
            figures = _of("instruments", self.figures)
            self.write_page("instruments", shown=shown, figures=figures, tables=tables)

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

    def write_tables(self) -> None:
        sections = [(study.title, _of(study.key, self.tables)) for study in self.studies]
        if self.tables:
            self.write_page("tables", sections=[pair for pair in sections if pair[1]])
        for table in self.tables:
            self.write_page("table", path=table.page, title=table.title, table=table)

    def write_notebooks(self) -> None:
        notebooks = notebook_pages(self.contents, self.out)
        if notebooks:
            self.write_page("notebooks", notebooks=notebooks)
        for notebook in notebooks:
            path, title = notebook["page"], notebook["title"]
            self.write_page("notebook", path=path, title=title, notebook=notebook)


def _write_assets(out: Folder) -> None:
    from plotly.offline import get_plotlyjs  # 5 MB of text: only when a site is made

    for path in sorted(ASSETS.iterdir()):
        if path.suffix in (".css", ".js"):
            out.write(f"assets/{path.name}", path.read_text(encoding="utf-8"))
    out.write("assets/plotly.min.js", get_plotlyjs())


def _figure(figure: Picture, out: Folder, slugs: Slugs, width: int) -> _Figure:
    try:
        small, size = pictures.thumbnail(figure.png, width=width)
    except ValueError as error:
        raise ValueError(f"{figure.path}: {error}") from None
    name = slugs.new(figure.entry.key.removesuffix(".png"))
    full = out.write(f"figures/{name}.png", figure.png)
    thumb = out.write(f"figures/{name}-small.png", small)
    return _Figure(id=name, entry=figure.entry, full=full, thumb=thumb, size=size)


def _of(study: str, shown: Sequence[Any]) -> list[Any]:
    return [one for one in shown if one.entry.study.key == study]
