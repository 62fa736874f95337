# SPDX-License-Identifier: GPL-2.0
"""From a program's output and end to test results: nothing that went wrong can pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from dunectl.machine import Hang, Outcome, RunResult
from dunectl.machine.bare import BareResult, BareSpec
from dunectl.testing import guest, vz
from dunectl.testing.result import TestResult

GOOD = "1..2\nok 1 - a\nok 2 - b\n"
OWN = "1..1\nok 1 - p: a\n"
BAD = "1..2\nok 1 - a\nnot ok 2 - b\n# why\n"
SHORT = "1..2\nok 1 - a\n"
HANG = Hang(Outcome.LOCKUP, ("CPU 0: spin 20/20",))

FAIL, PASS, CRASH, LOCKUP = Outcome.FAIL, Outcome.PASS, Outcome.QEMU_CRASH, Outcome.LOCKUP


def verdicts(results: list[TestResult]) -> list[tuple[str, Outcome]]:
    return [(result.name, result.outcome) for result in results]


@pytest.mark.parametrize(
    ("output", "status", "hang", "expected"),
    [
        (GOOD, 0, None, [("p::a", PASS), ("p::b", PASS)]),
        (OWN, 0, None, [("p::a", PASS)]),
        (BAD, 1, None, [("p::a", PASS), ("p::b", FAIL)]),
        (GOOD, 1, None, [("p::a", PASS), ("p::b", PASS), ("p", FAIL)]),
        (BAD, 0, None, [("p::a", PASS), ("p::b", FAIL), ("p", FAIL)]),
        (SHORT, 0, None, [("p::a", PASS), ("p", FAIL)]),
        (SHORT, -11, None, [("p::a", PASS), ("p", CRASH)]),
        ("", 1, None, [("p", CRASH)]),
        ("Bail out! no VZ\n", 2, None, [("p", FAIL)]),
        (SHORT, -15, HANG, [("p::a", PASS), ("p", LOCKUP)]),
    ],
)
def test_bare_metal(
    output: str, status: int, hang: Hang | None, expected: list[tuple[str, Outcome]]
) -> None:
    spec = BareSpec(Path("qemu"), "malta", "cpu", Path("p.elf"), Path("folder"), "p")
    assert verdicts(vz.judge("vz", spec, BareResult(status, output, "", 1.0, hang))) == expected


def run_result(
    stdout: str, status: int = 0, signal: int = 0, hang: Hang | None = None
) -> RunResult:
    return RunResult(
        argv=("p",),
        status=status,
        signal=signal,
        timed_out=hang is not None,
        stdout=stdout.encode(),
        stderr=b"last words",
        truncated=False,
        elapsed=1.0,
        user=0.5,
        system=0.5,
        hang=hang,
    )


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (run_result(GOOD), [("p::a", PASS), ("p::b", PASS)]),
        (run_result(BAD, 1), [("p::a", PASS), ("p::b", FAIL)]),
        (run_result(GOOD, 1), [("p::a", PASS), ("p::b", PASS), ("p", FAIL)]),
        (run_result(BAD, 0), [("p::a", PASS), ("p::b", FAIL), ("p", FAIL)]),
        (run_result(GOOD, 0, 11), [("p::a", PASS), ("p::b", PASS), ("p", FAIL)]),
        (run_result(SHORT), [("p::a", PASS), ("p", FAIL)]),
        (run_result(""), [("p", FAIL)]),
        (run_result(SHORT, 0, 9, HANG), [("p::a", PASS), ("p", LOCKUP)]),
    ],
)
def test_in_the_guest(result: RunResult, expected: list[tuple[str, Outcome]]) -> None:
    assert verdicts(guest.judge("guest", "p", result, 1.0, "less log")) == expected


def test_a_failure_says_why() -> None:
    results = guest.judge("guest", "p", run_result(BAD, 1), 1.0, "less log")
    assert (results[1].detail, results[1].next_step) == ("why", "less log")
    results = guest.judge("guest", "p", run_result("", 0, 11), 1.0, "less log")
    assert results[0].detail == (
        "ended by SIGSEGV; no plan: it ended early, after test 0\nlast words"
    )
