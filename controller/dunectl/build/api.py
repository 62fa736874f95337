# SPDX-License-Identifier: GPL-2.0
"""The two questions that the rest of the controller asks: build this, and what would that do."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dunectl.build.host import Host
from dunectl.build.recipes import project_graph
from dunectl.build.report import Reporter, silent
from dunectl.build.schedule import Builder, Planned
from dunectl.build.store import Store
from dunectl.project import Project


def _cpus() -> int:
    return len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """``jobs``: compiler processes at a time, over all steps. ``keep_going``: after a failure,
    still build what does not depend on it."""

    jobs: int = field(default_factory=_cpus)
    keep_going: bool = False


async def build_targets(
    project: Project,
    names: Sequence[str],
    options: BuildOptions | None = None,
    reporter: Reporter = silent,
) -> Mapping[str, Path]:
    """Build ``names`` (targets or steps) and what they need; map every step to its artifact."""
    options = options or BuildOptions()
    builder = _builder(project, reporter)
    artifacts = await builder.build(names, options.jobs, options.keep_going)
    return {name: artifact.out for name, artifact in artifacts.items()}


async def plan_targets(project: Project, names: Sequence[str]) -> tuple[Planned, ...]:
    """What build_targets() would do with each step, dependencies first."""
    return await _builder(project, silent).plan(names)


def _builder(project: Project, reporter: Reporter) -> Builder:
    store = Store(project.store)
    host = Host(store.root / "cache" / "host.json")
    return Builder(project, project_graph(project), store, host, reporter)
