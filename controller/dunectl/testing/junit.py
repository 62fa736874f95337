# SPDX-License-Identifier: GPL-2.0
"""JUnit XML: pytest's is read, ours is written for CI systems."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path

from dunectl.machine import Outcome
from dunectl.testing.result import TestResult


def read_junit(path: Path, suite: str) -> list[TestResult]:
    """The results in a file that pytest wrote; a broken file is ET.ParseError."""
    return [_read_case(case, suite) for case in ET.parse(path).iter("testcase")]


def _read_case(case: ET.Element, suite: str) -> TestResult:
    module = case.get("classname", "").rpartition(".")[2]
    name = f"{module}::{case.get('name', '')}" if module else case.get("name", "")
    outcome, detail = Outcome.PASS, ""
    for tag, found in (
        ("skipped", Outcome.SKIP),
        ("failure", Outcome.FAIL),
        ("error", Outcome.FAIL),
    ):
        for element in case.iter(tag):
            outcome = found
            detail = element.text or element.get("message") or ""
    return TestResult(suite, name, outcome, float(case.get("time", "0")), detail.strip())


def write_junit(path: Path, results: Iterable[TestResult]) -> None:
    """One testsuite per suite; every outcome but pass and skip is a failure of that type."""
    root = ET.Element("testsuites")
    suites: dict[str, ET.Element] = {}
    for result in results:
        suite = suites.get(result.suite)
        if suite is None:
            suite = suites[result.suite] = ET.SubElement(root, "testsuite", name=result.suite)
        case = ET.SubElement(
            suite,
            "testcase",
            classname=result.suite,
            name=_xml_text(result.name),
            time=f"{result.seconds:.3f}",
        )
        if result.outcome is Outcome.SKIP:
            ET.SubElement(case, "skipped", message=_xml_text(result.detail))
        elif result.failed:
            first = result.detail.partition("\n")[0]
            failure = ET.SubElement(
                case, "failure", type=result.outcome.value, message=_xml_text(first)
            )
            failure.text = _xml_text(result.detail)
    for suite in suites.values():
        cases = list(suite)
        suite.set("tests", str(len(cases)))
        suite.set("failures", str(sum(case.find("failure") is not None for case in cases)))
        suite.set("skipped", str(sum(case.find("skipped") is not None for case in cases)))
    ET.indent(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _xml_text(text: str) -> str:
    """XML 1.0 has no control characters but tab and line ends."""
    return "".join(c if c.isprintable() or c in "\t\n" else "?" for c in text)
