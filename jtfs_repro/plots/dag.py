"""Picture of the workflow: one box per rule, in the order in which they run."""

from __future__ import annotations

import re
from collections.abc import Mapping

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

BOX_WIDTH, LAYER_HEIGHT = 2.1, 0.75  # inches
_NODE = re.compile(r'(\d+)\s*\[label\s*=\s*"([^"\\]+)')
_EDGE = re.compile(r"(\d+)\s*->\s*(\d+)")
Graph = dict[str, set[str]]  # rule -> rules that use its outputs


def read_graph(dot: str) -> Graph:
    """Read a graph in the dot language, as ``snakemake --rulegraph`` prints it.

    Raises
    ------
    ValueError
        There is no node in it.

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
    """Return the rules by the length of the longest path that leads to them.

    Examples
    --------
    >>> layers({"all": set(), "plot": {"all"}, "fit": {"plot", "all"}})
    [['fit'], ['plot'], ['all']]
    """
    sources = {name: [s for s in graph if name in graph[s]] for name in graph}
    depths: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in depths:
            depths[name] = 1 + max(map(depth, sources[name]), default=-1)
        return depths[name]

    n_layers = 1 + max(map(depth, graph))
    return [[name for name in graph if depth(name) == d] for d in range(n_layers)]


def figure_dag(dot: str) -> Figure:
    """Draw the graph of rules, first rules on top.

    Parameters
    ----------
    dot : str
        The graph in the dot language.

    Returns
    -------
    Figure
    """
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


def _draw(axes, graph: Graph, places: Mapping[str, tuple[float, float]]) -> None:
    box = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": "#34618d"}
    labels = {
        name: axes.text(x, y, name, ha="center", va="center", fontsize=9, bbox=box, zorder=2)
        for name, (x, y) in places.items()
    }
    for source, targets in graph.items():
        for target in sorted(targets):
            arrow = FancyArrowPatch(
                places[source],
                places[target],
                patchA=labels[source].get_bbox_patch(),
                patchB=labels[target].get_bbox_patch(),
                arrowstyle="-|>",
                mutation_scale=9,
                color="grey",
                zorder=1,
            )
            axes.add_patch(arrow)
