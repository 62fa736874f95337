# SPDX-License-Identifier: GPL-2.0
"""rootfs:<variant>: an initramfs from manifests in gen_init_cpio's language.

A manifest names files of this host by ${BUSYBOX}, ${AGENT}, ${DUNE_KO} and ${ETC}. The programs of
the build follow it: libdune's examples, and the guest tests of a variant that has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from string import Template

from dunectl.build.graph import Step
from dunectl.build.workshop import StepFailed, Workshop
from dunectl.project import Project, Rootfs

# gen_init_cpio would write the time of the build into every entry.
_TIMESTAMP = "0"


def steps(project: Project) -> Iterator[Step]:
    for rootfs in project.rootfs.values():
        yield _step(rootfs)


def _programs(place: str, directory: Path) -> list[str]:
    return [f"file {place}/{path.name} {path} 0755 0 0\n" for path in sorted(directory.iterdir())]


def _step(rootfs: Rootfs) -> Step:
    manifests = tuple(f"images/rootfs/{name}.list" for name in rootfs.manifests)
    tests = ("guest-tests",) if rootfs.guest_tests else ()

    async def recipe(workshop: Workshop) -> None:
        paths = {
            "BUSYBOX": workshop.dep("source:busybox") / "bin/busybox",
            "AGENT": workshop.dep("agent") / "agent",
            "DUNE_KO": workshop.dep(f"kmod:{rootfs.kernel}") / "dune.ko",
            "ETC": workshop.inputs / "images/rootfs/etc",
        }
        lines = []
        for name in manifests:
            text = (workshop.inputs / name).read_text(encoding="utf-8")
            try:
                lines.append(Template(text).substitute(paths))
            except (KeyError, ValueError) as error:
                raise StepFailed(f"{name}: {error} is not one of {', '.join(paths)}") from None
        lines += _programs("/usr/bin", workshop.dep("libdune") / "bin")
        for dep in tests:
            lines += _programs("/usr/lib/dune/tests", workshop.dep(dep))
        whole = workshop.work / "rootfs.list"
        whole.write_text("".join(lines), encoding="utf-8")
        gen_init_cpio = workshop.dep(f"kernel:{rootfs.kernel}") / "bin/gen_init_cpio"
        await workshop.run(
            "sh",
            "-c",
            '"$0" -t "$1" "$2" >"$3"',
            gen_init_cpio,
            _TIMESTAMP,
            whole,
            workshop.out / "rootfs.cpio",
        )

    return Step(
        name=f"rootfs:{rootfs.name}",
        target="rootfs",
        summary=f"initramfs with dune.ko for kernel:{rootfs.kernel}",
        recipe=recipe,
        code=(Path(__file__),),
        deps=(
            "source:busybox",
            "agent",
            "libdune",
            f"kernel:{rootfs.kernel}",
            f"kmod:{rootfs.kernel}",
            *tests,
        ),
        files=(*manifests, "images/rootfs/etc"),
    )
