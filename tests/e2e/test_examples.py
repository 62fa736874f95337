# SPDX-License-Identifier: GPL-2.0
"""The programs that the manual shows do what it says they do."""

from __future__ import annotations

import re

from dunectl.machine import Machine
from dunectl.project import find_root


async def test_the_example_of_the_manual(machine: Machine) -> None:
    """libdune(3): which pages does a piece of code write?"""
    manual = (find_root() / "libdune/man/libdune.3").read_text(encoding="utf-8")
    promise = re.search(r"^It prints\n\.Dq (.*?) \.$", manual, re.MULTILINE)
    assert promise is not None
    result = await machine.run(["dirty"])
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.decode() == promise[1] + "\n"
