# SPDX-License-Identifier: GPL-2.0
"""Machine: every end gets its verdict, and nothing is left behind. QEMU is a script here, so that
each end can be had on request; tests/e2e has the real ones."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dunectl.errors import InfrastructureError
from dunectl.machine import Machine, MachineEnded, MachineSpec, Outcome

FAKE = Path(__file__).with_name("fake_qemu.py")
IDLE_PC = "0xffffffff80001000"
BUSY_PC = "0xffffffff80002000"

#: A vmlinux with two functions, at IDLE_PC and BUSY_PC.
SYMBOLS = """
.globl __r4k_wait, busy_function
.type __r4k_wait, @function
.type busy_function, @function
.set __r4k_wait, 0xffffffff80001000
.set busy_function, 0xffffffff80002000
"""

Step = list[object]
MakeSpec = Callable[..., MachineSpec]


@pytest.fixture(scope="session")
def vmlinux(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ELF file with the symbols of SYMBOLS."""
    folder = tmp_path_factory.mktemp("vmlinux")
    output = folder / "vmlinux"
    subprocess.run(["as", "-o", output, "-"], input=SYMBOLS.encode(), check=True, timeout=30)
    return output


@pytest.fixture
def make_spec(tmp_path: Path, agent_binary: Path, vmlinux: Path) -> MakeSpec:
    """Specs of machines whose QEMU plays a scenario."""
    qemu = tmp_path / "qemu"
    qemu.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE} "$@"\n')
    qemu.chmod(0o755)

    def make(*steps: Step, agent: bool = True, pc: str = IDLE_PC, **options: object) -> MachineSpec:
        scenario = [["agent", str(agent_binary)], *steps] if agent else list(steps)
        return MachineSpec(
            qemu=qemu,
            board="none",
            cpu="none",
            memory="1M",
            vmlinux=vmlinux,
            initrd=tmp_path / "none",
            run_dir=tmp_path / "run",
            extra_args=("-scenario", json.dumps(scenario), "-pc", pc),
            **options,  # type: ignore[arg-type]
        )

    return make


def gone(pid: int) -> bool:
    """Whether a process has ended and was waited for."""
    return not Path(f"/proc/{pid}").exists()


async def end_of(spec: MachineSpec) -> MachineEnded:
    """Start a machine that comes to its end while a command waits for ever."""
    with pytest.raises(MachineEnded) as caught:
        async with asyncio.timeout(30), Machine(spec) as machine:
            pid = machine.pid
            await machine.run(["sleep", "60"], user="root", env={"PATH": "/usr/bin:/bin"})
    assert gone(pid)
    return caught.value


async def test_a_machine_that_is_left_is_gone(make_spec: MakeSpec) -> None:
    async with asyncio.timeout(30), Machine(make_spec()) as machine:
        pid = machine.pid
        assert machine.hello.pid > 1
        assert set(machine.times) == {"qemu", "boot"}
    assert gone(pid)


async def test_an_exception_in_the_body_leaves_nothing(make_spec: MakeSpec) -> None:
    with pytest.raises(KeyError):
        async with asyncio.timeout(30), Machine(make_spec()) as machine:
            pid = machine.pid
            raise KeyError
    assert gone(pid)


async def test_cancelling_leaves_nothing(make_spec: MakeSpec) -> None:
    pids: list[int] = []

    async def body() -> None:
        async with Machine(make_spec()) as machine:
            pids.append(machine.pid)
            await machine.run(["sleep", "60"], user="root", env={"PATH": "/usr/bin:/bin"})

    task = asyncio.create_task(body())
    async with asyncio.timeout(30):
        while not pids:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert gone(pids[0])


async def test_a_controller_that_is_killed_takes_its_machine_along(
    make_spec: MakeSpec, tmp_path: Path
) -> None:
    """SIGKILL gives no chance to clean up: the kernel must do it."""
    spec = make_spec()
    program = f"""
import asyncio
from pathlib import Path
from dunectl.machine import Machine, MachineSpec

async def main():
    async with Machine({spec!r}) as machine:
        print(machine.pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
""".replace("PosixPath", "Path")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(30):
        assert process.stdout is not None
        pid = int(await process.stdout.readline())
        process.kill()
        await process.wait()
        while not (gone(pid) or is_zombie(pid)):
            await asyncio.sleep(0.01)


