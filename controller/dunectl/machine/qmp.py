# SPDX-License-Identifier: GPL-2.0
"""QEMU's monitor: qemu.qmp over a socket pair, with its sharp edges in one place.

* The library keeps every event for ever; it is told to take only the few of a machine's life.
* Event iterators fall silent when QEMU dies instead of ending, so the listener is a task that its
  owner cancels, and the end of the process is watched elsewhere.
* After the peer has gone, calls raise StateError or ExecInterruptedError and disconnect() raises
  whatever closed the connection; here that is :class:`MonitorLost`, and close() is quiet.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Mapping
from typing import Any

from qemu.qmp import (
    ExecInterruptedError,
    ExecuteError,
    QMPClient,
    QMPError,
    StateError,
)

#: What happens to a machine as a whole.
LIFE_EVENTS = ("SHUTDOWN", "RESET", "STOP", "RESUME", "GUEST_PANICKED", "WATCHDOG")

#: How long QEMU may take to greet or to answer, seconds. It answers in less than a millisecond
#: unless its main loop hangs.
ANSWER_TIMEOUT = 10.0


class MonitorLost(Exception):
    """QEMU no longer speaks; the machine knows why."""


class MonitorRefused(Exception):
    """QEMU answered a command with an error."""


class Monitor:
    """One QMP connection. ``connect()``, commands, ``close()``."""

    def __init__(self, name: str) -> None:
        self._client = QMPClient(name)
        self._client.events.names.update(LIFE_EVENTS)

    async def connect(self, sock: socket.socket) -> None:
        """Negotiate. :class:`MonitorLost` when QEMU ends or hangs before that is done."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                await self._client.connect(sock)
        except (QMPError, TimeoutError, OSError) as error:
            raise MonitorLost(f"no QMP greeting: {error}") from error

    async def watch(self, on_event: Callable[[str, dict[str, Any]], None]) -> None:
        """Call ``on_event(name, data)`` for each of LIFE_EVENTS until cancelled."""
        async for event in self._client.events:
            data = event.get("data")
            on_event(str(event["event"]), dict(data) if isinstance(data, Mapping) else {})

    async def execute(self, command: str, **arguments: object) -> object:
        """Run a QMP command. A cancelled call may still take effect: ask again for the state."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                return await self._client.execute(command, arguments or None)
        except ExecuteError as error:
            raise MonitorRefused(f"{command}: {error}") from error
        except (ExecInterruptedError, StateError, OSError) as error:
            raise MonitorLost(f"{command}: {error}") from error
        except TimeoutError:
            raise MonitorLost(f"{command}: no answer in {ANSWER_TIMEOUT:.0f} s") from None

    async def human(self, command_line: str) -> str:
        """Run a command of the human monitor and return what it prints."""
        return str(await self.execute("human-monitor-command", **{"command-line": command_line}))

    async def close(self) -> None:
        """End the connection, whatever state it is in."""
        with contextlib.suppress(QMPError, EOFError, OSError, asyncio.IncompleteReadError):
            await self._client.disconnect()
