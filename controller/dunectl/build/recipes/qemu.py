# SPDX-License-Identifier: GPL-2.0
"""qemu: the upstream tree, our patches, our new files, our list of devices; then configure, ninja.

A tree that already holds every file of qemu/vz is taken to be someone's work in progress and is
built as it is.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from dunectl.build.graph import Step
from dunectl.build.workshop import StepFailed, Workshop
from dunectl.project import Project

_DEVICES = "dune"


def steps(project: Project) -> Iterator[Step]:
    config = project.qemu

    async def recipe(workshop: Workshop) -> None:
        tree = workshop.work / "qemu"
        await workshop.run("cp", "-a", "--reflink=auto", workshop.dep("source:qemu"), tree)
        await dress(workshop, tree)
        for wheel in workshop.dep("source:wheels").iterdir():
            (tree / "python/wheels").mkdir(exist_ok=True)
            shutil.copy2(wheel, tree / "python/wheels")
        build = workshop.work / "build"
        build.mkdir()
        await workshop.run(
            tree / "configure",
            "--target-list=" + ",".join(config.targets),
            *config.configure,
            "--without-default-devices",
            *(f"--with-devices-{_arch(target)}={_DEVICES}" for target in config.targets),
            f"--python={sys.executable}",
            "--cc=ccache gcc",
            "--host-cc=ccache gcc",
            "--prefix=/usr",
            "--with-pkgversion=Dune",
            cwd=build,
        )
        programs = [f"qemu-system-{_arch(target)}" for target in config.targets]
        await workshop.run("ninja", f"-j{workshop.jobs}", *programs, cwd=build)
        (workshop.out / "bin").mkdir()
        for program in programs:
            shutil.copy2(build / program, workshop.out / "bin")
        (workshop.out / "include").mkdir()
        shutil.copy2(tree / "include/qemu/qemu-plugin.h", workshop.out / "include")

    yield Step(
        name="qemu",
        target="qemu",
        summary="QEMU with the VZ module",
        recipe=recipe,
        code=(Path(__file__),),
        deps=("source:qemu", "source:wheels"),
        files=("qemu/devices", "qemu/patches", "qemu/vz"),
        values=(
            ("targets", " ".join(config.targets)),
            ("configure", " ".join(config.configure)),
        ),
        tools=(
            ("gcc", ("gcc", "--version")),
            ("glib-2.0", ("pkg-config", "--modversion", "glib-2.0")),
        ),
        needs=("compiler", "qemu"),
    )


def _arch(target: str) -> str:
    return target.removesuffix("-softmmu")


async def dress(workshop: Workshop, tree: Path) -> None:
    """Make the upstream tree ours."""
    ours = workshop.inputs / "qemu"
    new = [path.relative_to(ours / "vz") for path in (ours / "vz").rglob("*") if path.is_file()]
    if new and all((tree / path).exists() for path in new):
        workshop.say("the tree holds the files of qemu/vz already: it is built as it is")
    else:
        for patch in sorted((ours / "patches").glob("*.patch")):
            workshop.say(f"applying {patch.name}")
            await workshop.run(
                "patch",
                "--strip=1",
                "--batch",
                "--forward",
                "--fuzz=0",
                f"--directory={tree}",
                f"--input={patch}",
            )
        for path in new:
            if (tree / path).exists():
                raise StepFailed(f"qemu/vz/{path} is in upstream's tree: make it a patch")
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ours / "vz" / path, tree / path)
    for devices in (ours / "devices").glob("*.mak"):
        place = tree / "configs/devices" / devices.stem
        shutil.copy2(devices, place / f"{_DEVICES}.mak")
