# SPDX-License-Identifier: GPL-2.0
"""Suite `guest`: the C programs of tests/guest inside Linux, on the kernel with all checks."""

from __future__ import annotations

import time

from dunectl import launch
from dunectl.machine import Machine, MachineEnded, Outcome, RunResult
from dunectl.machine.kernel_log import complaints
from dunectl.testing.result import Context, OnResult, TestResult
from dunectl.testing.tap import parse_tap
from dunectl.testing.vz import tap_result

KERNEL = "check"

#: Longest time of one program, wall-clock seconds.
TIME_LIMIT = 120.0

_STEP = "guest-tests"


class GuestSuite:
    """dune.ko and libdune, as an unprivileged user sees them."""

    name = "guest"
    about = "dune.ko and libdune: C programs in the guest, on the kernel with all checks"
    needs = (*launch.steps(KERNEL), _STEP)

    async def run(self, context: Context, on_result: OnResult) -> None:
        """Run the programs one after the other; one that ends the machine costs the others only
        another boot."""
        programs = sorted(path.name for path in context.artifacts[_STEP].iterdir())
        left = [name for name in programs if context.wants(f"{self.name}::{name}")]
        while left:
            before = len(left)
            await self._run_machine(context, left, on_result)
            if len(left) == before:
                return  # it did not even boot, and will not next time

    async def _run_machine(self, context: Context, left: list[str], on_result: OnResult) -> None:
        """Run programs in one machine, removing each from ``left`` when its result is told."""
        board = launch.find_board(context.project, "malta")
        run_dir = launch.new_run_dir(context.project, "test-guest")
        spec = launch.machine_spec(context.artifacts, board, KERNEL, run_dir)
        try:
            async with Machine(spec) as machine:
                await launch.load_dune(machine)
                while left and await self._run_program(machine, left, on_result):
                    pass
        except (MachineEnded, launch.ModuleRefused) as error:
            # Nothing ran: no program is to blame, and none has a result.
            outcome = error.report.outcome if isinstance(error, MachineEnded) else Outcome.FAIL
            on_result(TestResult(self.name, "boot", outcome, 0.0, error.message, error.next_step))

    async def _run_program(self, machine: Machine, left: list[str], on_result: OnResult) -> bool:
        """Run the next program; false when that was the end of the machine."""
        program = left.pop(0)
        begin = time.monotonic()
        since = await _uptime(machine)
        try:
            result = await machine.run([f"{launch.TESTS}/{program}"], time_limit=TIME_LIMIT)
            bad = await complaints(machine, since)
        except MachineEnded as error:
            seconds = time.monotonic() - begin
            on_result(
                TestResult(
                    self.name,
                    program,
                    error.report.outcome,
                    seconds,
                    error.message,
                    error.next_step,
                )
            )
            return False
        log = f"less {machine.spec.run_dir / 'console.log'}"
        for test in judge(self.name, program, result, time.monotonic() - begin, log):
            on_result(test)
        outcome = Outcome.FAIL if bad else Outcome.PASS
        detail = "\n".join(f"<{message.level}> {message.text}" for message in bad)
        on_result(
            TestResult(self.name, f"{program}::kernel log is clean", outcome, 0.0, detail, log)
        )
        return True


async def _uptime(machine: Machine) -> float:
    """Seconds of guest time since its boot, the clock of the kernel's log."""
    return float((await machine.get("/proc/uptime")).split()[0])


def judge(
    suite: str, program: str, result: RunResult, seconds: float, next_step: str
) -> list[TestResult]:
    """A result per TAP line, and one for the program when its end is not what TAP promises."""
    tap = parse_tap(result.stdout.decode(errors="replace"))
    each = seconds / max(1, len(tap.tests))
    tests = [tap_result(suite, program, test, each, next_step) for test in tap.tests]
    outcome, problem = Outcome.FAIL, tap.problem
    failed = any(not test.ok for test in tap.tests)
    if result.hang is not None:
        outcome = result.hang.outcome
        problem = "\n".join([result.describe(), *result.hang.places])
    elif result.signal or (result.status != 0) != failed:
        problem = f"{result.describe()}; {problem or 'its tests passed'}"
    if problem is not None:
        detail = f"{problem}\n{result.stderr.decode(errors='replace')}".strip()
        tests.append(TestResult(suite, program, outcome, seconds, detail, next_step))
    return tests
