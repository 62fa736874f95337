# SPDX-License-Identifier: GPL-2.0
"""Steps, what they need of each other, and the names that the user types for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dunectl.errors import UserError

if TYPE_CHECKING:
    from dunectl.build.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is built.

    ``target``    the group it belongs to: what the user types ("kernel" for "kernel:lean")
    ``recipe``    builds it: fills ``workshop.out``
    ``code``      the Python files that the recipe consists of
    ``deps``      steps whose artifacts it reads
    ``files``     files and directories of the project that it reads; it sees no others
    ``values``    settings that change the result
    ``tools``     (name, command): the command's output, a version, is part of the key
    ``trees``     directories outside the project that it reads, by a name for messages
    ``needs``     entries of [host] in dune.toml
    ``slot``      False for what only waits for the network
    """

    name: str
    target: str
    summary: str
    recipe: Callable[[Workshop], Awaitable[None]]
    code: tuple[Path, ...]
    deps: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    tools: tuple[tuple[str, tuple[str, ...]], ...] = ()
    trees: tuple[tuple[str, Path], ...] = ()
    needs: tuple[str, ...] = ()
    slot: bool = True


ALL = "all"


class Graph:
    """Every step of a project, checked: unique names, known dependencies, no cycle."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self.steps: Mapping[str, Step] = {step.name: step for step in steps}
        self._order = self._sorted()

    def _sorted(self) -> tuple[str, ...]:
        order: dict[str, None] = {}
        path: list[str] = []

        def visit(name: str) -> None:
            if name in order:
                return
            if name in path:
                raise ValueError("dependency cycle: " + " -> ".join([*path, name]))
            path.append(name)
            for dep in self.steps[name].deps:
                visit(dep)
            path.pop()
            order[name] = None

        for name in self.steps:
            visit(name)
        return tuple(order)

    @property
    def targets(self) -> Mapping[str, tuple[str, ...]]:
        """Target -> its steps, in the order of the graph; "all" is last."""
        groups: dict[str, list[str]] = {}
        for step in self.steps.values():
            groups.setdefault(step.target, []).append(step.name)
        result = {target: tuple(names) for target, names in groups.items()}
        return result | {ALL: tuple(self.steps)}

    def select(self, names: Sequence[str]) -> tuple[str, ...]:
        """The steps that ``names`` (targets or steps) stand for."""
        targets = self.targets
        chosen: dict[str, None] = {}
        for name in names:
            if name in targets:
                chosen.update(dict.fromkeys(targets[name]))
            elif name in self.steps:
                chosen[name] = None
            else:
                raise UserError(
                    f"unknown target {name!r}; known: {', '.join([*targets, *self.steps])}",
                    next_step="dunectl graph",
                )
        return tuple(chosen)

    def closure(self, names: Sequence[str]) -> tuple[Step, ...]:
        """``select(names)`` and all that they need, dependencies first."""
        wanted: set[str] = set()
        left = list(self.select(names))
        while left:
            name = left.pop()
            if name not in wanted:
                wanted.add(name)
                left.extend(self.steps[name].deps)
        return tuple(self.steps[name] for name in self._order if name in wanted)
