"""A stored table as one page of its own that needs nothing else: for Snakemake's report."""

from __future__ import annotations

import os

from jinja2 import Environment

from jtfs_repro import io
from jtfs_repro.site.catalogue import table_entry
from jtfs_repro.site.tables import view

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ table.title }}</title>
<style>
:root {
  color-scheme: light dark; --line: #d8d6d0; --shade: #f1f0ec; --ink: #1b1b1a; --paper: #fcfcfa;
}
@media (prefers-color-scheme: dark) {
  :root { --line: #383c40; --shade: #24282b; --ink: #e8e6e1; --paper: #151719; }
}
body {
  margin: 0; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 0.9rem/1.45 system-ui, "DejaVu Sans", sans-serif;
}
h1 { margin: 0 0 0.4rem; font-size: 1.2rem; }
p { margin: 0 0 0.6rem; max-width: 44rem; }
div { overflow-x: auto; }
table { border-collapse: collapse; }
th, td {
  padding: 0.25rem 0.7rem; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; white-space: nowrap;
}
th { background: var(--shade); }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.long { min-width: 16rem; white-space: normal; }
</style>
</head>
<body>
<h1>{{ table.title }}</h1>
<p>{{ table.caption }}</p>
{% if table.stamp %}
<p>{{ table.stamp }} · {{ table.rows | length }} rows</p>
{% endif %}
<div><table>
<thead><tr>
{% for column in table.columns %}
<th scope="col" class="{{ column.kind }}">{{ column.title }}</th>
{% endfor %}
</tr></thead>
<tbody>
{% for row in table.rows %}
<tr>
{%- for column in table.columns -%}
<td class="{{ column.kind }}">{{ row[column.name] }}</td>
{%- endfor -%}
</tr>
{% endfor %}
</tbody>
</table></div>
</body>
</html>
"""


def table_page(path: str | os.PathLike[str]) -> str:
    """Return the HTML page of a stored table; its text is escaped, its style is inside.

    Parameters
    ----------
    path : path
        A .csv file.

    Raises
    ------
    FileError
        The file is missing, or not a table.
    """
    entry = table_entry(os.fspath(path))
    table = view(
        io.load_csv(path), name="", title=entry.title, caption=entry.caption, section=entry.section
    )
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(TEMPLATE).render(table=table)
