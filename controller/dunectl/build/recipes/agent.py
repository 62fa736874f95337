# SPDX-License-Identifier: GPL-2.0
"""agent: init of the guest, which runs commands for the controller."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from dunectl.build.graph import Step
from dunectl.build.workshop import Workshop
from dunectl.project import Project


def steps(project: Project) -> Iterator[Step]:
    async def recipe(workshop: Workshop) -> None:
        await workshop.make(
            workshop.inputs / "images/agent",
            f"CROSS_COMPILE={project.toolchain.prefix}",
            f"O={workshop.work}",
        )
        shutil.copy2(workshop.work / "agent", workshop.out)

    yield Step(
        name="agent",
        target="rootfs",
        summary="init of the guest",
        recipe=recipe,
        code=(Path(__file__),),
        deps=("toolchain",),
        files=("images/agent",),
    )
