# SPDX-License-Identifier: GPL-2.0
"""Program counters become places, and places a verdict."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dunectl.machine.sample import Sample, Symbols, diagnose, parse_registers
from dunectl.machine.verdict import Hang, Outcome

WAIT, BUSY = 0xFFFFFFFF80001000, 0xFFFFFFFF80002000
MODULE, USER = 0xFFFFFFFFC0001234, 0x0000000120000ABC

SOURCE = f"""
.type __r4k_wait, @function
.type busy_function, @function
.set __r4k_wait, {WAIT:#x}
.set busy_function, {BUSY:#x}
.set data_not_function, {BUSY + 8:#x}
"""


@pytest.fixture(scope="module")
def symbols(tmp_path_factory: pytest.TempPathFactory) -> Symbols:
    """The symbols of a real ELF file."""
    output = tmp_path_factory.mktemp("symbols") / "vmlinux"
    subprocess.run(["as", "-o", output, "-"], input=SOURCE.encode(), check=True, timeout=30)
    return Symbols(Path(output))


def test_names(symbols: Symbols) -> None:
    assert symbols.name(BUSY) == "busy_function"
    assert symbols.name(BUSY + 0x40) == "busy_function"
    assert symbols.name(WAIT + 4) == "__r4k_wait"
    assert symbols.name(WAIT - 4) == hex(WAIT - 4)
    assert symbols.name(MODULE) == "a module"
    assert symbols.name(USER) == "user space or guest mode"


@pytest.mark.parametrize(
    ("addresses", "outcome"),
    [
        ((WAIT,) * 20, Outcome.SILENT),
        ((WAIT,) * 15 + (BUSY,) * 5, Outcome.SILENT),
        ((BUSY,) * 20, Outcome.LOCKUP),
        ((USER,) * 20, Outcome.LOCKUP),
        ((WAIT,) * 5 + (BUSY,) * 15, Outcome.LOCKUP),
        ((MODULE, USER) * 10, Outcome.EXIT_STORM),
        ((MODULE,) * 5 + (USER,) * 5 + (BUSY,) * 10, Outcome.EXIT_STORM),
        ((MODULE,) * 2 + (USER,) * 18, Outcome.LOCKUP),
        ((MODULE,) * 20, Outcome.LOCKUP),
    ],
)
def test_one_cpu(symbols: Symbols, addresses: tuple[int, ...], outcome: Outcome) -> None:
    found, where = Sample(0, addresses).classify(symbols)
    assert found is outcome
    assert where.startswith("CPU 0: ")
    assert hex(addresses[-1]) in where


def test_the_busiest_cpu_decides(symbols: Symbols) -> None:
    samples = [Sample(0, (WAIT,) * 4), Sample(1, (BUSY,) * 4)]
    hang = diagnose(samples, symbols)
    assert hang.outcome is Outcome.LOCKUP
    assert [place[:5] for place in hang.places] == ["CPU 0", "CPU 1"]
    assert diagnose([], symbols) == Hang(Outcome.SILENT, ())


def test_registers_of_qemu() -> None:
    one = "pc=0xffffffff80102a20 HI=0x0000000000000000 LO=0x0000000000000000 ds 0090 00000000 0\n"
    assert parse_registers("CPU#0\n" + one + "GPR00: r0 0000\n\nCPU#1\n" + one) == [
        (0, 0xFFFFFFFF80102A20),
        (1, 0xFFFFFFFF80102A20),
    ]
    assert parse_registers("no registers") == []
