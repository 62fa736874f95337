# SPDX-License-Identifier: GPL-2.0
"""From what was seen of a machine to the verdict on its end. No input, no output, no time."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from dunectl.machine.console import Finding, FindingKind
from dunectl.machine.verdict import Outcome

_OUTCOME = {
    FindingKind.PANIC: Outcome.PANIC,
    FindingKind.OOPS: Outcome.OOPS,
    FindingKind.LOCKUP: Outcome.LOCKUP,
    FindingKind.HALT: Outcome.GUEST_HALT,
}

#: QMP's ShutdownCause, as far as it is the guest's doing.
_GUEST_CAUSES = {
    "guest-shutdown": (Outcome.GUEST_HALT, "the guest powered off"),
    "guest-reset": (Outcome.GUEST_HALT, "the guest reset itself"),
    "guest-panic": (Outcome.PANIC, "the guest reported a panic"),
}


@dataclass(slots=True)
class Observations:
    """What is known about the end of a machine; the first word on each matter counts.

    ``running``: the CPU was started. ``asked``: the end is ours, by QMP or through the agent.
    """

    running: bool = False
    asked: bool = False
    finding: Finding | None = None
    panicked: bool = False
    shutdown_cause: str | None = None
    returncode: int | None = None

    def saw_finding(self, finding: Finding) -> bool:
        """Note a console finding; true when it means the end."""
        if finding.kind not in _OUTCOME:
            return False
        self.finding = self.finding or finding
        return True

    def saw_event(self, name: str, data: dict[str, object]) -> bool:
        """Note a QMP event; true when it means the end."""
        if name == "GUEST_PANICKED":
            self.panicked = True
        elif name == "SHUTDOWN":
            self.shutdown_cause = self.shutdown_cause or str(data.get("reason", "unknown"))
        else:
            return False
        return True

    def judge(self) -> tuple[Outcome, str]:
        """The verdict: what the kernel said comes before what QEMU says about it."""
        if self.finding is not None and not (self.asked and self.finding.kind is FindingKind.HALT):
            return _OUTCOME[self.finding.kind], self.finding.text
        if self.panicked:
            return Outcome.PANIC, "the guest reported a panic"
        if self.asked:
            return Outcome.PASS, "ended as it was told"
        if self.shutdown_cause in _GUEST_CAUSES:
            return _GUEST_CAUSES[self.shutdown_cause]
        if self.shutdown_cause is not None:
            return Outcome.INFRASTRUCTURE, f"QEMU was stopped from outside: {self.shutdown_cause}"
        if self.returncode is not None and not self.running:
            return Outcome.INFRASTRUCTURE, f"QEMU did not start: {_describe_exit(self.returncode)}"
        if self.returncode is not None:
            return Outcome.QEMU_CRASH, _describe_exit(self.returncode)
        return Outcome.INFRASTRUCTURE, "QEMU no longer answers"


def _describe_exit(returncode: int) -> str:
    if returncode >= 0:
        return f"exit status {returncode}"
    try:
        return f"killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"killed by signal {-returncode}"
