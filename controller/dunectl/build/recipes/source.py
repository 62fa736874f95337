# SPDX-License-Identifier: GPL-2.0
"""source:<name>: the unpacked tree of each entry of [sources]; source:wheels for QEMU's build."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from dunectl.build import sources
from dunectl.build.graph import Step
from dunectl.build.workshop import Workshop
from dunectl.errors import InfrastructureError
from dunectl.project import DebianSource, DirectorySource, Project, Source, UrlSource


def steps(project: Project) -> Iterator[Step]:
    for name, source in project.sources.items():
        yield _step(project, name, source)
    yield _wheels(project)


def _step(project: Project, name: str, source: Source) -> Step:
    values: tuple[tuple[str, str], ...]
    trees: tuple[tuple[str, Path], ...] = ()
    needs: tuple[str, ...] = ("debian",)
    match source:
        case DebianSource(kind, package, suite, version, exclude):
            summary = f"{package} of Debian {suite}"
            values = (
                ("kind", kind),
                ("package", package),
                ("suite", suite),
                ("version", version),
                ("exclude", " ".join(exclude)),
            )
        case UrlSource(url, sha256, exclude):
            summary = url
            values = (("sha256", sha256), ("exclude", " ".join(exclude)))
        case DirectorySource(path):
            summary = str(path)
            values = ()
            trees = (("directory", path),)
            needs = ()

    async def recipe(workshop: Workshop) -> None:
        await sources.bring(workshop, project.debian, source)

    return Step(
        name=f"source:{name}",
        target="source",
        summary=summary,
        recipe=recipe,
        # apt.py says where from and not what, so a change of it fetches nothing anew.
        code=(Path(__file__), Path(sources.__file__)),
        values=values,
        trees=trees,
        needs=needs,
        slot=False,
    )


def _wheels(project: Project) -> Step:
    wheels = project.qemu.wheels

    async def recipe(workshop: Workshop) -> None:
        requirements = workshop.work / "requirements.txt"
        requirements.write_text(
            "".join(f"{pin} --hash=sha256:{digest}\n" for pin, digest in wheels.items()),
            encoding="utf-8",
        )
        pip = (sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary=:all:")
        if await workshop.status(
            *pip, "--require-hashes", f"--requirement={requirements}", f"--dest={workshop.out}"
        ):
            raise InfrastructureError(
                "pip cannot download QEMU's build tools, see the log",
                next_step="check the network and pip's configuration: pip config list",
            )

    return Step(
        name="source:wheels",
        target="source",
        summary="Python wheels that QEMU's build needs",
        recipe=recipe,
        code=(Path(__file__),),
        values=tuple(wheels.items()),
        slot=False,
    )
