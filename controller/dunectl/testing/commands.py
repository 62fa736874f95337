# SPDX-License-Identifier: GPL-2.0
"""Running a tool of the host and keeping what it says."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ToolResult:
    """Exit status (127 when there is no such program) and all output, stderr included."""

    status: int
    output: str


async def run_tool(
    argv: Sequence[str | Path],
    cwd: Path,
    *,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] = lambda line: None,
) -> ToolResult:
    """Run a program to its end, showing each line as it comes. Cancelling interrupts it, so that it
    can clean up, and waits."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            limit=1 << 20,
        )
    except OSError as error:
        return ToolResult(127, f"{argv[0]}: {error.strerror}")
    assert process.stdout is not None
    lines = []
    try:
        async for line in process.stdout:
            text = line.decode(errors="replace").rstrip("\n")
            lines.append(text)
            on_line(text)
        return ToolResult(await process.wait(), "\n".join(lines))
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
