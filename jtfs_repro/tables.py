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
