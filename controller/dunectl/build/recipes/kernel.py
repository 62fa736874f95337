# SPDX-License-Identifier: GPL-2.0
"""kernel:<variant>: allnoconfig plus fragments; vmlinux and what building a module needs.

The build is reproducible: no time, user, host or path of this machine is in the result.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from dunectl.build.graph import Step
from dunectl.build.workshop import StepFailed, Workshop
from dunectl.project import Kernel, Project

_SETTING = re.compile(r"^(?:(CONFIG_\w+)=(.*)|# (CONFIG_\w+) is not set)$")
_UNSET = "n"

# Of a finished build, building a module needs headers, scripts/ and Module.symvers.
_LEFTOVERS = frozenset({".o", ".a", ".cmd", ".lds", ".S"})
_TOOLS = ("scripts", "tools")


def steps(project: Project) -> Iterator[Step]:
    for kernel in project.kernels.values():
        yield _step(project, kernel)


def make_arguments(prefix: str) -> tuple[str, ...]:
    """What every make in the kernel's tree is given."""
    return (
        "ARCH=mips",
        f"CROSS_COMPILE={prefix}",
        f"CC=ccache {prefix}gcc",
        "HOSTCC=ccache gcc",
    )


def relocated(tree: Path, build: Path, *others: Path) -> tuple[str, str]:
    """Arguments of make that keep the paths of this machine out of debug information: files of the
    kernel and of ``others`` are named as in their own tree, and the compiler ran in "."."""
    maps = [f"-ffile-prefix-map={build}=.", f"-ffile-prefix-map={tree}/="]
    flags = " ".join([*maps, *(f"-ffile-prefix-map={other}/=" for other in others)])
    return f"KCFLAGS={flags}", f"KAFLAGS={flags}"


def _step(project: Project, kernel: Kernel) -> Step:
    fragments = tuple(f"images/kernel/{name}.config" for name in kernel.fragments)
    prefix = project.toolchain.prefix

    async def recipe(workshop: Workshop) -> None:
        tree = workshop.dep("source:linux")
        build = workshop.out / "build"
        build.mkdir()
        arguments = (
            f"O={build}",
            *make_arguments(prefix),
            *relocated(tree, build),
            "KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 1970",
            "KBUILD_BUILD_VERSION=1",
            "KBUILD_BUILD_USER=dune",
            "KBUILD_BUILD_HOST=dune",
        )
        wanted = [(workshop.inputs / name).read_text(encoding="utf-8") for name in fragments]
        merged = workshop.work / "merged.config"
        merged.write_text("\n".join(wanted), encoding="utf-8")
        await workshop.make(tree, *arguments, f"KCONFIG_ALLCONFIG={merged}", "allnoconfig")
        _verify(workshop, wanted, (build / ".config").read_text(encoding="utf-8"))
        await workshop.make(tree, *arguments, "vmlinux", "modules_prepare")
        shutil.copy2(build / ".config", workshop.out / "config")
        shutil.copy2(build / "System.map", workshop.out)
        (build / "vmlinux").rename(workshop.out / "vmlinux")
        # What "make modules" would make of it, without building the kernel's own modules.
        (build / "vmlinux.symvers").rename(build / "Module.symvers")
        (workshop.out / "bin").mkdir()
        await workshop.run(
            "gcc",
            "-O2",
            f"-ffile-prefix-map={tree}/=",
            "-o",
            workshop.out / "bin/gen_init_cpio",
            tree / "usr/gen_init_cpio.c",
        )
        _trim(build)

    return Step(
        name=f"kernel:{kernel.name}",
        target="kernel",
        summary=f"Linux, {' + '.join(kernel.fragments)}",
        recipe=recipe,
        code=(Path(__file__),),
        deps=("toolchain", "source:linux"),
        files=fragments,
        values=(("fragments", " ".join(fragments)),),
        needs=("compiler", "kernel"),
    )


def _settings(texts: Iterable[str]) -> Mapping[str, str]:
    result = {}
    for text in texts:
        for line in text.splitlines():
            match = _SETTING.match(line)
            if match:
                result[match[1] or match[3]] = match[2] if match[1] else _UNSET
    return result


def _verify(workshop: Workshop, wanted: Iterable[str], config: str) -> None:
    """Kconfig drops silently what has an unmet dependency or does not exist; say it instead."""
    got = _settings([config])
    lost = 0
    for name, value in _settings(wanted).items():
        if got.get(name, _UNSET) != value:
            workshop.say(f"{name}={value} was asked for, {got.get(name, _UNSET)} is what it is")
            lost += 1
    if lost:
        raise StepFailed(f"{lost} options of the kernel's fragments did not take effect")


def _trim(build: Path) -> None:
    for path in build.iterdir():
        if path.name.startswith((".tmp_", "vmlinux")):
            path.unlink()
    for path in build.rglob("*"):
        if (
            path.suffix in _LEFTOVERS
            and path.relative_to(build).parts[0] not in _TOOLS
            and not path.is_symlink()
            and path.is_file()
        ):
            path.unlink()
