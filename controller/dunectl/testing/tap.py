# SPDX-License-Identifier: GPL-2.0
"""The Test Anything Protocol, as the programs of tests/vz and tests/guest write it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_RESULT = re.compile(
    r"^(?P<no>not )?ok\b(?:\s+(?P<number>\d+))?(?:\s+-)?\s*(?P<name>[^#]*?)\s*"
    r"(?:#\s*(?P<directive>SKIP|TODO)\b\s*(?P<reason>.*))?$",
    re.IGNORECASE,
)
_PLAN = re.compile(r"^1\.\.(\d+)\s*(?:#\s*SKIP\b\s*(.*))?$", re.IGNORECASE)
_BAIL = re.compile(r"^Bail out!\s*(.*)$")


@dataclass(slots=True)
class TapTest:
    """One line of results. Diagnostics come before it in some programs and after it in others;
    between two results it cannot be told whose they are, so each has them."""

    number: int
    name: str
    ok: bool
    skipped: str | None
    before: list[str]
    after: list[str] = field(default_factory=list)

    @property
    def diagnostics(self) -> list[str]:
        """What may explain a failure of this test."""
        return self.before + self.after


@dataclass(slots=True)
class TapOutput:
    """A whole output. ``problem`` says what makes it untrustworthy, whatever the tests say."""

    tests: list[TapTest]
    plan: int | None
    bailed_out: str | None

    @property
    def problem(self) -> str | None:
        """Why this output cannot count as a success, or None."""
        if self.bailed_out is not None:
            return f"bailed out: {self.bailed_out}"
        if self.plan is None:
            return f"no plan: it ended early, after test {len(self.tests)}"
        if len(self.tests) != self.plan:
            return f"{self.plan} tests planned, {len(self.tests)} ran"
        if self.plan == 0:
            return "no tests"
        numbers = [test.number for test in self.tests]
        if numbers != list(range(1, self.plan + 1)):
            return f"tests out of order: {numbers}"
        return None


def parse_tap(text: str) -> TapOutput:
    """Read TAP 12 to 14 without subtests; other lines are ignored, as the protocol wants it."""
    output = TapOutput([], None, None)
    between: list[str] = []
    for line in text.splitlines():
        if match := _RESULT.match(line):
            number = int(match["number"]) if match["number"] else len(output.tests) + 1
            directive = (match["directive"] or "").upper()
            output.tests.append(
                TapTest(
                    number,
                    match["name"] or f"test {number}",
                    ok=match["no"] is None,
                    skipped=(match["reason"] or "") if directive == "SKIP" else None,
                    before=between,
                )
            )
            between = output.tests[-1].after
        elif match := _PLAN.match(line):
            output.plan = int(match[1])
        elif match := _BAIL.match(line):
            output.bailed_out = match[1] or "no reason given"
        elif line.startswith("#"):
            between.append(line[1:].strip())
    return output
