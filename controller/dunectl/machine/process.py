# SPDX-License-Identifier: GPL-2.0
"""Child processes that never outlive us.

QEMU is started in a session of its own, so that Ctrl-C in the terminal reaches the controller
alone, and with a parent-death signal, so that it ends even when the controller is killed with
SIGKILL. util-linux's setpriv sets that signal between fork and exec, which keeps Python code out of
the child. The signal follows the thread that forked: start machines from a thread that lives as
long as they do, such as asyncio's main thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Sequence
from typing import IO, Protocol

from dunectl.errors import InfrastructureError

#: How long a process may take from SIGTERM to its end before SIGKILL, seconds.
TERM_GRACE = 2.0


class Process(Protocol):
    """The part of asyncio.subprocess.Process that owners need."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    async def wait(self) -> int: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


class Spawner(Protocol):
    """Starts a process; :func:`spawn_owned` is the real one."""

    async def __call__(
        self, argv: Sequence[str], *, pass_fds: Sequence[int], output: IO[bytes]
    ) -> Process: ...


async def spawn_owned(
    argv: Sequence[str], *, pass_fds: Sequence[int], output: IO[bytes]
) -> Process:
    """Start ``argv`` with no input and ``output`` for both its streams; it dies with us."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise InfrastructureError(
            "setpriv of util-linux is not installed", next_step="apt-get install util-linux"
        )
    try:
        return await asyncio.create_subprocess_exec(
            setpriv,
            "--pdeathsig=KILL",
            "--",
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
        )
    except OSError as error:
        raise InfrastructureError(f"{argv[0]}: {error}", next_step=f"ls -l {argv[0]}") from error


async def end_process(process: Process) -> int:
    """Make sure that a process is gone: wait, SIGTERM, SIGKILL. Returns its exit status."""
    with contextlib.suppress(ProcessLookupError):
        if process.returncode is None:
            process.terminate()
    try:
        async with asyncio.timeout(TERM_GRACE):
            return await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        return await process.wait()
