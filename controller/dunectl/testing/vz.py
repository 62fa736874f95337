# SPDX-License-Identifier: GPL-2.0
"""Suite `vz`: the bare-metal programs of tests/vz, several at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from dunectl import launch
from dunectl.machine import Outcome
from dunectl.machine.bare import BareResult, BareSpec, run_bare
from dunectl.project import Board
from dunectl.testing.result import Context, OnResult, TestResult
from dunectl.testing.tap import TapTest, parse_tap

#: A program that derives what it expects from the CPU, so that it also says whether CPU models
#: without VZ stayed as they were; and such a model.
PORTABLE = "detect"
CPU_WITHOUT_VZ = "MIPS64R2-generic"

_STEP = "vz-tests"


class VzSuite:
    """VZ in QEMU, judged by what the architecture says."""

    name = "vz"
    about = "VZ in QEMU: bare-metal programs on the emulated CPU, checked against the manuals"
    needs = ("qemu", _STEP)

    async def run(self, context: Context, on_result: OnResult) -> None:
        """Run each program on the board's CPU, and the portable one on a CPU without VZ too."""
        board = launch.find_board(context.project, "malta")
        slots = asyncio.Semaphore(context.jobs)
        async with asyncio.TaskGroup() as group:
            for program in sorted(context.artifacts[_STEP].glob("*.elf")):
                cpus = [board.cpu] + [CPU_WITHOUT_VZ] * (program.stem == PORTABLE)
                for cpu in cpus:
                    name = f"{program.stem}[{cpu}]"
                    if context.wants(f"{self.name}::{name}"):
                        spec = _spec(context, board, program, cpu, name)
                        group.create_task(self._run_one(spec, slots, on_result))

    async def _run_one(self, spec: BareSpec, slots: asyncio.Semaphore, on_result: OnResult) -> None:
        async with slots:
            result = await run_bare(spec)
        for test in judge(self.name, spec, result):
            on_result(test)


def _spec(context: Context, board: Board, program: Path, cpu: str, name: str) -> BareSpec:
    return BareSpec(
        qemu=context.artifacts["qemu"] / "bin" / board.emulator,
        board=board.machine,
        cpu=cpu,
        program=program,
        folder=context.folder,
        name=name,
    )


def judge(suite: str, spec: BareSpec, result: BareResult) -> list[TestResult]:
    """A result per TAP line, and one for the program when its end is not what TAP promises."""
    tap = parse_tap(result.output)
    seconds = result.seconds / max(1, len(tap.tests))
    log = spec.folder / f"{spec.name}.{'out' if result.output else 'log'}"
    tests = [tap_result(suite, spec.name, test, seconds, f"less {log}") for test in tap.tests]
    outcome, problem = Outcome.FAIL, tap.problem
    expected = int(any(not test.ok for test in tap.tests))
    if result.hang is not None:
        outcome = result.hang.outcome
        problem = "\n".join([f"no end after {spec.time_limit:.0f} s", *result.hang.places])
    elif result.status < 0 or result.status > 2 or (problem and not result.output):
        outcome = Outcome.QEMU_CRASH
        problem = f"exit status {result.status}\n{result.log or 'QEMU said nothing'}"
    elif problem is None and result.status != expected:
        problem = f"exit status {result.status}, expected {expected}"
    if problem is not None:
        tests.append(TestResult(suite, spec.name, outcome, result.seconds, problem, f"less {log}"))
    return tests


def tap_result(
    suite: str, program: str, test: TapTest, seconds: float, next_step: str
) -> TestResult:
    """The result of one TAP line."""
    # The bare-metal programs begin each name with their own, which is here already.
    topic = program.partition("[")[0]
    name = f"{program}::{test.name.removeprefix(f'{topic}: ')}"
    if test.skipped is not None:
        return TestResult(suite, name, Outcome.SKIP, seconds, test.skipped)
    if test.ok:
        return TestResult(suite, name, Outcome.PASS, seconds)
    detail = "\n".join(test.diagnostics)
    return TestResult(suite, name, Outcome.FAIL, seconds, detail, next_step)
