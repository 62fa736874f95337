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
    process = await asyncio.create_subprocess_exec(
        *argv,
        cwd=cwd,
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        pass_fds=tuple(inherit),
    )
    assert process.stdout is not None
    reader = asyncio.create_task(_lines(process.stdout, line))
    try:
        status = await process.wait()
        # A grandchild that was left behind would keep the pipe open for ever.
        _signal_group(process.pid, signal.SIGKILL)
        await reader
        return status
    finally:
        reader.cancel()
        if process.returncode is None:
            await _end(process, grace)


async def _lines(stream: asyncio.StreamReader, line: Callable[[str], None]) -> None:
    rest = b""
    while chunk := await stream.read(_CHUNK):
        *whole, rest = (rest + chunk.replace(b"\r", b"\n")).split(b"\n")
        for part in whole:
            if part:
                line(part.decode(errors="replace"))
    if rest:
        line(rest.decode(errors="replace"))


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


async def _end(process: asyncio.subprocess.Process, grace: float) -> None:
    """SIGTERM, patience, SIGKILL; not to be hurried by a second cancellation."""
    loop = asyncio.get_running_loop()
    waiter = asyncio.ensure_future(process.wait())
    _signal_group(process.pid, signal.SIGTERM)
    deadline = loop.time() + grace
    while not waiter.done():
        if loop.time() > deadline:
            _signal_group(process.pid, signal.SIGKILL)
        with suppress(asyncio.CancelledError):
            await asyncio.wait([waiter], timeout=0.1)
    # Whoever of the group ignored SIGTERM goes with its leader.
    _signal_group(process.pid, signal.SIGKILL)
