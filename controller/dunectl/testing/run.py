# SPDX-License-Identifier: GPL-2.0
"""`dunectl test`: suites one after the other, a summary, an exit status that can be trusted."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from dunectl import launch
from dunectl.build import build_targets
from dunectl.build.report import Reporter
from dunectl.errors import UserError
from dunectl.machine import Outcome
from dunectl.machine.folder import folder_in_use
from dunectl.project import Project
from dunectl.testing.guest import GuestSuite
from dunectl.testing.junit import write_junit
from dunectl.testing.lint import LintSuite
from dunectl.testing.pytests import E2E, UNIT
from dunectl.testing.result import Context, Suite, TestResult
from dunectl.testing.vz import VzSuite

#: In the order in which they run: what fails fast comes first.
SUITES: tuple[Suite, ...] = (LintSuite(), UNIT, VzSuite(), GuestSuite(), E2E)


@dataclass(frozen=True, slots=True)
class Lane:
    """A selection of tests with a purpose."""

    about: str
    suites: tuple[str, ...]


LANES = {
    "default": Lane(
        "what every change must pass: all suites, minutes",
        tuple(suite.name for suite in SUITES),
    ),
    "quick": Lane("what needs no machine: lint and unit, seconds", ("lint", "unit")),
    "soak": Lane("repetition that finds rare failures: the soak tests of e2e, hours", ("e2e",)),
}


@dataclass(frozen=True, slots=True)
class TestOptions:
    """What the command line says; no ``suites``: those of the lane."""

    __test__ = False  # for pytest: this is no test class

    lane: str = "default"
    suites: tuple[str, ...] = ()
    match: str = ""
    jobs: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    junit: Path | None = None


class Display(Protocol):
    """Shows a test run as it goes; dunectl.ui has one for terminals and one for pipes."""

    def suite_begins(self, suite: Suite) -> None: ...

    def result(self, result: TestResult) -> None: ...

    def suite_ends(self, suite: Suite) -> None: ...


@dataclass(frozen=True, slots=True)
class Session:
    """A checked and built test run."""

    context: Context
    suites: tuple[Suite, ...]
    junit: Path | None


async def prepare(project: Project, options: TestOptions, report: Reporter) -> Session:
    """Check the selection and build what it needs."""
    if options.lane not in LANES:
        raise UserError(f"no lane {options.lane!r}", next_step=f"use one of: {', '.join(LANES)}")
    names = options.suites or LANES[options.lane].suites
    known = [suite.name for suite in SUITES]
    for name in names:
        if name not in known:
            raise UserError(f"no suite {name!r}", next_step=f"use one of: {', '.join(known)}")
    suites = tuple(suite for suite in SUITES if suite.name in names)
    needs = list(dict.fromkeys(step for suite in suites for step in suite.needs))
    artifacts = await build_targets(project, needs, reporter=report) if needs else {}
    context = Context(
        project=project,
        artifacts=artifacts,
        lane=options.lane,
        match=options.match,
        jobs=options.jobs,
        folder=launch.new_run_dir(project, "test"),
    )
    return Session(context, suites, options.junit)


async def run_session(session: Session, display: Display) -> list[TestResult]:
    """Run every suite. Results survive an interrupt: each is in results.jsonl of the run's folder
    as soon as it is known."""
    results: list[TestResult] = []
    folder = session.context.folder
    with folder_in_use(folder), (folder / "results.jsonl").open("w", encoding="utf-8") as log:

        def on_result(result: TestResult) -> None:
            results.append(result)
            log.write(json.dumps(as_dict(result)) + "\n")
            log.flush()
            display.result(result)

        try:
            for suite in session.suites:
                display.suite_begins(suite)
                told = len(results)
                await suite.run(session.context, on_result)
                if len(results) == told and not session.context.match:
                    on_result(_nothing_ran(suite, session.context))
                display.suite_ends(suite)
        finally:
            if session.junit is not None:
                write_junit(session.junit, results)
    return results


def _nothing_ran(suite: Suite, context: Context) -> TestResult:
    """A suite without a single test has lost them, unless -k asked for others."""
    detail = f"not one test of this suite ran in lane {context.lane!r}"
    return TestResult(
        suite.name, "its tests", Outcome.INFRASTRUCTURE, 0.0, detail, f"less {context.folder}"
    )


def as_dict(result: TestResult) -> dict[str, object]:
    """For JSON."""
    return {
        "suite": result.suite,
        "name": result.name,
        "outcome": result.outcome.value,
        "seconds": round(result.seconds, 3),
        "detail": result.detail,
        "next_step": result.next_step,
    }


def exit_status(results: Sequence[TestResult]) -> int:
    """0 only when something ran and all of it passed."""
    ran = any(result.passed for result in results)
    return 0 if ran and not any(result.failed for result in results) else 1


def count_line(results: Sequence[TestResult]) -> str:
    """The last line: ``N passed, N failed``, and what was skipped if anything was."""
    counts = Counter(
        "passed" if result.passed else "failed" if result.failed else "skipped"
        for result in results
    )
    line = f"{counts['passed']} passed, {counts['failed']} failed"
    return f"{line}, {counts['skipped']} skipped" if counts["skipped"] else line
