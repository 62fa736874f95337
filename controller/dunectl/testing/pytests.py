# SPDX-License-Identifier: GPL-2.0
"""Suites `unit` and `e2e`: pytest in a process of its own."""

from __future__ import annotations

import contextlib
import os
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from dunectl import launch
from dunectl.machine import Outcome
from dunectl.testing.commands import run_tool
from dunectl.testing.junit import read_junit
from dunectl.testing.result import Context, OnResult, TestResult

#: How long one test may take before it counts as hanging, seconds. A soak test takes hours.
SILENCE = 900.0

#: pytest's exit status when there was nothing to run; only a -k of the user's may lead to that.
_NO_TESTS = 5


@dataclass(frozen=True, slots=True)
class PytestSuite:
    """The tests in a folder, selected by marks according to the lane."""

    name: str
    about: str
    folder: str
    needs: tuple[str, ...]

    async def run(self, context: Context, on_result: OnResult) -> None:
        """Run pytest and tell its results; one more when it did not come to its regular end."""
        report = context.folder / f"{self.name}.xml"
        argv = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", self.folder]
        argv += ["-m", "soak" if context.lane == "soak" else "not soak"]
        argv += [f"--junitxml={report}", "-o", "junit_family=xunit1"]
        argv += ["-k", context.match] if context.match else []
        silence = None if context.lane == "soak" else SILENCE
        result = await run_tool(argv, context.project.root, silence=silence)
        log = context.folder / f"{self.name}.log"
        log.write_text(result.output + os.linesep, encoding="utf-8")
        failed = False
        regular = (0, _NO_TESTS) if context.match else (0,)
        with contextlib.suppress(OSError, ET.ParseError):
            for test in read_junit(report, self.name):
                failed |= test.failed
                on_result(test)
        if result.status not in regular and not failed:
            reason = f"exit status {result.status}"
            if result.silent:
                reason = f"nothing happened for {SILENCE:.0f} s"
            outcome = Outcome.SILENT if result.silent else Outcome.INFRASTRUCTURE
            detail = f"pytest: {reason}\n{result.output[-4000:]}"
            on_result(TestResult(self.name, "pytest", outcome, 0.0, detail, f"less {log}"))


UNIT = PytestSuite(
    name="unit",
    about="the controller without QEMU: build graph, protocols, parsers, verdicts",
    folder="tests/unit",
    needs=(),
)

E2E = PytestSuite(
    name="e2e",
    about="the whole road: machines, dune.ko and hello, and every way a run can end",
    folder="tests/e2e",
    needs=(*launch.steps("lean"), *launch.steps("check")),
)
