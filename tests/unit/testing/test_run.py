# SPDX-License-Identifier: GPL-2.0
"""The exit status and the reports of `dunectl test`."""

from __future__ import annotations

import io
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from dunectl.cli import main
from dunectl.machine import Outcome
from dunectl.project import Project, find_root
from dunectl.testing.junit import read_junit, write_junit
from dunectl.testing.pytests import PytestSuite
from dunectl.testing.result import Context, OnResult, Suite, TestResult
from dunectl.testing.run import LANES, SUITES, Session, count_line, exit_status, run_session
from dunectl.ui.tests import PlainDisplay, show_table

PASSED = TestResult("s", "good", Outcome.PASS, 1.0)
FAILED = TestResult("s", "bad", Outcome.LOCKUP, 1.0, "where\nmore", "less log")
SKIPPED = TestResult("t", "other", Outcome.SKIP, 0.0, "no such board")


@pytest.mark.parametrize(
    ("results", "status", "line"),
    [
        ([], 1, "0 passed, 0 failed"),
        ([PASSED], 0, "1 passed, 0 failed"),
        ([PASSED, PASSED, FAILED], 1, "2 passed, 1 failed"),
        ([SKIPPED], 1, "0 passed, 0 failed, 1 skipped"),
        ([PASSED, SKIPPED], 0, "1 passed, 0 failed, 1 skipped"),
    ],
)
def test_the_exit_status_can_be_trusted(results: list[TestResult], status: int, line: str) -> None:
    assert exit_status(results) == status
    assert count_line(results) == line


@dataclass(frozen=True)
class EmptySuite:
    """A suite that finds none of its tests."""

    name: str = "empty"
    about: str = ""
    needs: tuple[str, ...] = ()

    async def run(self, context: Context, on_result: OnResult) -> None:
        pass


@pytest.mark.parametrize("suite", [EmptySuite(), PytestSuite("empty", "", "tests", ())])
@pytest.mark.parametrize("match", ["", "nothing"])
async def test_a_suite_without_tests_fails_unless_k_left_none(
    tmp_path: Path, suite: Suite, match: str
) -> None:
    (tmp_path / "tests").mkdir()
    project = replace(Project.load(find_root()), root=tmp_path)
    context = Context(project, {}, "default", match, jobs=1, folder=tmp_path)
    session = Session(context, (suite,), junit=None)
    results = await run_session(session, PlainDisplay(io.StringIO()))
    assert [result.failed for result in results] == ([] if match else [True])


@pytest.mark.parametrize("outcome", Outcome)
def test_only_a_pass_passes(outcome: Outcome) -> None:
    result = TestResult("s", "t", outcome)
    assert result.passed == (outcome is Outcome.PASS)
    assert result.failed == (outcome not in (Outcome.PASS, Outcome.SKIP))


def test_junit_goes_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "report.xml"
    write_junit(path, [PASSED, FAILED, SKIPPED])
    root = ET.parse(path).getroot()
    assert [suite.get("name") for suite in root] == ["s", "t"]
    assert [
        (suite.get("tests"), suite.get("failures"), suite.get("skipped")) for suite in root
    ] == [
        ("2", "1", "0"),
        ("1", "0", "1"),
    ]
    failure = root.find(".//failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message"), failure.text) == (
        "lockup",
        "where",
        "where\nmore",
    )
    outcomes = [result.outcome for result in read_junit(path, "s")]
    assert outcomes == [Outcome.PASS, Outcome.FAIL, Outcome.SKIP]


def test_junit_of_pytest_is_understood(tmp_path: Path) -> None:
    module = tmp_path / "test_sample.py"
    module.write_text(
        "import pytest\n"
        "def test_good(): pass\n"
        "def test_bad(): assert 1 == 2, 'control \\x01'\n"
        "@pytest.fixture\n"
        "def broken(): raise ValueError('setup')\n"
        "def test_error(broken): pass\n"
        "def test_skip(): pytest.skip('not here')\n"
    )
    report = tmp_path / "report.xml"
    argv = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", str(module)]
    subprocess.run(argv, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    results = {result.name: result for result in read_junit(report, "unit")}
    assert {name: result.outcome for name, result in results.items()} == {
        "test_sample::test_good": Outcome.PASS,
        "test_sample::test_bad": Outcome.FAIL,
        "test_sample::test_error": Outcome.FAIL,
        "test_sample::test_skip": Outcome.SKIP,
    }
    assert "assert 1 == 2" in results["test_sample::test_bad"].detail


def test_plain_output_has_a_line_per_test() -> None:
    stream = io.StringIO()
    display = PlainDisplay(stream)
    display.suite_begins(SUITES[0])
    for result in (PASSED, FAILED, SKIPPED):
        display.result(result)
    assert stream.getvalue().splitlines()[1:] == [
        "ok     s::good (1.00 s)",
        "FAIL   s::bad [lockup] (1.00 s)",
        "       where",
        "       more",
        "       next: less log",
        "skip   t::other (0.00 s)",
        "       no such board",
    ]


def test_the_table_counts_per_suite() -> None:
    stream = io.StringIO()
    show_table(stream, [PASSED, FAILED, SKIPPED])
    rows = [line for line in stream.getvalue().splitlines() if line[2:3] in ("s", "t")]
    assert [row.replace("│", " ").split() for row in rows[-2:]] == [
        ["s", "1", "1", "0", "2.0"],
        ["t", "0", "0", "1", "0.0"],
    ]


def test_the_help_names_every_suite_and_lane(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["test", "--help"])
    text = capsys.readouterr().out
    for name in [suite.name for suite in SUITES] + list(LANES):
        assert f"\n  {name} " in text


def test_lanes_name_suites_that_exist() -> None:
    names = {suite.name for suite in SUITES}
    assert all(set(lane.suites) <= names for lane in LANES.values())
