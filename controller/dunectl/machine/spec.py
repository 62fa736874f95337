# SPDX-License-Identifier: GPL-2.0
"""What a machine is made of, and QEMU's command line for it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from dunectl.machine import protocol


@dataclass(frozen=True, slots=True)
class MachineSpec:
    """A machine to start. Paths are used as they are; nothing here is built or looked up.

    ``memory`` is in QEMU's notation ("256M"), times are wall-clock seconds. ``vmlinux`` is the
    uncompressed ELF: a vmlinuz spends most of its boot unpacking itself, and symbols are wanted to
    say where a machine hangs. ``boot_timeout`` ends with the agent's greeting. ``run_dir`` is made
    when missing and gets console.log, qemu.log and command.
    """

    qemu: Path
    board: str
    cpu: str
    memory: str
    vmlinux: Path
    initrd: Path
    run_dir: Path
    append: str = ""
    cpus: int = 1
    console: str = "ttyS0"
    boot_timeout: float = 60.0
    extra_args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Channels:
    """File descriptors that QEMU inherits, one end of a socket pair each."""

    qmp: int
    console: int
    agent: int


def kernel_command_line(spec: MachineSpec, init: str = "/init") -> str:
    """What the kernel is told: everything to the console, and nothing it would try in vain.

    ``loglevel=8`` shows every message, as a verdict reads the console. ``panic=0`` keeps a dead
    kernel where it died. ``/init`` is the agent.
    """
    parts = [f"console={spec.console}", "loglevel=8", "panic=0", f"rdinit={init}", spec.append]
    return " ".join(part for part in parts if part)


def _machine_arguments(spec: MachineSpec, kernel_arguments: str) -> list[str]:
    return [
        str(spec.qemu),
        *("-nodefaults", "-no-user-config", "-display", "none", "-vga", "none", "-net", "none"),
        "-no-reboot",
        *("-M", spec.board, "-cpu", spec.cpu, "-m", spec.memory, "-smp", str(spec.cpus)),
        *("-kernel", str(spec.vmlinux), "-initrd", str(spec.initrd)),
        *("-append", kernel_arguments),
        *spec.extra_args,
    ]


def command_line(spec: MachineSpec, channels: Channels) -> list[str]:
    """QEMU's arguments. The CPU starts stopped: QMP's ``cont`` comes when someone listens, and a
    panic stops it for a look."""
    return [
        *_machine_arguments(spec, kernel_command_line(spec)),
        *("-S", "-action", "panic=pause"),
        *("-chardev", f"socket,id=qmp,fd={channels.qmp}", "-mon", "chardev=qmp,mode=control"),
        *("-chardev", f"socket,id=console,fd={channels.console}", "-serial", "chardev:console"),
        *("-chardev", f"socket,id=agent,fd={channels.agent}"),
        *("-device", "virtio-serial-pci,disable-legacy=on,max_ports=2"),
        *("-device", f"virtserialport,chardev=agent,name={protocol.PORT}"),
        *("-device", "pvpanic-pci"),
    ]


def script(spec: MachineSpec) -> str:
    """A shell script that starts the same machine by hand, with its console on the terminal and a
    shell instead of the agent."""
    arguments = _machine_arguments(spec, kernel_command_line(spec, init="/bin/sh"))
    arguments += ["-serial", "mon:stdio"]
    return f"#!/bin/sh\nexec {shlex.join(arguments)}\n"
