# SPDX-License-Identifier: GPL-2.0
"""The guest agent, built for this host: the tests below speak to the real one without a guest."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dunectl.machine.agent import AgentClient

ROOT = Path(__file__).resolve().parents[3]
AGENT_SOURCE = ROOT / "images" / "agent"


@pytest.fixture(scope="session")
def agent_binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """images/agent, compiled with the host's compiler."""
    output = tmp_path_factory.mktemp("agent")
    make = ["make", "-s", "-C", str(AGENT_SOURCE), f"O={output}", "CROSS_COMPILE="]
    subprocess.run(make, check=True, capture_output=True, timeout=120)
    return output / "agent"


@pytest.fixture
async def agent_socket(agent_binary: Path) -> AsyncIterator[socket.socket]:
    """Our end of a connection to a running agent, which must end by itself when it is closed."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = await asyncio.create_subprocess_exec(
            agent_binary,
            "--fd",
            str(theirs.fileno()),
            pass_fds=[theirs.fileno()],
            stdin=asyncio.subprocess.DEVNULL,
        )
    ours.setblocking(False)
    with ours:
        yield ours
    async with asyncio.timeout(10):
        assert await process.wait() == 0


@pytest.fixture
async def client(agent_socket: socket.socket) -> AsyncIterator[AgentClient]:
    """A client that has exchanged greetings with a real agent."""
    client = AgentClient(*await asyncio.open_connection(sock=agent_socket))
    client.start()
    async with asyncio.timeout(10):
        await client.hello()
        yield client
    await client.close()
