# SPDX-License-Identifier: GPL-2.0
"""Child processes of the build: each in a process group of its own, each awaited."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

# Default time to clean up after SIGTERM.
_GRACE_SECONDS = 3.0
_CHUNK = 65536

# What a child may see of the user's environment. Anything else (CFLAGS, ARCH, MAKEFLAGS, ...)
# could change an artifact without changing its key.
_PASSED = (
    "HOME",
    "LOGNAME",
    "PATH",
    "TERM",
    "TMPDIR",
    "USER",
    "APT_CONFIG",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
)
_PASSED_PREFIXES = ("PIP_",)
_PASSED_SUFFIXES = ("_proxy", "_PROXY")


def clean_environment() -> dict[str, str]:
    """The user's environment without what could change the result of a build."""
    passed = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED or name.startswith(_PASSED_PREFIXES) or name.endswith(_PASSED_SUFFIXES)
    }
    return passed | {"LC_ALL": "C", "PYTHONDONTWRITEBYTECODE": "1"}


async def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    line: Callable[[str], None],
    inherit: Sequence[int] = (),
    grace: float = _GRACE_SECONDS,
) -> int:
    """Run ``argv`` with no input, give each line of its output to ``line``, return its status.

    When this is cancelled, the whole process group gets SIGTERM and, after ``grace`` seconds,
    SIGKILL; the call ends when the child has. A status below zero is the signal that killed it.
    """
    loop = asyncio.get_running_loop()
    # Not asyncio's own pipe: its wait() lasts until every grandchild has closed the other end.
    read, write = os.pipe()
    os.set_blocking(read, False)
    lines = _Lines(read, line)
    try:
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                cwd=cwd,
                env=dict(environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write,
                stderr=write,
                start_new_session=True,
                pass_fds=tuple(inherit),
            )
        finally:
            os.close(write)
        loop.add_reader(read, lines.pull)
        try:
            return await process.wait()
        finally:
            await _end(process, grace)
            loop.remove_reader(read)
            lines.finish()
    finally:
        os.close(read)


async def on_terminal(argv: Sequence[str | Path]) -> int:
    """Run a command that talks with the user, return its status. It has our terminal, with stderr
    for stdout; Ctrl-C reaches it without us, and when this is cancelled we wait for its end."""
    process = await asyncio.create_subprocess_exec(*argv, stdout=2)
    waiter = asyncio.ensure_future(process.wait())
    try:
        return await asyncio.shield(waiter)
    finally:
        while not waiter.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([waiter])


class _Lines:
    """Cuts what comes out of a pipe into lines; a carriage return ends one too."""

    def __init__(self, descriptor: int, line: Callable[[str], None]) -> None:
        self._descriptor = descriptor
        self._line = line
        self._rest = b""

    def pull(self) -> bool:
        """Take one piece; False if there is none now, or never again."""
        try:
            piece = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return False
        *whole, self._rest = (self._rest + piece.replace(b"\r", b"\n")).split(b"\n")
        for part in whole:
            if part:
                self._line(part.decode(errors="replace"))
        return bool(piece)

    def finish(self) -> None:
        """Take all that is left."""
        while self.pull():
            pass
        if self._rest:
            self._line(self._rest.decode(errors="replace"))


def _signal_group(group: int, number: signal.Signals) -> None:
    # What sudo runs is root's: it ends when it has finished, and is waited for.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


async def _end(process: asyncio.subprocess.Process, grace: float) -> None:
    """SIGTERM, patience, SIGKILL; not to be hurried by a second cancellation."""
    loop = asyncio.get_running_loop()
    waiter = asyncio.ensure_future(process.wait())
    if process.returncode is None:
        _signal_group(process.pid, signal.SIGTERM)
    deadline = loop.time() + grace
    while not waiter.done():
        if loop.time() > deadline:
            _signal_group(process.pid, signal.SIGKILL)
        with suppress(asyncio.CancelledError):
            await asyncio.wait([waiter], timeout=0.1)
    # Whoever was left behind, or ignored SIGTERM, goes with the leader.
    _signal_group(process.pid, signal.SIGKILL)
