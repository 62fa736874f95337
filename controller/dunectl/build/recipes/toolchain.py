# SPDX-License-Identifier: GPL-2.0
"""toolchain: the host's cross compiler; the artifact is the list of versions, which is its key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dunectl.build.graph import Step
from dunectl.build.workshop import Workshop
from dunectl.project import Project


def steps(project: Project) -> Iterator[Step]:
    prefix = project.toolchain.prefix
    # A static program contains the C library, and that has no --version.
    libc = f"sha256sum <$({prefix}gcc -print-file-name=libc.a)"
    tools = (
        (f"{prefix}gcc", (f"{prefix}gcc", "--version")),
        (f"{prefix}ld", (f"{prefix}ld", "--version")),
        (f"{prefix}libc.a", ("sh", "-c", libc)),
    )

    async def recipe(workshop: Workshop) -> None:
        lines = []
        for name, argv in tools:
            lines.append(f"{name}: {(await workshop.capture(*argv))[0]}\n")
        (workshop.out / "versions").write_text("".join(lines), encoding="utf-8")

    yield Step(
        name="toolchain",
        target="toolchain",
        summary=f"{prefix}gcc of the host",
        recipe=recipe,
        code=(Path(__file__),),
        values=(("prefix", prefix),),
        tools=tools,
        needs=("toolchain",),
    )
