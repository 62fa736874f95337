# SPDX-License-Identifier: GPL-2.0
"""Every way a real machine can end has its verdict, and no QEMU is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from dunectl import launch
from dunectl.machine import Machine, MachineEnded, Outcome, Report, Shutdown
from dunectl.testing.lab import Lab
from tests.e2e.support import Command, machines, wait_for_no_machine


async def end_by(machine: Machine, script: str) -> Report:
    """Run a script as root that ends the machine, and return the verdict."""
    with pytest.raises(MachineEnded) as caught:
        await machine.run(["sh", "-c", f"{script}; sleep 60"], user="root")
    report = caught.value.report
    assert report.console
    assert caught.value.next_step.endswith(".log")
    # The verdict stands: whoever asks later gets the same.
    with pytest.raises(MachineEnded) as caught:
        await machine.run(["true"])
    assert caught.value.report == report
    return report


async def test_panic(machine: Machine) -> None:
    report = await end_by(machine, "echo c > /proc/sysrq-trigger")
    assert report.outcome is Outcome.PANIC
    assert report.reason == "Kernel panic - not syncing: sysrq triggered crash"


async def test_power_off_by_the_guest(machine: Machine) -> None:
    report = await end_by(machine, "busybox poweroff -f")
    assert (report.outcome, report.reason) == (Outcome.GUEST_HALT, "the guest powered off")


async def test_reboot_by_the_guest(machine: Machine) -> None:
    report = await end_by(machine, "busybox reboot -f")
    assert (report.outcome, report.reason) == (Outcome.GUEST_HALT, "the guest reset itself")


async def test_halt_by_the_guest(machine: Machine) -> None:
    """QEMU runs on and says nothing: the console tells."""
    report = await end_by(machine, "busybox halt -f")
    assert (report.outcome, report.reason) == (Outcome.GUEST_HALT, "reboot: System halted")


async def test_qemu_crash(machine: Machine) -> None:
    task = asyncio.create_task(machine.run(["sleep", "60"]))
    await asyncio.sleep(0.2)
    os.kill(machine.pid, signal.SIGSEGV)
    with pytest.raises(MachineEnded) as caught:
        await task
    assert caught.value.report.outcome is Outcome.QEMU_CRASH
    assert caught.value.report.reason == "killed by SIGSEGV"


async def test_stopped_from_outside(machine: Machine) -> None:
    os.kill(machine.pid, signal.SIGTERM)
    report = await machine.wait_end(10)
    assert report.outcome is Outcome.INFRASTRUCTURE
    assert "host-signal" in report.reason


@pytest.mark.parametrize("how", [Shutdown.POWEROFF, Shutdown.RESTART, Shutdown.HALT])
async def test_an_end_that_was_asked_for_is_a_pass(machine: Machine, how: Shutdown) -> None:
    assert (await machine.power_off(how)).outcome is Outcome.PASS


async def test_silence(lab: Lab) -> None:
    """A guest that waits for ever: the CPU idles, and the report has the last line and its age."""
    board = launch.find_board(lab.project, "malta")
    run_dir = launch.new_run_dir(lab.project, "test-silence")
    spec = launch.machine_spec(lab.artifacts, board, "lean", run_dir, append="rdinit=/bin/cat")
    with pytest.raises(MachineEnded) as caught:
        async with Machine(replace(spec, boot_timeout=20)):
            pass
    report = caught.value.report
    assert report.outcome is Outcome.SILENT
    assert "the console has been quiet for" in report.reason
    assert "CPU 0: " in report.details[0]
    assert "/bin/cat" in "\n".join(report.console)


async def test_a_busy_cpu(lab: Lab) -> None:
    """A guest whose init spins: the CPU is busy, and the report says where."""
    board = launch.find_board(lab.project, "malta")
    run_dir = launch.new_run_dir(lab.project, "test-busy")
    spec = launch.machine_spec(lab.artifacts, board, "lean", run_dir, append="rdinit=/bin/yes")
    with pytest.raises(MachineEnded) as caught:
        async with Machine(replace(spec, boot_timeout=20)):
            pass
    assert caught.value.report.outcome is Outcome.LOCKUP
    assert "CPU 0: " in caught.value.report.details[0]


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGHUP, 130), (signal.SIGKILL, -9)],
)
async def test_a_signal_to_dunectl_leaves_no_qemu(
    lab: Lab, runs: Path, spin: Path, number: signal.Signals, status: int
) -> None:
    before = machines(runs)
    command = await Command.start("run", spin)
    await command.line("inside")
    assert len(machines(runs) - before) == 1
    command.signal(number)
    assert (await command.end()).status == status
    await wait_for_no_machine(runs, before)
