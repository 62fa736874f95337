# SPDX-License-Identifier: GPL-2.0
"""Where a CPU is: its program counter, taken several times and named by the kernel's symbols.

A machine that makes no progress is either idle (SILENT), busy in one place (LOCKUP), or going
back and forth between guest mode and dune.ko (EXIT_STORM); a handful of samples tells them apart.
"""

from __future__ import annotations

import asyncio
import bisect
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from dunectl.machine.qmp import Monitor
from dunectl.machine.verdict import Hang, Outcome

#: How many samples are taken of each CPU, and the time between two, seconds.
SAMPLES = 20
INTERVAL = 0.02

#: Start of CKSSEG, where Linux/MIPS64 loads modules, and of the kernel's own text in CKSEG0.
MODULES_START = 0xFFFFFFFFC0000000
KERNEL_START = 0xFFFFFFFF80000000

#: Linux waits for an interrupt in these (arch/mips/kernel/idle.c and genex.S).
IDLE = frozenset(
    {"__r4k_wait", "r4k_wait", "r4k_wait_irqoff", "rollback_handle_int", "cpu_idle_poll"}
)

_REGISTERS = re.compile(r"^(?:CPU#(?P<cpu>\d+)|pc=0x(?P<pc>[0-9a-fA-F]+))", re.MULTILINE)


class Symbols:
    """Function names of a vmlinux by address. Reading them takes a second: only when needed."""

    def __init__(self, vmlinux: Path) -> None:
        found: dict[int, str] = {}
        with vmlinux.open("rb") as file:
            table = ELFFile(file).get_section_by_name(".symtab")
            if isinstance(table, SymbolTableSection):
                for symbol in table.iter_symbols():
                    if symbol["st_info"]["type"] == "STT_FUNC":
                        found[symbol["st_value"]] = symbol.name
        self._addresses = sorted(found)
        self._names = found

    def name(self, address: int) -> str:
        """The kernel function at ``address``, or what the address space says about it."""
        if address >= MODULES_START:
            return "a module"
        if address < KERNEL_START:
            return "user space or guest mode"
        index = bisect.bisect_right(self._addresses, address) - 1
        return self._names[self._addresses[index]] if index >= 0 else hex(address)


@dataclass(frozen=True, slots=True)
class Sample:
    """Program counters of one CPU, in the order they were taken."""

    cpu: int
    addresses: tuple[int, ...]

    def classify(self, symbols: Symbols) -> tuple[Outcome, str]:
        """SILENT, LOCKUP or EXIT_STORM, and where the CPU was, most frequent place first."""
        places = Counter(symbols.name(address) for address in self.addresses)
        last = self.addresses[-1]
        where = f"CPU {self.cpu}: " + ", ".join(
            f"{name} {count}/{len(self.addresses)}" for name, count in places.most_common(4)
        )
        where += f", last pc {last:#x}"
        if sum(count for name, count in places.items() if name in IDLE) * 2 > len(self.addresses):
            return Outcome.SILENT, where
        # An exit costs hundreds of instructions of the module; a few are timer interrupts.
        if places["a module"] * 4 >= len(self.addresses) and places["user space or guest mode"]:
            return Outcome.EXIT_STORM, where
        return Outcome.LOCKUP, where


async def sample_cpus(monitor: Monitor, count: int = SAMPLES) -> tuple[Sample, ...]:
    """Take ``count`` program counters of every CPU while the machine runs on."""
    taken: dict[int, list[int]] = {}
    for _ in range(count):
        for cpu, address in parse_registers(await monitor.human("info registers -a")):
            taken.setdefault(cpu, []).append(address)
        await asyncio.sleep(INTERVAL)
    return tuple(Sample(cpu, tuple(addresses)) for cpu, addresses in sorted(taken.items()))


def parse_registers(text: str) -> list[tuple[int, int]]:
    """(CPU, pc) pairs from ``info registers -a`` of a MIPS target."""
    pairs = []
    cpu = 0
    for match in _REGISTERS.finditer(text):
        if match["cpu"] is not None:
            cpu = int(match["cpu"])
        else:
            pairs.append((cpu, int(match["pc"], 16)))
    return pairs


def diagnose(samples: Sequence[Sample], symbols: Symbols) -> Hang:
    """The verdict on a machine that makes no progress: its busiest CPU decides."""
    severity = {Outcome.SILENT: 0, Outcome.LOCKUP: 1, Outcome.EXIT_STORM: 2}
    found = [sample.classify(symbols) for sample in samples]
    if not found:
        return Hang(Outcome.SILENT, ())
    worst = max((outcome for outcome, _ in found), key=lambda outcome: severity[outcome])
    return Hang(worst, tuple(where for _, where in found))
