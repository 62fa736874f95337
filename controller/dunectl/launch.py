# SPDX-License-Identifier: GPL-2.0
"""From the project and its artifacts to machines: what `run` and `test` have in common."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from dunectl.errors import InfrastructureError, UserError, Verdict
from dunectl.machine import GuestError, Machine, MachineSpec
from dunectl.machine.folder import is_in_use
from dunectl.project import Board, Project

T = TypeVar("T")

#: How many run folders are kept, oldest go first; one that is in use, that was made in the last
#: YOUNG seconds or that has a file named KEEP stays.
RUNS_KEPT = 30
YOUNG = 60
KEEP = "keep"

#: Where the root file system has the module and the tests (images/rootfs/base.list).
MODULE = "/usr/lib/dune/dune.ko"
TESTS = "/usr/lib/dune/tests"


class ModuleRefused(Verdict):
    """dune.ko did not load; the message has the kernel's reason."""


def find_board(project: Project, name: str) -> Board:
    """A board of dune.toml."""
    return _find(project.boards, name, "board")


def check_kernel(project: Project, name: str) -> str:
    """``name``, when dune.toml has a root file system for such a kernel."""
    _find(project.rootfs, name, "kernel")
    return name


def _find(table: Mapping[str, T], name: str, what: str) -> T:
    if name not in table:
        known = ", ".join(table)
        raise UserError(f"no {what} {name!r}", next_step=f"use one of: {known}")
    return table[name]


def steps(kernel: str) -> list[str]:
    """The build steps that a machine with this kernel needs."""
    return ["qemu", f"kernel:{kernel}", f"rootfs:{kernel}"]


def machine_spec(
    artifacts: Mapping[str, Path],
    board: Board,
    kernel: str,
    run_dir: Path,
    *,
    cpu: str | None = None,
    memory: str | None = None,
    append: str = "",
    extra_args: tuple[str, ...] = (),
) -> MachineSpec:
    """A machine of ``board`` with the artifacts of :func:`steps`; ``cpu``, ``memory`` and
    ``append`` (kernel command line) go before what dune.toml says."""
    return MachineSpec(
        qemu=artifacts["qemu"] / "bin" / board.emulator,
        board=board.machine,
        cpu=cpu or board.cpu,
        memory=memory or board.memory,
        cpus=board.cpus,
        console=board.console,
        vmlinux=artifacts[f"kernel:{kernel}"] / "vmlinux",
        initrd=artifacts[f"rootfs:{kernel}"] / "rootfs.cpio",
        append=f"{board.append} {append}".strip(),
        run_dir=run_dir,
        extra_args=extra_args,
    )


def new_run_dir(project: Project, name: str, now: Callable[[], float] = time.time) -> Path:
    """A fresh folder for a run, under the store; ``runs/latest`` points to it."""
    runs = project.store / "runs"
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now()))
    try:
        runs.mkdir(parents=True, exist_ok=True)
        for attempt in range(1000):
            run_dir = runs / (f"{stamp}-{name}" + (f".{attempt}" if attempt else ""))
            with contextlib.suppress(FileExistsError):
                run_dir.mkdir()
                break
        _point(runs / "latest", run_dir.name)
    except OSError as error:
        raise InfrastructureError(f"{runs}: {error.strerror}", next_step=f"df {runs}") from error
    _prune(runs, now())
    return run_dir


def _point(link: Path, target: str) -> None:
    """Make a symbolic link, atomically as several runs may end here at once."""
    temporary = link.with_name(f".latest.{target}")
    temporary.symlink_to(target)
    temporary.replace(link)


def _prune(runs: Path, now: float) -> None:
    folders = sorted(path for path in runs.iterdir() if path.is_dir() and not path.is_symlink())
    for path in folders[:-RUNS_KEPT]:
        # Another dunectl may be doing the same.
        with contextlib.suppress(FileNotFoundError):
            young = now - path.stat().st_mtime < YOUNG
            if not (young or (path / KEEP).exists() or is_in_use(path)):
                shutil.rmtree(path, ignore_errors=True)


async def load_dune(machine: Machine) -> None:
    """Load dune.ko; :class:`ModuleRefused` with what the kernel said about it."""
    try:
        await machine.load_module(MODULE)
    except GuestError as error:
        said = [line for line in machine.console.tail(20) if "dune" in line.split("] ", 2)[-1]]
        cpu = machine.spec.cpu
        raise ModuleRefused(
            "\n".join([f"dune.ko does not load on CPU {cpu}: {error.strerror}", *said]),
            next_step=f"less {machine.spec.run_dir / 'console.log'}",
        ) from error
