# SPDX-License-Identifier: GPL-2.0
"""The build graph as text, in Graphviz's language and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from dunectl.build.graph import Graph


def tree(graph: Graph, names: Sequence[str]) -> str:
    """Each step with what it needs below it; what was shown in full before is not repeated."""
    chosen = graph.select(names)
    needed = {dep for name in chosen for dep in graph.steps[name].deps}
    shown: set[str] = set()
    lines: list[str] = []
    for name in chosen:
        if name not in needed:
            lines.append(_title(graph, name))
            lines.extend(_branches(graph, name, "", shown))
    return "\n".join(lines) + "\n"


def _title(graph: Graph, name: str) -> str:
    return f"{name}  ({graph.steps[name].summary})"


def _branches(graph: Graph, name: str, indent: str, shown: set[str]) -> Iterator[str]:
    deps = graph.steps[name].deps
    if name in shown and deps:
        yield f"{indent}└── as above"
        return
    shown.add(name)
    for number, dep in enumerate(deps):
        last = number == len(deps) - 1
        yield f"{indent}{'└── ' if last else '├── '}{_title(graph, dep)}"
        yield from _branches(graph, dep, indent + ("    " if last else "│   "), shown)


def dot(graph: Graph, names: Sequence[str]) -> str:
    """For ``dot -Tsvg``; arrows go from what is needed to what needs it."""
    lines = ["digraph dune {", "    rankdir=LR;", "    node [shape=box];"]
    for step in graph.closure(names):
        lines.append(f'    "{step.name}" [tooltip="{step.summary}"];')
        lines.extend(f'    "{dep}" -> "{step.name}";' for dep in step.deps)
    return "\n".join([*lines, "}"]) + "\n"


def as_json(graph: Graph, names: Sequence[str]) -> str:
    """A list of steps, dependencies first."""
    steps = [
        {
            "step": step.name,
            "target": step.target,
            "summary": step.summary,
            "deps": step.deps,
            "files": step.files,
        }
        for step in graph.closure(names)
    ]
    return json.dumps(steps, indent=2) + "\n"
