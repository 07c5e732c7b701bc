"""The companion page: a static site made from stored figures, tables, sounds and arrays.

Data come in as scripts that assign to a global, so that every page works from ``file://``.
"""

from jtfs_repro.extras import need

need(
    __name__,
    "workflow",
    "PIL",
    "jinja2",
    "jupyter_client",
    "matplotlib",
    "nbclient",
    "nbformat",
    "plotly",
)
