# SPDX-License-Identifier: GPL-2.0
"""What a test suite tells: one result per test, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dunectl.machine import Outcome
from dunectl.project import Project


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test. ``detail`` explains any outcome but PASS, ``next_step`` is the command to type."""

    __test__ = False  # for pytest: this is no test class

    suite: str
    name: str
    outcome: Outcome
    seconds: float = 0.0
    detail: str = ""
    next_step: str = ""

    @property
    def passed(self) -> bool:
        """Whether it is a pass; a skip is neither a pass nor a failure."""
        return self.outcome is Outcome.PASS

    @property
    def failed(self) -> bool:
        """Whether it makes the run fail."""
        return self.outcome not in (Outcome.PASS, Outcome.SKIP)

    @property
    def full_name(self) -> str:
        """suite::name."""
        return f"{self.suite}::{self.name}"


OnResult = Callable[[TestResult], None]


@dataclass(frozen=True, slots=True)
class Context:
    """What a suite works with.

    ``match`` selects tests by a part of their name (pytest's -k in the pytest suites), ``lane`` is
    the lane's name, ``jobs`` how many machines may run at once, ``folder`` where it may write.
    """

    project: Project
    artifacts: Mapping[str, Path]
    lane: str
    match: str
    jobs: int
    folder: Path

    def wants(self, name: str) -> bool:
        """Whether -k selects a test of a suite that is not pytest's."""
        return self.match.lower() in name.lower()


class Suite(Protocol):
    """A group of tests that are run the same way. ``needs`` are build steps."""

    @property
    def name(self) -> str: ...

    @property
    def about(self) -> str: ...

    @property
    def needs(self) -> tuple[str, ...]: ...

    async def run(self, context: Context, on_result: OnResult) -> None:
        """Run what the context selects, telling each result as it is known."""
