# SPDX-License-Identifier: GPL-2.0
"""What must not work gets a clear error, and loses nothing."""

from __future__ import annotations

import asyncio
import errno
import re
from pathlib import Path

import pytest

from dunectl import launch
from dunectl.machine import GuestError, GuestSignal, Machine, RunResult
from dunectl.machine.kernel_log import complaints, read_kernel_log
from dunectl.testing.lab import Lab
from tests.e2e.support import dunectl

CPU_WITHOUT_VZ = "MIPS64R2-generic"
SPIN = "/tmp/spin"

#: An address in CKSEG0 to CKSEG3 (the kernel's image and modules), XKPHYS of the lowest 4 GiB (its
#: data) or XKSEG (vmalloc). The guest's own EBase is in XKPHYS too, but above 4 GiB.
KERNEL_ADDRESS = re.compile(
    rb"(?<![0-9a-f])"
    rb"(?:ffffffff[89a-f][0-9a-f]{7}|[9a][08]000000[0-9a-f]{8}|c00000[0-9a-f]{10})"
    rb"(?![0-9a-f])",
    re.IGNORECASE,
)


@pytest.mark.machine(cpu=CPU_WITHOUT_VZ, module=False)
async def test_the_module_on_a_cpu_without_vz(machine: Machine) -> None:
    """ENODEV, and one line that says what is missing."""
    with pytest.raises(GuestError) as caught:
        await machine.load_module(launch.MODULE)
    assert caught.value.errno == errno.ENODEV
    said = [message for message in await read_kernel_log(machine) if "dune" in message.text]
    said = [message for message in said if message.time > machine.hello.uptime]
    assert [message.text for message in said if "out-of-tree" not in message.text] == [
        "dune: this CPU lacks the Virtualization module (Config3.VZ)"
    ]
    assert (await machine.run(["ls", "/dev/dune"])).returncode != 0


async def test_dunectl_says_so_too(lab: Lab) -> None:
    result = await dunectl("run", "--cpu", CPU_WITHOUT_VZ, "hello")
    assert result.status == 1
    assert f"dune.ko does not load on CPU {CPU_WITHOUT_VZ}: " in result.stderr
    assert "dune: this CPU lacks the Virtualization module" in result.stderr
    assert "Traceback" not in result.stderr


async def start_spin(machine: Machine, spin: Path) -> asyncio.Task[RunResult]:
    """A process of an unprivileged user that is in guest mode, and stays there."""
    await machine.put(SPIN, spin.read_bytes(), 0o755)
    inside = asyncio.Event()

    async def watch(stream: object, data: bytes) -> None:
        if b"inside\n" in data:
            inside.set()

    task = asyncio.create_task(machine.run([SPIN], sink=watch, time_limit=None))
    waiter = asyncio.create_task(inside.wait())
    async with asyncio.timeout(60):
        await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
    waiter.cancel()
    assert inside.is_set(), await task
    return task


async def kill(machine: Machine, signal: GuestSignal) -> None:
    """A signal to every spin."""
    script = f"kill -{signal.value} $(busybox pidof spin)"
    assert (await machine.run(["sh", "-c", script])).returncode == 0


@pytest.mark.machine(kernel="check")
async def test_signals_in_guest_mode(machine: Machine, spin: Path) -> None:
    """SIGKILL and SIGTERM end a process that never leaves guest mode by itself, and its memory and
    vCPU are free again."""
    for signal in (GuestSignal.SIGKILL, GuestSignal.SIGTERM) * 5:
        task = await start_spin(machine, spin)
        await kill(machine, signal)
        async with asyncio.timeout(60):
            assert (await task).signal == signal
    assert (await machine.run(["hello"])).returncode == 0
    assert await complaints(machine, machine.hello.uptime) == []
    await machine.unload_module("dune")


@pytest.mark.machine(kernel="check")
async def test_rmmod_while_in_use(machine: Machine, spin: Path) -> None:
    """Refused while a process is in guest mode, granted afterwards; and it loads again."""
    task = await start_spin(machine, spin)
    with pytest.raises(GuestError) as caught:
        await machine.unload_module("dune")
    assert caught.value.errno in (errno.EAGAIN, errno.EBUSY)
    await kill(machine, GuestSignal.SIGKILL)
    await task
    for _ in range(3):
        await machine.unload_module("dune")
        await launch.load_dune(machine)
    assert (await machine.run(["hello"])).returncode == 0
    assert await complaints(machine, machine.hello.uptime) == []


@pytest.mark.machine(kernel="check")
async def test_no_kernel_address_leaves_the_module(machine: Machine) -> None:
    """Nothing that an unprivileged user sees of dune.ko tells where the kernel's data is."""
    result = await machine.run(["hello"])
    dmesg = await machine.run(["dmesg"])
    text = result.stdout + result.stderr
    text += b"\n".join(line for line in dmesg.stdout.splitlines() if b"dune" in line)
    assert re.findall(KERNEL_ADDRESS, text) == []


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        (b"vcpu at 0xffffffff80123456", True),
        (b"module at FFFFFFFFC0004000,", True),
        (b"vcpu=9800000003a41c00", True),
        (b"vcpu at 0x980000009fff0000", True),
        (b"uncached 0x9000000003a41c00", True),
        (b"stack c000000000214000", True),
        (b"EBase 0x9800000120008000, Status 0x240000e0", False),
        (b"trap at 0x120004410, sp 0xfffbc2d3f0", False),
        (b"instruction ffffffff", False),
    ],
)
def test_a_kernel_address_is_known_when_it_is_seen(text: bytes, tells: bool) -> None:
    """What the test above looks for is what the kernel's addresses look like."""
    assert bool(re.search(KERNEL_ADDRESS, text)) == tells


async def test_a_program_cannot_speak_as_the_agent(machine: Machine) -> None:
    """The port to the controller is root's: an unprivileged program can neither read nor write."""
    for access in ("<", ">"):
        result = await machine.run(
            ["sh", "-c", f"for port in /dev/vport*; do : {access}$port; done"]
        )
        assert result.returncode != 0
        assert b"Permission denied" in result.stderr
