"""Tables as text: CSV, Markdown, and what stands in their cells."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

FLOAT_DIGITS = 6
RUN, NOT_RUN = "run", "not run"  # how "status" begins, in tables and JSON files
Rows = Sequence[Mapping[str, Any]]


def to_csv(rows: Rows) -> str:
    """Return ``rows`` as CSV; floats get 6 digits.

    `ValueError`: there is no row, or a row has other columns than the first.
    """
    columns = _columns(rows)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([format_cell(row[name]) for name in columns] for row in rows)
    return text.getvalue()


def from_csv(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a CSV table as people have it, one dictionary of strings per row.

    UTF-8, with or without a mark, or UTF-16 with one; any line ends, also within quotes; commas,
    semicolons or tabs between cells. Empty lines and empty columns at the end count nothing.
    `ValueError`: the encoding, no header, two columns of one name, or a wrong number of cells.
    """
    utf_16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ValueError(f"line {line} is not UTF-8: save the table as CSV UTF-8") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)  # the comma where there is one column
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        rows = [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:  # a cell too long
        raise ValueError(f"line {reader.line_num}: {error}") from None
    lines = [(n, cells) for n, cells in rows if cells == [""] or any(map(str.strip, cells))]
    if not lines:
        raise ValueError("no header")
    header = [name.strip() for name in lines[0][1]]
    while header and not header[-1]:
        header.pop()
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"two columns are called {twice!r}")
    found = []
    for line, cells in lines[1:]:
        if len(cells) < len(header) or any(cell.strip() for cell in cells[len(header) :]):
            raise ValueError(f"line {line} has a wrong cell count")
        found.append(dict(zip(header, cells, strict=False)))
    return found


def to_markdown(rows: Rows, *, caption: str = "") -> str:
    """Return ``rows`` as a Markdown table, numbers right-aligned, below ``caption``.

    >>> print(to_markdown([{"feature": "mfcc", "D": 20}]))
    | feature | D |
    | --- | ---: |
    | mfcc | 20 |
    """
    columns = _columns(rows)
    rules = ["---:" if is_numeric([row[name] for row in rows]) else "---" for name in columns]
    cells = [[format_cell(row[name]).replace("|", "\\|") for name in columns] for row in rows]
    lines = ["| " + " | ".join(line) + " |" for line in [columns, rules, *cells]]
    return "\n".join(([caption, ""] if caption else []) + lines)


def is_numeric(cells: Sequence[Any]) -> bool:
    """Return whether some cell is a number and every other one is a number or empty."""
    texts = [text for text in map(format_cell, cells) if text]
    return bool(texts) and all(map(_is_number, texts))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def format_cell(value: Any) -> str:
    """Return ``value`` as the text of a table cell: floats with 6 significant digits.

    >>> [format_cell(value) for value in (1 / 3, 1e-9, 7, True, None, "f_c")]
    ['0.333333', '1e-09', '7', 'True', '', 'f_c']
    """
    if value is None:
        return ""
    if isinstance(value, bool | np.bool_ | Integral) or not isinstance(value, Real):
        return str(value)
    number = float(value)
    return "" if math.isnan(number) else f"{number:.{FLOAT_DIGITS}g}"


def status_of(why: str) -> str:
    """Return the status of a table's row: 'run', or 'not run: ' with the reason and remedy."""
    return f"{NOT_RUN}: {why}" if why else RUN


def why_of_status(status: str) -> str:
    """Return the reason and remedy of a status 'not run: ...', of any other an empty string."""
    return status.removeprefix(f"{NOT_RUN}: ") if status.startswith(NOT_RUN) else ""


def _columns(rows: Rows) -> list[str]:
    if not rows:
        raise ValueError("rows=[] must hold at least one row (a table needs its columns)")
    columns = list(rows[0])
    for number, row in enumerate(rows):
        if list(row) != columns:
            raise ValueError(f"rows[{number}] has columns {list(row)}, expected {columns}")
    return columns
