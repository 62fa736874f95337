# SPDX-License-Identifier: GPL-2.0
"""A test run: a live line and a table on a terminal, one line per test elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from dunectl.machine import Outcome
from dunectl.testing.result import Suite, TestResult
from dunectl.testing.run import Display

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

_WORD = {Outcome.PASS: "ok", Outcome.SKIP: "skip"}
_INDENT = "       "

#: Most lines of a failure's detail that are shown; the run's folder has all of them.
_DETAIL_LINES = 40


def _failure_lines(result: TestResult) -> list[str]:
    lines = result.detail.splitlines()
    shown = lines[:_DETAIL_LINES]
    if len(lines) > len(shown):
        shown.append(f"... {len(lines) - len(shown)} more lines")
    if result.next_step:
        shown.append(f"next: {result.next_step}")
    return shown


class PlainDisplay:
    """One line per test; what failed with its detail."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def suite_begins(self, suite: Suite) -> None:
        self._print(f"== {suite.name}: {suite.about}")

    def result(self, result: TestResult) -> None:
        word = _WORD.get(result.outcome, "FAIL")
        verdict = f" [{result.outcome.value}]" if result.failed else ""
        self._print(f"{word:<6} {result.full_name}{verdict} ({result.seconds:.2f} s)")
        if result.failed:
            for line in _failure_lines(result):
                self._print(f"{_INDENT}{line}")
        elif result.outcome is Outcome.SKIP:
            self._print(f"{_INDENT}{result.detail.partition(chr(10))[0]}")

    def suite_ends(self, suite: Suite) -> None:
        """Nothing: the summary comes at the end."""

    def _print(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


class LiveDisplay:
    """A status line that moves on, failures above it as they come, a table at the end."""

    def __init__(self, console: Console, status: Status) -> None:
        self._console = console
        self._status = status
        self._suite = ""
        self._count = 0

    def suite_begins(self, suite: Suite) -> None:
        self._suite, self._count = suite.name, 0
        self._status.update(f"{suite.name}: {suite.about}")

    def result(self, result: TestResult) -> None:
        self._count += 1
        self._status.update(f"{self._suite} {self._count}: {result.name}")
        if result.failed:
            title = f"FAIL {result.full_name} [{result.outcome.value}]"
            self._console.print(title, style="bold red", markup=False, highlight=False)
            for line in _failure_lines(result):
                self._console.print(f"{_INDENT}{line}", markup=False, highlight=False)

    def suite_ends(self, suite: Suite) -> None:
        """Nothing: the table comes at the end."""


@contextmanager
def display(stream: TextIO, *, live: bool) -> Iterator[Display]:
    """What suits the terminal; ``live`` False: plain lines."""
    if not live:
        yield PlainDisplay(stream)
        return
    from rich.console import Console

    console = Console(file=stream)
    with console.status("") as status:
        yield LiveDisplay(console, status)


def show_table(stream: TextIO, results: Sequence[TestResult]) -> None:
    """A row per suite."""
    from rich.console import Console
    from rich.table import Table

    table = Table("suite", "passed", "failed", "skipped", "seconds")
    for name in dict.fromkeys(result.suite for result in results):
        of_suite = [result for result in results if result.suite == name]
        failed = sum(result.failed for result in of_suite)
        table.add_row(
            name,
            str(sum(result.passed for result in of_suite)),
            f"[red]{failed}[/red]" if failed else "0",
            str(sum(result.outcome is Outcome.SKIP for result in of_suite)),
            f"{sum(result.seconds for result in of_suite):.1f}",
        )
    Console(file=stream).print(table)
