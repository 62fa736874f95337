# SPDX-License-Identifier: GPL-2.0
"""`dunectl` as a user types it, and looking for what it may have left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

#: Ample for any one command on a busy host, seconds.
PATIENCE = 300.0


@dataclass(frozen=True)
class Finished:
    """A `dunectl` command that has ended."""

    status: int
    stdout: str
    stderr: str


class Command:
    """A running `dunectl` command, in a session of its own as from a terminal."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, *arguments: str | Path) -> Command:
        """Start `dunectl` with these arguments."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "dunectl",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        return cls(process)

    async def line(self, start: str) -> str:
        """The next line of stdout that begins with ``start``."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while line := await self._process.stdout.readline():
                text = line.decode()
                if text.startswith(start):
                    return text
        raise AssertionError(f"no line {start!r}: {await self.end()}")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal: SIGINT to the whole group, as Ctrl-C does, others to dunectl alone."""
        if number is signal.SIGINT:
            os.killpg(self._process.pid, number)
        else:
            self._process.send_signal(number)

    async def end(self) -> Finished:
        """Wait for the end."""
        async with asyncio.timeout(PATIENCE):
            stdout, stderr = await self._process.communicate()
        assert self._process.returncode is not None
        return Finished(self._process.returncode, stdout.decode(), stderr.decode())


async def dunectl(*arguments: str | Path) -> Finished:
    """Run a `dunectl` command to its end."""
    return await (await Command.start(*arguments)).end()


def machines(runs: Path) -> set[int]:
    """Process ids of the QEMUs whose log is below ``runs``."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/1"):
        try:
            log = link.readlink()
        except OSError:
            continue
        if log.name == "qemu.log" and runs in log.parents:
            found.add(int(link.parts[2]))
    return found


async def wait_for_no_machine(runs: Path, before: set[int]) -> None:
    """Wait until no QEMU is left but those that were there before."""
    async with asyncio.timeout(10):
        while machines(runs) - before:
            await asyncio.sleep(0.05)


def read_result(run_dir: Path) -> dict[str, object]:
    """result.json of a run."""
    result: dict[str, object] = json.loads((run_dir / "result.json").read_text())
    return result
