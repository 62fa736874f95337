# SPDX-License-Identifier: GPL-2.0
"""The console is cut into stamped lines, and the kernel's own words are recognised."""

from __future__ import annotations

from pathlib import Path

import pytest

from dunectl.machine.console import (
    LINE_LIMIT,
    ConsoleLine,
    ConsoleLog,
    Finding,
    FindingKind,
    scan,
)


class Clock:
    """Time that is told what it is."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b", "panic"),
        ("Oops[#1]:", "oops"),
        ("Kernel bug detected[#2]:", "oops"),
        ("Unhandled kernel unaligned access[#1]:", "oops"),
        (
            "CPU 0 Unable to handle kernel paging request at virtual address 0000000000000000,",
            "oops",
        ),
        ("watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [hello:71]", "lockup"),
        ("rcu: INFO: rcu_preempt self-detected stall on CPU", "lockup"),
        ("INFO: task hello:71 blocked for more than 120 seconds.", "lockup"),
        ("BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 32s!", "lockup"),
        ("reboot: System halted", "halt"),
        ("WARNING: CPU: 0 PID: 1 at kernel/foo.c:12 foo+0x10/0x20", "warning"),
        ("WARNING: possible circular locking dependency detected", "warning"),
        ("WARNING: suspicious RCU usage", "warning"),
        ("BUG: sleeping function called from invalid context at mm/slab.h:421", "warning"),
        ("BUG: scheduling while atomic: hello/71/0x00000002", "warning"),
        ("BUG kmalloc-64 (Not tainted): Redzone overwritten", "warning"),
        ("INFO: trying to register non-static key.", "warning"),
        ("ODEBUG: free active (active state 0) object type: timer_list", "warning"),
        ("kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)", "warning"),
    ],
)
def test_the_kernels_words_are_recognised(text: str, kind: str) -> None:
    expected = Finding(FindingKind(kind), text)
    assert scan(f"[   12.345678] {text}") == expected
    assert scan(f"[   12.345678][   T71] {text}") == expected


@pytest.mark.parametrize(
    "line",
    [
        "Kernel panic - not syncing: says a program, not the kernel",
        "[    0.000000] Linux version 6.1.192-dune",
        "[    1.000000] dune: loading out-of-tree module taints kernel.",
        "[    1.000000] PCI host bridge to bus 0000:00",
        "[    1.000000] This is not a WARNING: at the start of a message",
        "",
    ],
)
def test_ordinary_lines_are_not(line: str) -> None:
    assert scan(line) is None


def make_log(path: Path, clock: Clock) -> tuple[ConsoleLog, list[ConsoleLine], list[Finding]]:
    lines: list[ConsoleLine] = []
    findings: list[Finding] = []
    log = ConsoleLog(path.open("w", encoding="utf-8"), clock, lines.append, findings.append)
    return log, lines, findings


def test_lines_have_the_time_of_their_first_byte(tmp_path: Path) -> None:
    clock = Clock()
    log, lines, findings = make_log(tmp_path / "log", clock)
    with log:
        clock.now = 1.0
        log.feed(b"[    0.5000")
        clock.now = 2.0
        log.feed(b"00] Kernel panic - not syncing: x\r\nnext")
        assert log.tail(1) == ("[    2.000] next",)
        clock.now = 5.5
        assert log.age() == 3.5
    assert [line.at for line in lines] == [1.0, 2.0]
    assert [finding.kind for finding in findings] == [FindingKind.PANIC]
    assert (tmp_path / "log").read_text() == (
        "[    1.000] [    0.500000] Kernel panic - not syncing: x\n[    2.000] next\n"
    )


def test_a_guest_cannot_fill_memory_or_reach_the_terminal(tmp_path: Path) -> None:
    log, lines, _ = make_log(tmp_path / "log", Clock())
    with log:
        log.feed(b"x" * (3 * LINE_LIMIT) + b"\n")
        log.feed(b"\x1b[2J\x07evil\xff\n")
        for number in range(1000):
            log.feed(b"[    1.000000] WARNING: %d\n" % number)
        assert len(log.findings) == 100
        assert len(log.tail(10**6)) == 200
    assert max(len(line.text) for line in lines) <= LINE_LIMIT
    assert lines[3].text == "\\x1b[2J\\x07evil\N{REPLACEMENT CHARACTER}"
