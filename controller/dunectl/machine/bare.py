# SPDX-License-Identifier: GPL-2.0
"""A bare-metal program on an emulated board: no Linux, no agent, an end by itself.

The program speaks through the semihosting console and ends QEMU with an exit status (UHI). One that
does not end in time is looked at, like a machine with Linux.
"""

from __future__ import annotations

import asyncio
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from dunectl.machine.process import end_process, spawn_owned
from dunectl.machine.qmp import Monitor, MonitorLost
from dunectl.machine.sample import Symbols, diagnose, sample_cpus
from dunectl.machine.verdict import Hang


@dataclass(frozen=True, slots=True)
class BareSpec:
    """What to run on what. ``time_limit`` in wall-clock seconds; ``folder`` gets <name>.out (what
    the program said) and <name>.log (what QEMU said)."""

    qemu: Path
    board: str
    cpu: str
    program: Path
    folder: Path
    name: str
    memory: str = "64M"
    time_limit: float = 60.0


@dataclass(frozen=True, slots=True)
class BareResult:
    """``status`` is QEMU's exit status, negative for a signal; ``hang`` is set when the program did
    not end by itself, and ``status`` then means nothing."""

    status: int
    output: str
    log: str
    seconds: float
    hang: Hang | None


async def run_bare(spec: BareSpec) -> BareResult:
    """Run a program to its end. Cancelling ends QEMU."""
    output = spec.folder / f"{spec.name}.out"
    log = spec.folder / f"{spec.name}.log"
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    begin = time.monotonic()
    with ours:
        with theirs, log.open("wb") as log_file:
            argv = _command_line(spec, output, theirs.fileno())
            process = await spawn_owned(argv, pass_fds=[theirs.fileno()], output=log_file)
        hang = None
        try:
            async with asyncio.timeout(spec.time_limit):
                await process.wait()
        except TimeoutError:
            hang = await _look(spec, ours)
        finally:
            await end_process(process)
    return BareResult(
        status=await process.wait(),
        output=_text(output),
        log=_text(log),
        seconds=time.monotonic() - begin,
        hang=hang,
    )


async def _look(spec: BareSpec, sock: socket.socket) -> Hang | None:
    monitor = Monitor(spec.name)
    try:
        await monitor.connect(sock)
        samples = await sample_cpus(monitor)
    except MonitorLost:
        return None  # it has just ended after all
    finally:
        await monitor.close()
    return diagnose(samples, Symbols(spec.program))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _command_line(spec: BareSpec, output: Path, qmp: int) -> list[str]:
    return [
        str(spec.qemu),
        *("-M", spec.board, "-cpu", spec.cpu, "-m", spec.memory),
        *("-nodefaults", "-no-user-config", "-display", "none", "-vga", "none", "-net", "none"),
        *("-chardev", f"socket,id=qmp,fd={qmp}", "-mon", "chardev=qmp,mode=control"),
        *("-chardev", f"file,id=tap,path={output}"),
        *("-semihosting-config", "enable=on,target=native,chardev=tap"),
        *("-kernel", str(spec.program)),
    ]
