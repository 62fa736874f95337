# SPDX-License-Identifier: GPL-2.0
"""A small project with recipes that take milliseconds, and a way to build it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dunectl.build.graph import Graph, Step
from dunectl.build.host import Host
from dunectl.build.report import Event
from dunectl.build.schedule import Builder, Planned
from dunectl.build.store import Artifact, Store
from dunectl.build.workshop import Workshop
from dunectl.project import Project, find_root

Recipe = Callable[[Workshop], Awaitable[None]]


@dataclass
class Site:
    """A checkout, a store and what the last build reported."""

    root: Path
    store: Store
    events: list[Event] = field(default_factory=list)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def builder(self, *steps: Step) -> Builder:
        real = Project.load(find_root(), {"HOME": "/nonexistent"})
        project = Project(
            root=self.root,
            store=self.store.root,
            toolchain=real.toolchain,
            host={},
            debian=real.debian,
            sources={},
            qemu=real.qemu,
            kernels={},
            rootfs={},
            boards={},
        )
        host = Host(self.store.root / "cache" / "host.json")
        return Builder(project, Graph(steps), self.store, host, self.events.append)

    async def build(
        self, *steps: Step, names: Sequence[str] = ("all",), keep_going: bool = False, jobs: int = 2
    ) -> Mapping[str, Artifact]:
        self.events.clear()
        return await self.builder(*steps).build(names, jobs, keep_going)

    async def plan(self, *steps: Step) -> tuple[Planned, ...]:
        return await self.builder(*steps).plan(["all"])

    def seen(self, kind: type[Event]) -> list[str]:
        """The steps of all events of one kind, in order."""
        return [getattr(event, "step", "") for event in self.events if isinstance(event, kind)]


def copy_inputs(*names: str) -> Recipe:
    """A recipe that puts the texts of ``names`` into the file "text"."""

    async def recipe(workshop: Workshop) -> None:
        text = "".join((workshop.inputs / name).read_text() for name in names)
        (workshop.out / "text").write_text(text)

    return recipe


def shell(script: str) -> Recipe:
    """A recipe that runs a script; $OUT is where the artifact goes."""

    async def recipe(workshop: Workshop) -> None:
        await workshop.run("sh", "-c", script, environment={"OUT": str(workshop.out)})

    return recipe


def step(name: str, recipe: Recipe, *deps: str, files: tuple[str, ...] = ()) -> Step:
    """A step whose recipe code is this file."""
    return Step(
        name=name,
        target=name.partition(":")[0],
        summary=name,
        recipe=recipe,
        code=(Path(__file__),),
        deps=deps,
        files=files,
    )
