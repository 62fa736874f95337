# SPDX-License-Identifier: GPL-2.0
"""libdune: the library, its headers and the programs of libdune/examples."""

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
            workshop.inputs / "libdune",
            f"CROSS_COMPILE={project.toolchain.prefix}",
            f"O={workshop.work}",
        )
        shutil.copy2(workshop.work / "libdune.a", workshop.out)
        shutil.copytree(workshop.work / "include", workshop.out / "include")
        workshop.keep_programs(workshop.work / "bin", "bin")

    yield Step(
        name="libdune",
        target="libdune",
        summary="the library and its examples, hello among them",
        recipe=recipe,
        code=(Path(__file__),),
        deps=("toolchain",),
        files=("libdune", "kmod/uapi"),
    )
