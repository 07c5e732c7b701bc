"""Picture of the workflow: one box per rule, in the order in which they run."""

from __future__ import annotations

import re
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

BOX_WIDTH, LAYER_HEIGHT = 2.1, 0.75  # inches
HALF_BOX = 0.19  # of a layer
_NODE = re.compile(r'(\d+)\s*\[label\s*=\s*"([^"\\]+)')
_EDGE = re.compile(r"(\d+)\s*->\s*(\d+)")
Graph = dict[str, set[str]]  # rule -> rules that use its outputs


def read_graph(dot: str) -> Graph:
    """Read a graph in the dot language, of ``snakemake --rulegraph``; ValueError if it is empty.

    Examples
    --------
    >>> read_graph('0[label = "all"]; 1[label = "plot"]; 1 -> 0')
    {'all': set(), 'plot': {'all'}}
    """
    names = dict(_NODE.findall(dot))
    if not names:
        raise ValueError("dot='' must hold a node (did snakemake --rulegraph fail?)")
    graph: Graph = {name: set() for name in names.values()}
    for source, target in _EDGE.findall(dot):
        graph[names[source]].add(names[target])
    return _reduced(graph)


def _reduced(graph: Graph) -> Graph:
    """Drop every arrow that a longer path makes superfluous."""
    below = {name: _reachable(graph, name) for name in graph}
    return {
        name: {t for t in targets if not any(t in below[other] for other in targets - {t})}
        for name, targets in graph.items()
    }


def _reachable(graph: Graph, name: str) -> set[str]:
    found: set[str] = set()
    waiting = [*graph[name]]
    while waiting:
        target = waiting.pop()
        if target not in found:
            found.add(target)
            waiting += graph[target]
    return found


def layers(graph: Graph) -> list[list[str]]:
    """Return the rules by the length of the longest path that they lead to, longest first.

    Examples
    --------
    >>> layers({"all": set(), "plot": {"all"}, "fit": {"plot", "all"}})
    [['fit'], ['plot'], ['all']]
    """
    heights: dict[str, int] = {}

    def height(name: str) -> int:
        if name not in heights:
            heights[name] = 1 + max(map(height, graph[name]), default=-1)
        return heights[name]

    top = max(map(height, graph))
    return [[name for name in graph if height(name) == h] for h in range(top, -1, -1)]


def figure_dag(dot: str) -> Figure:
    """Draw the graph of rules, given in the dot language, first rules on top."""
    graph = read_graph(dot)
    rows = layers(graph)
    width = max(map(len, rows))
    figure = Figure(figsize=(BOX_WIDTH * width, LAYER_HEIGHT * len(rows)))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(len(rows), 0)
    places = {
        name: ((column + 0.5) * width / len(row), depth + 0.5)
        for depth, row in enumerate(rows)
        for column, name in enumerate(row)
    }
    _draw(axes, graph, places)
    return figure


def _draw(axes: Axes, graph: Graph, places: Mapping[str, tuple[float, float]]) -> None:
    box = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": "#34618d"}
    style = {"arrowstyle": "-|>", "color": "grey", "shrinkA": 0, "shrinkB": 0}
    for name, (x, y) in places.items():
        axes.text(x, y, name, ha="center", va="center", fontsize=9, bbox=box, zorder=2)
        for target in sorted(graph[name]):
            to_x, to_y = places[target]
            head, tail = (to_x, to_y - HALF_BOX), (x, y + HALF_BOX)
            axes.annotate("", xy=head, xytext=tail, arrowprops=style, zorder=1)
