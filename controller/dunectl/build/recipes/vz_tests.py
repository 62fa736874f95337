# SPDX-License-Identifier: GPL-2.0
"""vz-tests: the bare-metal programs that test VZ in QEMU without any kernel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dunectl.build.graph import Step
from dunectl.build.workshop import Workshop
from dunectl.project import Project


def steps(project: Project) -> Iterator[Step]:
    async def recipe(workshop: Workshop) -> None:
        await workshop.make(
            workshop.inputs / "tests/vz",
            f"CROSS_COMPILE={project.toolchain.prefix}",
            f"O={workshop.work}",
        )
        workshop.keep_programs(workshop.work)

    yield Step(
        name="vz-tests",
        target="tests",
        summary="bare-metal VZ tests",
        recipe=recipe,
        code=(Path(__file__),),
        deps=("toolchain",),
        files=("tests/vz",),
    )
