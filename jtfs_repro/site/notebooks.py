"""Executed notebooks as pages: text, code, and what the code printed and drew."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from jtfs_repro.site.contents import Contents, Notebook
from jtfs_repro.site.folder import Folder, Slugs

_HEADING = re.compile(r"^(#{1,6})\s+(.*)$")
_LISTED = re.compile(r"^\s*([-*+|>]|\d+\.)\s", re.MULTILINE)
_AUDIO = re.compile(r"src=[\"']data:audio/(?:x-)?wav;base64,([A-Za-z0-9+/=\s]+)[\"']")
TITLE = -1  # level of the heading that titles the page
_COLOUR_CODES = re.compile(r"\x1b\[[0-9;]*m")


def notebook_pages(contents: Contents, folder: Folder) -> list[dict[str, Any]]:
    """Copy the notebooks and their pictures; return what the template shows."""
    slugs = Slugs()
    return [_page(notebook, folder, slugs.new(notebook.name)) for notebook in contents.notebooks]


def _page(notebook: Notebook, folder: Folder, name: str) -> dict[str, Any]:
    cells = enumerate(json.loads(notebook.text)["cells"])
    shown = [_cell(cell, folder, f"{name}-{k}") for k, cell in cells]
    headings = [b for c in shown for b in c.get("blocks", []) if b["level"]]
    title = headings[0]["text"] if headings else notebook.name
    if headings:
        headings[0]["level"] = TITLE  # the heading of the page: not said twice
    return {
        "id": name,
        "title": title,
        "file": folder.write(f"notebooks/{name}.ipynb", notebook.text),
        "page": f"notebooks/{name}.html",
        "cells": shown,
    }


def _cell(cell: dict[str, Any], folder: Folder, name: str) -> dict[str, Any]:
    source = _joined(cell.get("source", ""))
    if cell.get("cell_type") != "code":
        parts = re.split(r"\n\s*\n", source.strip())
        return {"kind": "text", "blocks": [_block(text) for text in parts]}
    outputs = [_output(o, folder, f"{name}-{k}") for k, o in enumerate(cell.get("outputs", []))]
    return {"kind": "code", "source": source, "outputs": [o for o in outputs if o]}


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _block(text: str) -> dict[str, Any]:
    """Return a heading, a paragraph or, with its line breaks, a list or the like."""
    if match := _HEADING.match(text):
        return {"level": len(match[1]), "text": match[2], "typed": False}
    return {"level": 0, "text": text, "typed": bool(_LISTED.search(text))}


def _output(output: dict[str, Any], folder: Folder, name: str) -> dict[str, str] | None:
    data = output.get("data", {})
    words = data.get("text/markdown") or data.get("text/plain", "")
    text = _COLOUR_CODES.sub("", _joined(output.get("text", "") or words))
    sound = _AUDIO.search(_joined(data.get("text/html", "")))
    try:
        if "image/png" in data:
            png = base64.b64decode(_joined(data["image/png"]))
            return {"kind": "picture", "file": folder.write(f"notebooks/{name}.png", png)}
        if sound:
            wav = base64.b64decode(sound[1])
            return {"kind": "audio", "file": folder.write(f"notebooks/{name}.wav", wav)}
    except binascii.Error:
        text = "an output that cannot be read"
    if "traceback" in output:
        text = _COLOUR_CODES.sub("", "\n".join(output["traceback"]))
    return {"kind": "text", "text": text} if text else None
