# SPDX-License-Identifier: GPL-2.0
"""guest-tests, vz-tests: the C tests that run inside the booted guest, and on the bare machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dunectl.build.graph import Step
from dunectl.build.workshop import Workshop
from dunectl.project import Project


def steps(project: Project) -> Iterator[Step]:
    async def guest(workshop: Workshop) -> None:
        await _make(workshop, project, "tests/guest", f"LIBDUNE={workshop.dep('libdune')}")

    async def bare(workshop: Workshop) -> None:
        await _make(workshop, project, "tests/vz")

    yield Step(
        name="guest-tests",
        target="tests",
        summary="C tests that run inside the guest",
        recipe=guest,
        code=(Path(__file__),),
        deps=("toolchain", "libdune"),
        files=("tests/guest", "kmod/uapi"),
    )
    yield Step(
        name="vz-tests",
        target="tests",
        summary="bare-metal VZ tests",
        recipe=bare,
        code=(Path(__file__),),
        deps=("toolchain",),
        files=("tests/vz",),
    )


async def _make(workshop: Workshop, project: Project, folder: str, *arguments: str) -> None:
    """Make the programs of a folder, which are the artifact."""
    await workshop.make(
        workshop.inputs / folder,
        f"CROSS_COMPILE={project.toolchain.prefix}",
        f"O={workshop.work}",
        *arguments,
    )
    workshop.keep_programs(workshop.work)
