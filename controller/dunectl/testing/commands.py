# SPDX-License-Identifier: GPL-2.0
"""Running a tool of the host and keeping what it says."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ToolResult:
    """Exit status (127 when there is no such program, negative for a signal) and all output,
    stderr included. ``silent``: it was ended because it said nothing for too long."""

    status: int
    output: str
    silent: bool = False


async def run_tool(
    argv: Sequence[str | Path],
    cwd: Path,
    *,
    env: Mapping[str, str] | None = None,
    silence: float | None = None,
) -> ToolResult:
    """Run a program to its end. One that says nothing for ``silence`` seconds gets SIGABRT, upon
    which Python shows where it hangs. Cancelling terminates it, so that it can clean up, and waits.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return ToolResult(127, f"{argv[0]}: {error.strerror}")
    assert process.stdout is not None
    output = bytearray()
    silent = False
    try:
        while True:
            try:
                async with asyncio.timeout(None if silent else silence):
                    data = await process.stdout.read(65536)
            except TimeoutError:
                silent = True
                process.send_signal(signal.SIGABRT)
                continue
            if not data:
                break
            output += data
        status = await process.wait()
        return ToolResult(status, output.decode(errors="replace").rstrip("\n"), silent)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
