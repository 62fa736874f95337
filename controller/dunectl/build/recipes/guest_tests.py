# SPDX-License-Identifier: GPL-2.0
"""guest-tests: the C tests of dune.ko and libdune that run inside the booted guest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dunectl.build.graph import Step
from dunectl.build.workshop import Workshop
from dunectl.project import Project


def steps(project: Project) -> Iterator[Step]:
    async def recipe(workshop: Workshop) -> None:
        await workshop.make(
            workshop.inputs / "tests/guest",
            f"CROSS_COMPILE={project.toolchain.prefix}",
            f"LIBDUNE={workshop.dep('libdune')}",
            f"O={workshop.work}",
        )
        workshop.keep_programs(workshop.work)

    yield Step(
        name="guest-tests",
        target="tests",
        summary="C tests that run inside the guest",
        recipe=recipe,
        code=(Path(__file__),),
        deps=("toolchain", "libdune"),
        files=("tests/guest", "kmod/uapi"),
    )
