# SPDX-License-Identifier: GPL-2.0
"""kmod:<variant>: dune.ko for one kernel, from a copy of kmod/ and the kernel's build directory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from dunectl.build.graph import Step
from dunectl.build.recipes import kernel
from dunectl.build.workshop import Workshop
from dunectl.project import Project


def steps(project: Project) -> Iterator[Step]:
    for name in project.kernels:
        yield _step(project, name)


def _step(project: Project, name: str) -> Step:
    async def recipe(workshop: Workshop) -> None:
        module = workshop.inputs / "kmod"
        tree = workshop.dep("source:linux")
        build = workshop.dep(f"kernel:{name}") / "build"
        await workshop.make(
            tree,
            f"O={build}",
            f"M={module}",
            *kernel.make_arguments(project.toolchain.prefix),
            *kernel.relocated(tree, build, workshop.inputs),
            "W=1",
            "modules",
        )
        shutil.copy2(module / "dune.ko", workshop.out)

    return Step(
        name=f"kmod:{name}",
        target="kmod",
        summary=f"dune.ko for kernel:{name}",
        recipe=recipe,
        code=(Path(__file__), Path(kernel.__file__)),
        deps=("toolchain", "source:linux", f"kernel:{name}"),
        files=("kmod",),
        needs=("compiler",),
    )
