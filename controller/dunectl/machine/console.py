# SPDX-License-Identifier: GPL-2.0
"""The console: a log with host time stamps, and the kernel's own words for what went wrong."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import IO

#: Longest line that is kept whole, bytes; a longer one is broken.
LINE_LIMIT = 4096

#: Lines kept in memory for reports, and findings kept for tests.
KEPT_LINES = 200
KEPT_FINDINGS = 100


class FindingKind(Enum):
    """What a line of the kernel says; all but WARNING are the end of the machine."""

    PANIC = "panic"
    OOPS = "oops"
    LOCKUP = "lockup"
    HALT = "halt"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """A line that matters, without its kernel time stamp."""

    kind: FindingKind
    text: str


#: printk's prefix with PRINTK_TIME and, if configured, PRINTK_CALLER. Only lines that carry it are
#: the kernel's.
_STAMP = re.compile(r"^\[\s*\d+\.\d{6}\](?:\[\s*[TC]\d+\])? ")

#: Tried in this order. MIPS's die() prints "<reason>[#<count>]:"; the faulting address comes in a
#: line of its own before that.
_PATTERNS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (FindingKind.PANIC, r"^Kernel panic - not syncing"),
        (FindingKind.OOPS, r"\[#\d+\]:$"),
        (FindingKind.OOPS, r"Unable to handle kernel (?:paging request|NULL pointer)"),
        (FindingKind.LOCKUP, r"^watchdog: BUG: soft lockup"),
        (FindingKind.LOCKUP, r"^rcu: INFO: \S+ (?:self-)?detected (?:expedited )?stall"),
        (FindingKind.LOCKUP, r"^INFO: task \S+ blocked for more than"),
        (FindingKind.LOCKUP, r"^BUG: workqueue lockup"),
        (FindingKind.HALT, r"^reboot: System halted"),
        (FindingKind.WARNING, r"^WARNING: "),
        (FindingKind.WARNING, r"^BUG[: ]"),
        (FindingKind.WARNING, r"^INFO: (?:trying to register non-static key|lockdep is)"),
        (FindingKind.WARNING, r"^(?:ODEBUG|DEBUG_LOCKS_WARN_ON)"),
        (FindingKind.WARNING, r"^kmemleak: \d+ new suspected"),
    )
)

#: The last line of a panic: after it the kernel says no more.
PANIC_END = re.compile(r"---\[ end Kernel panic")


def scan(line: str) -> Finding | None:
    """What a console line means, or None when it is an ordinary one."""
    stamp = _STAMP.match(line)
    if stamp is None:
        return None
    text = line[stamp.end() :]
    for kind, pattern in _PATTERNS:
        if pattern.search(text):
            return Finding(kind, text)
    return None


@dataclass(frozen=True, slots=True)
class ConsoleLine:
    """A line and when the host saw it, seconds since the machine started."""

    at: float
    text: str

    def __str__(self) -> str:
        return f"[{self.at:9.3f}] {self.text}"


class ConsoleLog:
    """Cuts what comes from the console into lines, logs them and finds what matters.

    ``clock`` gives seconds since the machine started. A line is stamped when its first byte is
    there. ``on_line`` sees every line, ``on_finding`` those that matter.
    """

    def __init__(
        self,
        file: IO[str],
        clock: Callable[[], float],
        on_line: Callable[[ConsoleLine], None],
        on_finding: Callable[[Finding], None],
    ) -> None:
        self.findings: deque[Finding] = deque(maxlen=KEPT_FINDINGS)
        self.last_output_at: float = 0.0
        self._lines: deque[ConsoleLine] = deque(maxlen=KEPT_LINES)
        self._file = file
        self._clock = clock
        self._on_line = on_line
        self._on_finding = on_finding
        self._partial = bytearray()
        self._partial_at = 0.0

    def __enter__(self) -> ConsoleLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._partial:
            self._end_line()
        self._file.close()

    def feed(self, data: bytes) -> None:
        """Take bytes from the guest, as many or few as there are."""
        self.last_output_at = self._clock()
        for byte_line in data.splitlines(keepends=True):
            while byte_line:
                if not self._partial:
                    self._partial_at = self.last_output_at
                room = LINE_LIMIT - len(self._partial)
                self._partial += byte_line[:room]
                byte_line = byte_line[room:]
                if len(self._partial) >= LINE_LIMIT or self._partial.endswith(b"\n"):
                    self._end_line()

    def age(self) -> float:
        """Seconds since the guest last wrote."""
        return self._clock() - self.last_output_at

    def tail(self, count: int) -> tuple[str, ...]:
        """The last lines with their time stamps, the unfinished one included."""
        lines = list(self._lines)
        if self._partial:
            lines.append(ConsoleLine(self._partial_at, _text(self._partial)))
        return tuple(str(line) for line in lines[-count:])

    def _end_line(self) -> None:
        line = ConsoleLine(self._partial_at, _text(self._partial))
        self._partial.clear()
        if not line.text:
            return
        self._lines.append(line)
        self._file.write(f"{line}\n")
        self._file.flush()
        self._on_line(line)
        finding = scan(line.text)
        if finding is not None:
            self.findings.append(finding)
            self._on_finding(finding)


def _text(data: bytearray) -> str:
    """Printable text: control characters of the guest must not reach a terminal."""
    text = data.decode(errors="replace").rstrip("\r\n")
    return "".join(c if c.isprintable() or c == "\t" else f"\\x{ord(c):02x}" for c in text)
