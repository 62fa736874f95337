# SPDX-License-Identifier: GPL-2.0
"""Building: from dune.toml to artifacts in the content-addressed store.

    result = await build_targets(project, ["qemu", "rootfs:lean", "kernel:lean"])
    result["qemu"] / "bin/qemu-system-mips64el"

A *step* is one thing built; a *target* is a name that the user types: a step, or a group of steps
("kernel" is every "kernel:<variant>", "all" is everything). The result maps the name of every step
that was asked for, directly or as a dependency, to its artifact directory. Treat the directory as
read-only; it stays until ``dunectl clean`` removes it.

    step              holds
    toolchain         (nothing; its key is the versions of the compiler and the C library)
    qemu              bin/qemu-system-mips64el  include/qemu-plugin.h
    kernel:<v>        vmlinux (with symbols)  System.map  config  build/ (for modules, gdb scripts)
    kmod:<v>          dune.ko
    libdune           libdune.a  include/  bin/hello and the other examples
    guest-tests       one static executable per test, at the top
    vz-tests          one *.elf per test, at the top
    agent             agent
    rootfs:<v>        rootfs.cpio

where <v> is a kernel variant of dune.toml ("lean", "check").

Errors: :class:`UserError` for an unknown target, :class:`InfrastructureError` for what the host
lacks, :class:`BuildFailed` when a step failed (the reporter has then shown its last lines).
Cancelling the call kills and awaits every child process; nothing half-built is left.
"""

from __future__ import annotations

from dunectl.build.api import BuildOptions, build_targets, plan_targets
from dunectl.build.report import Reporter
from dunectl.build.schedule import Planned

__all__ = ["BuildOptions", "Planned", "Reporter", "build_targets", "plan_targets"]
