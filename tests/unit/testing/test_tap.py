# SPDX-License-Identifier: GPL-2.0
"""TAP: what is read, and what is not believed."""

from __future__ import annotations

import pytest

from dunectl.testing.tap import parse_tap


def test_results_names_and_diagnostics() -> None:
    output = parse_tap(
        "TAP version 13\n1..3\nok 1 - first\nnoise\nnot ok 2 - second, with a comma\n"
        "# got 1\n#   expected 2\nok 3 third # SKIP no such thing\n"
    )
    assert output.problem is None
    assert [(test.number, test.name, test.ok, test.skipped) for test in output.tests] == [
        (1, "first", True, None),
        (2, "second, with a comma", False, None),
        (3, "third", True, "no such thing"),
    ]
    assert output.tests[1].diagnostics == ["got 1", "expected 2"]


def test_diagnostics_before_the_result() -> None:
    output = parse_tap("1..3\nok 1 - a\n# why\nnot ok 2 - b\nok 3 - c\n")
    assert [test.diagnostics for test in output.tests] == [["why"], ["why"], []]


def test_a_plan_at_the_end_will_do() -> None:
    assert parse_tap("ok 1\nok 2\n1..2\n").problem is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no plan: it ended early, after test 0"),
        ("ok 1\nok 2\n", "no plan: it ended early, after test 2"),
        ("1..3\nok 1\nok 2\n", "3 tests planned, 2 ran"),
        ("1..1\nok 1\nok 2\n", "1 tests planned, 2 ran"),
        ("1..0\n", "no tests"),
        ("1..2\nok 1\nok 1\n", "tests out of order: [1, 1]"),
        ("1..2\nok 1\nBail out! CPU has no VZ\n", "bailed out: CPU has no VZ"),
        ("okay 1\n1..1\n", "1 tests planned, 0 ran"),
    ],
)
def test_what_cannot_be_believed(text: str, problem: str) -> None:
    assert parse_tap(text).problem == problem
