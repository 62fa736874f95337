# SPDX-License-Identifier: GPL-2.0
"""The guest kernel's log by level: did anything complain?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dunectl.machine.machine import Machine

#: printk's KERN_WARNING; smaller is worse.
WARNING = 4

#: Complaints that are a property of what is run, not a defect of it, with the reason.
EXPECTED = (
    # dune.ko is built outside the kernel's tree, and this is how the kernel notes that.
    re.compile(r"^dune: loading out-of-tree module taints kernel"),
    # Debian's static busybox asks for an executable stack, like all of its time on MIPS.
    re.compile(r"^process '.*' started with executable stack"),
)

_LINE = re.compile(r"^<(?P<level>\d+)>\[\s*(?P<time>\d+\.\d+)\](?:\[\s*[TC]\d+\])? (?P<text>.*)$")


@dataclass(frozen=True, slots=True)
class KernelMessage:
    """A message; ``time`` is guest uptime in seconds, ``level`` printk's (0 emergency, 7 debug)."""

    level: int
    time: float
    text: str


async def read_kernel_log(machine: Machine) -> list[KernelMessage]:
    """Everything that is in the log buffer."""
    result = await machine.run(["dmesg", "-r"], user="root")
    return parse_kernel_log(result.stdout.decode(errors="replace"))


def parse_kernel_log(text: str) -> list[KernelMessage]:
    """Messages from ``dmesg -r``; the level there carries the facility in its upper bits."""
    found = (_LINE.match(line) for line in text.splitlines())
    return [
        KernelMessage(int(match["level"]) & 7, float(match["time"]), match["text"])
        for match in found
        if match is not None
    ]


async def complaints(machine: Machine, since: float) -> list[KernelMessage]:
    """Messages at warning level or above that came later than ``since`` (uptime, seconds)."""
    return [
        message
        for message in await read_kernel_log(machine)
        if message.level <= WARNING
        and message.time > since
        and not any(pattern.search(message.text) for pattern in EXPECTED)
    ]