def is_zombie(pid: int) -> bool:
    """Whether a process has ended and waits for whoever became its parent."""
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize(
    ("steps", "outcome", "reason"),
    [
        (
            [["console", "[    1.000000] Kernel panic - not syncing: sysrq triggered crash\n"]],
            Outcome.PANIC,
            "Kernel panic - not syncing: sysrq triggered crash",
        ),
        (
            [
                ["console", "[    1.000000] CPU 0 Unable to handle kernel paging request at ...\n"],
                ["console", "[    1.000001] Oops[#1]:\n"],
                ["console", "[    1.000002] Kernel panic - not syncing: Fatal exception\n"],
            ],
            Outcome.OOPS,
            "CPU 0 Unable to handle kernel paging request at ...",
        ),
        ([["event", "GUEST_PANICKED", {"action": "pause"}]], Outcome.PANIC, "reported a panic"),
        (
            [["console", "[  30.000000] watchdog: BUG: soft lockup - CPU#0 stuck for 22s!\n"]],
            Outcome.LOCKUP,
            "soft lockup - CPU#0",
        ),
        (
            [["console", "[    1.000000] reboot: System halted\n"]],
            Outcome.GUEST_HALT,
            "System halted",
        ),
        (
            [["event", "SHUTDOWN", {"guest": True, "reason": "guest-shutdown"}], ["exit", 0]],
            Outcome.GUEST_HALT,
            "powered off",
        ),
        (
            [["event", "SHUTDOWN", {"guest": True, "reason": "guest-reset"}], ["exit", 0]],
            Outcome.GUEST_HALT,
            "reset itself",
        ),
        (
            [["event", "SHUTDOWN", {"guest": False, "reason": "host-signal"}], ["exit", 0]],
            Outcome.INFRASTRUCTURE,
            "host-signal",
        ),
        ([["say", "qemu: internal error"], ["exit", 1]], Outcome.QEMU_CRASH, "exit status 1"),
        ([["kill", 11]], Outcome.QEMU_CRASH, "killed by SIGSEGV"),
        ([["exit", 0]], Outcome.QEMU_CRASH, "exit status 0"),
    ],
)
async def test_every_end_has_its_verdict(
    make_spec: MakeSpec, steps: list[Step], outcome: Outcome, reason: str
) -> None:
    # The machine is to be up before it comes to its end.
    error = await end_of(make_spec(["sleep", 0.5], *steps))
    assert error.report.outcome is outcome
    assert reason in error.report.reason
    assert error.next_step.startswith("less ")


async def test_qemus_last_words_and_the_console_are_in_the_report(make_spec: MakeSpec) -> None:
    console = "".join(f"line {n}\n" for n in range(50)) + "no newline"
    error = await end_of(
        make_spec(["sleep", 0.5], ["console", console], ["say", "qemu: it hurts"], ["exit", 1])
    )
    assert error.report.details == ("qemu: it hurts",)
    assert len(error.report.console) == 20
    assert error.report.console[-1].endswith("] no newline")
    assert "qemu: it hurts" in error.message
    log = (error.report.run_dir / "console.log").read_text()
    assert "line 0\n" in log


async def test_an_end_during_boot(make_spec: MakeSpec) -> None:
    spec = make_spec(
        ["console", "[    0.100000] Kernel panic - not syncing: No working init found.\n"],
        agent=False,
    )
    with pytest.raises(MachineEnded, match="panic: Kernel panic - not syncing: No working init"):
        async with Machine(spec):
            pass


@pytest.mark.parametrize(
    ("pc", "outcome", "place"),
    [
        (IDLE_PC, Outcome.SILENT, "__r4k_wait 20/20"),
        (BUSY_PC, Outcome.LOCKUP, "busy_function 20/20"),
    ],
)
async def test_no_agent_is_no_timeout_but_a_place(
    make_spec: MakeSpec, pc: str, outcome: Outcome, place: str
) -> None:
    spec = make_spec(["console", "the last line\n"], agent=False, pc=pc, boot_timeout=0.5)
    with pytest.raises(MachineEnded) as caught:
        async with Machine(spec):
            pass
    report = caught.value.report
    assert report.outcome is outcome
    assert place in report.details[0]
    assert "the console has been quiet for" in report.reason
    assert report.console[-1].endswith("the last line")


async def test_a_program_out_of_time_has_a_place_too(make_spec: MakeSpec) -> None:
    async with asyncio.timeout(30), Machine(make_spec(pc=BUSY_PC)) as machine:
        env = {"PATH": "/usr/bin:/bin"}
        result = await machine.run(["sleep", "60"], user="root", env=env, time_limit=0.2)
        assert result.timed_out
        assert result.hang is not None
        assert result.hang.outcome is Outcome.LOCKUP
        assert "busy_function" in result.hang.places[0]
        assert (await machine.run(["true"], user="root", env=env)).returncode == 0


async def test_qemu_that_does_not_start(make_spec: MakeSpec) -> None:
    spec = make_spec(
        ["before", ["say", "unable to find CPU model 'x'"]], ["before", ["exit", 1]], agent=False
    )
    with pytest.raises(MachineEnded, match="QEMU did not start") as caught:
        async with Machine(spec):
            pass
    assert caught.value.report.outcome is Outcome.INFRASTRUCTURE
    assert "unable to find CPU model 'x'" in caught.value.message


async def test_no_qemu_at_all(make_spec: MakeSpec) -> None:
    spec = make_spec()
    spec.qemu.unlink()
    with pytest.raises(InfrastructureError, match="no such program") as caught:
        async with Machine(spec):
            pass
    assert caught.value.next_step == "dunectl build qemu"


async def test_no_descriptor_is_left(make_spec: MakeSpec) -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    async with asyncio.timeout(60):
        async with Machine(make_spec()):
            pass
        before = descriptors()
        for _ in range(3):
            async with Machine(make_spec()):
                pass
        await end_of(make_spec(["sleep", 0.3], ["kill", int(signal.SIGKILL)]))
    assert descriptors() == before


async def test_a_machine_can_be_started_by_hand(make_spec: MakeSpec) -> None:
    spec = make_spec()
    async with Machine(spec):
        pass
    text = (spec.run_dir / "command").read_text()
    assert text.startswith("#!/bin/sh\nexec ")
    assert "-serial mon:stdio" in text
    assert "fd=" not in text
