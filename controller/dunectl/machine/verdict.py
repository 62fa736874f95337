# SPDX-License-Identifier: GPL-2.0
"""How a run ends: never a bare "timeout", always one of these and what was seen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from dunectl.errors import Verdict

#: Lines of the console that are shown with a verdict; the log has all of them.
TAIL_LINES = 20


class Outcome(Enum):
    """The verdict on a run."""

    PASS = "pass"
    FAIL = "fail"
    SKIP = "skip"
    PANIC = "panic"
    OOPS = "oops"
    LOCKUP = "lockup"
    EXIT_STORM = "exit storm"
    SILENT = "silent"
    GUEST_HALT = "guest halt"
    QEMU_CRASH = "QEMU crash"
    INFRASTRUCTURE = "infrastructure"


#: What an outcome means, for help texts and reports.
MEANING = {
    Outcome.PASS: "did what it should",
    Outcome.FAIL: "the program or test itself says that something is wrong",
    Outcome.SKIP: "does not apply here, with a reason",
    Outcome.PANIC: "the guest's Linux panicked",
    Outcome.OOPS: "the guest's Linux hit a bug and killed the task",
    Outcome.LOCKUP: "a CPU runs but gets nowhere; the report says where",
    Outcome.EXIT_STORM: "guest mode and dune.ko hand control back and forth without progress",
    Outcome.SILENT: "the CPU idles and nothing is said any more",
    Outcome.GUEST_HALT: "the guest powered off, reset or halted by itself",
    Outcome.QEMU_CRASH: "the emulator died",
    Outcome.INFRASTRUCTURE: "this host could not run it",
}


@dataclass(frozen=True, slots=True)
class Hang:
    """What the CPUs of a machine without progress do: SILENT, LOCKUP or EXIT_STORM, and where."""

    outcome: Outcome
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A machine's end.

    ``reason`` is one line, ``details`` more lines (a backtrace's head, QEMU's last words),
    ``console`` the last lines of the console with their host time stamps.
    """

    outcome: Outcome
    reason: str
    run_dir: Path
    details: tuple[str, ...] = ()
    console: tuple[str, ...] = ()

    @property
    def next_step(self) -> str:
        """The command to type next."""
        log = "qemu.log" if self.outcome is Outcome.QEMU_CRASH else "console.log"
        return f"less {self.run_dir / log}"

    def render(self) -> str:
        """The report as plain text without the next step."""
        lines = [f"{self.outcome.value}: {self.reason}"]
        lines += [f"  {line}" for line in self.details]
        if self.console:
            lines.append("last lines of the console:")
            lines += [f"  {line}" for line in self.console]
        return "\n".join(lines)


class MachineEnded(Verdict):
    """The machine is no longer there to do what was asked; ``report`` says why."""

    def __init__(self, report: Report) -> None:
        super().__init__(report.render(), next_step=report.next_step)
        self.report = report
