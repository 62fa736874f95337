# SPDX-License-Identifier: GPL-2.0
"""Suite `lint`: what can be said about the sources without running them."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from dunectl.machine import Outcome
from dunectl.testing.commands import run_tool
from dunectl.testing.result import Context, OnResult, TestResult

#: Folders with C of ours, for checkpatch. Patches of QEMU follow QEMU's own style.
C_FOLDERS = ("kmod", "libdune", "images/agent", "tests/guest", "tests/vz")

#: Folders whose files all say under which licence they are.
SOURCE_FOLDERS = ("controller", "kmod", "libdune", "images", "tests", "qemu/vz")
SOURCE_SUFFIXES = (".py", ".c", ".h", ".S", ".config", ".list", ".md", ".toml")


class LintSuite:
    """Python: ruff and mypy. C: the compiler's warnings are errors in every build; checkpatch."""

    name = "lint"
    about = "style and types: ruff, mypy --strict, checkpatch, warnings of the C compilers"
    needs = ("source:linux", "agent", "kmod:check", "libdune", "guest-tests", "vz-tests")

    async def run(self, context: Context, on_result: OnResult) -> None:
        """Run the selected checks side by side."""
        slots = asyncio.Semaphore(context.jobs)
        checks: dict[str, Callable[[Context], Awaitable[str]]] = {
            "ruff check": _tool("ruff", "check", "."),
            "ruff format": _tool("ruff", "format", "--check", "."),
            "mypy --strict": _tool("mypy", "--strict"),
            "checkpatch": _checkpatch,
            "licences": _licences,
        }
        async with asyncio.TaskGroup() as group:
            for name, check in checks.items():
                if context.wants(f"{self.name}::{name}"):
                    group.create_task(self._run_one(context, name, check, slots, on_result))

    async def _run_one(
        self,
        context: Context,
        name: str,
        check: Callable[[Context], Awaitable[str]],
        slots: asyncio.Semaphore,
        on_result: OnResult,
    ) -> None:
        async with slots:
            begin = time.monotonic()
            problem = await check(context)
        outcome = Outcome.FAIL if problem else Outcome.PASS
        seconds = time.monotonic() - begin
        step = f"dunectl test lint -k '{name}'"
        on_result(TestResult(self.name, name, outcome, seconds, problem, step))


def _tool(module: str, *arguments: str) -> Callable[[Context], Awaitable[str]]:
    """A check that is a Python tool, which says what is wrong and exits with a status."""

    async def check(context: Context) -> str:
        argv = [sys.executable, "-m", module, *arguments]
        result = await run_tool(argv, context.project.root)
        return result.output or f"exit status {result.status}" if result.status else ""

    return check


def _sources(root: Path, folders: tuple[str, ...], suffixes: tuple[str, ...]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                yield path


async def _checkpatch(context: Context) -> str:
    """ERROR lines of the kernel's own checker; its warnings are advice."""
    script = context.artifacts["source:linux"] / "scripts" / "checkpatch.pl"
    files = list(_sources(context.project.root, C_FOLDERS, (".c", ".h")))
    options = ("--no-tree", "--terse", "--no-summary", "-f")

    async def check(share: list[Path]) -> str:
        result = await run_tool([script, *options, *share], context.project.root)
        if result.status not in (0, 1):
            return f"{script.name}: exit status {result.status}\n{result.output}"
        return "\n".join(line for line in result.output.splitlines() if ": ERROR: " in line)

    # It reads one file after the other; the CPUs share them.
    shares = [files[start :: context.jobs] for start in range(context.jobs)]
    problems = await asyncio.gather(*(check(share) for share in shares if share))
    return "\n".join(problem for problem in problems if problem)


async def _licences(context: Context) -> str:
    """Files without an SPDX line near their top."""
    return "\n".join(
        f"{path.relative_to(context.project.root)}: no SPDX-License-Identifier"
        for path in _sources(context.project.root, SOURCE_FOLDERS, SOURCE_SUFFIXES)
        if "SPDX-License-Identifier" not in path.read_text(encoding="utf-8", errors="replace")[:300]
    )
