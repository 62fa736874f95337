# SPDX-License-Identifier: GPL-2.0
"""Running tools: their words and status, and an end for those that find none."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from dunectl.testing.commands import run_tool


async def test_output_and_status(tmp_path: Path) -> None:
    result = await run_tool(["sh", "-c", "pwd; echo err >&2; exit 3"], tmp_path)
    assert (result.status, result.output) == (3, f"{tmp_path}\nerr")


async def test_a_tool_that_is_not_there(tmp_path: Path) -> None:
    result = await run_tool(["/no/such/tool"], tmp_path)
    assert (result.status, result.output) == (127, "/no/such/tool: No such file or directory")


async def test_a_silent_tool_shows_where_it_hangs(tmp_path: Path) -> None:
    program = "import time\ndef here():\n    time.sleep(60)\nprint('start', flush=True)\nhere()\n"
    argv = [sys.executable, "-X", "faulthandler", "-c", program]
    async with asyncio.timeout(20):
        result = await run_tool(argv, tmp_path, silence=0.5)
    assert (result.status, result.silent) == (-6, True)
    assert result.output.startswith("start\n")
    assert "in here" in result.output


async def test_cancelling_ends_the_tool(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    task = asyncio.create_task(run_tool(["sh", "-c", f"echo $$ > {file}; exec sleep 60"], tmp_path))
    async with asyncio.timeout(20):
        while not (file.exists() and file.read_text()):
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    pid = int(file.read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
