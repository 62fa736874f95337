# SPDX-License-Identifier: GPL-2.0
"""The real agent, built for this host, through the real client: what a guest's programs see."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import random
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypedDict, Unpack

import pytest

from dunectl.machine import protocol
from dunectl.machine.agent import AgentClient, AgentLost, GuestError, RunResult, Sink, Stream
from dunectl.machine.protocol import Frame, FrameType

#: A program that runs for a while.
SLEEP = Path("/bin/sleep").read_bytes()


class Identity(TypedDict):
    """Who a program runs as."""

    uid: int
    gid: int


@pytest.fixture
def identity() -> Identity:
    """Whose programs a test may run: its own."""
    return {"uid": os.getuid(), "gid": os.getgid()}


class Options(TypedDict, total=False):
    """What sh() passes on."""

    stdin: bytes
    time_limit: float
    on_timeout: Callable[[], Awaitable[None]]
    sink: Sink


async def sh(
    client: AgentClient, identity: Identity, script: str, **options: Unpack[Options]
) -> RunResult:
    """Run a shell script through the agent."""
    env = {"PATH": "/usr/bin:/bin"}
    return await client.run(["sh", "-c", script], env=env, cwd="/", **identity, **options)


def alive(pid: int) -> bool:
    """Whether a process exists."""
    return Path(f"/proc/{pid}").exists()


def resident_kib(pid: int) -> int:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


async def test_greeting_has_version_and_process(client: AgentClient) -> None:
    hello = await client.hello()
    assert hello.version == protocol.VERSION
    assert hello.pid > 1
    assert 0 < hello.uptime <= time.monotonic()


async def test_status_and_streams_are_separate(client: AgentClient, identity: Identity) -> None:
    result = await sh(client, identity, "echo out; echo err >&2; exit 7")
    assert (result.returncode, result.stdout, result.stderr) == (7, b"out\n", b"err\n")
    assert result.describe() == "exit status 7"


async def test_a_signal_becomes_128_plus_its_number(
    client: AgentClient, identity: Identity
) -> None:
    result = await sh(client, identity, "kill -SEGV $$")
    assert (result.returncode, result.signal, result.status) == (139, 11, 0)
    assert result.describe() == "ended by SIGSEGV"


async def test_environment_and_directory_are_the_given_ones(
    client: AgentClient, identity: Identity, tmp_path: Path
) -> None:
    env = {"PATH": "/usr/bin:/bin", "A": "1", "B": "two words=3"}
    result = await client.run(["env"], env=env, cwd=str(tmp_path), **identity)
    lines = set(result.stdout.decode().splitlines())
    assert lines == {f"{name}={value}" for name, value in env.items()}
    result = await client.run(["pwd"], env=env, cwd=str(tmp_path), **identity)
    assert result.stdout.decode().strip() == str(tmp_path)


async def test_without_stdin_a_program_reads_end_of_file(
    client: AgentClient, identity: Identity
) -> None:
    assert (await sh(client, identity, "wc -c")).stdout.strip() == b"0"


async def test_stdin_larger_than_the_window(client: AgentClient, identity: Identity) -> None:
    data = os.urandom(5 * protocol.STDIN_WINDOW + 123)
    result = await sh(client, identity, "cat", stdin=data)
    assert result.stdout == data


async def test_a_program_that_ignores_its_stdin(client: AgentClient, identity: Identity) -> None:
    result = await sh(client, identity, "exit 3", stdin=bytes(10 * protocol.STDIN_WINDOW))
    assert result.returncode == 3


async def test_the_end_of_stdin_alone_is_noticed(
    agent_socket: socket.socket, identity: Identity
) -> None:
    """It comes when nothing else happens that would wake the agent."""
    run = protocol.encode_run(
        1,
        ["cat"],
        env={"PATH": "/usr/bin:/bin"},
        cwd="/",
        timeout_ms=0,
        with_stdin=True,
        **identity,
    )
    await exchange(agent_socket, HELLO + run.encode(), 2)
    await asyncio.sleep(0.2)
    (answer,) = await exchange(agent_socket, Frame(FrameType.STDIN, 1).encode(), 1)
    assert answer.type is FrameType.EXIT


async def test_much_output_arrives_complete(client: AgentClient, identity: Identity) -> None:
    result = await sh(client, identity, "head -c 3000000 /dev/zero; head -c 1000 /dev/zero >&2")
    assert (len(result.stdout), len(result.stderr), result.truncated) == (3000000, 1000, False)


async def test_eight_at_once_do_not_mix(client: AgentClient, identity: Identity) -> None:
    scripts = [f"for i in 1 2 3; do echo {n}; sleep 0.05; done; exit {n}" for n in range(8)]
    begin = time.monotonic()
    results = await asyncio.gather(*(sh(client, identity, script) for script in scripts))
    assert [result.returncode for result in results] == list(range(8))
    assert [result.stdout for result in results] == [f"{n}\n".encode() * 3 for n in range(8)]
    assert time.monotonic() - begin < 8 * 0.15


async def test_one_operation_too_many_is_refused(client: AgentClient, identity: Identity) -> None:
    count = protocol.MAX_OPERATIONS
    tasks = [asyncio.create_task(sh(client, identity, "sleep 1")) for _ in range(count + 1)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    refused = [result for result in results if isinstance(result, GuestError)]
    assert len(refused) == 1
    assert refused[0].errno == errno.EAGAIN


async def test_time_limit_kills_the_whole_group(client: AgentClient, identity: Identity) -> None:
    looked = []

    async def look() -> None:
        looked.append(time.monotonic())

    begin = time.monotonic()
    result = await sh(
        client, identity, "sleep 60 & sleep 60; echo no", time_limit=0.3, on_timeout=look
    )
    assert (result.timed_out, result.signal, result.stdout) == (True, 9, b"")
    assert len(looked) == 1
    assert time.monotonic() - begin < 5
    assert "time limit" in result.describe()


async def test_cancelling_kills_the_program(
    client: AgentClient, identity: Identity, tmp_path: Path
) -> None:
    file = tmp_path / "pid"
    task = asyncio.create_task(sh(client, identity, f"echo $$ > {file}; exec sleep 60"))
    while not (file.exists() and file.read_text()):
        await asyncio.sleep(0.01)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    pid = int(file.read_text())
    async with asyncio.timeout(5):
        while alive(pid):
            await asyncio.sleep(0.01)


async def test_a_process_left_behind_does_not_hold_the_result(
    client: AgentClient, identity: Identity
) -> None:
    begin = time.monotonic()
    result = await sh(client, identity, "sleep 5 & echo started; yes & exit 0")
    assert result.returncode == 0
    assert result.stdout.startswith(b"started\n")
    assert time.monotonic() - begin < 4


async def test_what_cannot_be_started_has_its_errno(
    client: AgentClient, identity: Identity, tmp_path: Path
) -> None:
    with pytest.raises(GuestError, match="no-such-program: No such file") as caught:
        await client.run(["/no-such-program"], env={}, cwd="/", **identity)
    assert caught.value.errno == errno.ENOENT
    plain = tmp_path / "plain"
    plain.write_text("text")
    with pytest.raises(GuestError) as caught:
        await client.run([str(plain)], env={}, cwd="/", **identity)
    assert caught.value.errno == errno.EACCES
    with pytest.raises(GuestError) as caught:
        await client.run(["true"], env={"PATH": "/bin"}, cwd="/no-such-directory", **identity)
    assert caught.value.errno == errno.ENOENT


async def test_files_go_there_and_back(client: AgentClient, tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (os.urandom(1_000_001), b"", b"shorter"):
        await client.put(str(path), content, 0o640)
        assert path.read_bytes() == content
        assert path.stat().st_mode & 0o7777 == 0o640
        assert await client.get(str(path)) == content


async def test_a_running_program_can_be_replaced(
    client: AgentClient, identity: Identity, tmp_path: Path
) -> None:
    program = tmp_path / "program"
    await client.put(str(program), SLEEP, 0o755)
    task = asyncio.create_task(client.run([str(program), "2"], env={}, cwd="/", **identity))
    await asyncio.sleep(0.2)
    await client.put(str(program), b"#!/bin/sh\nexit 5\n", 0o755)
    result = await client.run([str(program)], env={}, cwd="/", **identity)
    assert result.returncode == 5
    assert (await task).returncode == 0


async def test_file_errors_have_their_errno(client: AgentClient, tmp_path: Path) -> None:
    with pytest.raises(GuestError) as caught:
        await client.get(str(tmp_path / "none"))
    assert caught.value.errno == errno.ENOENT
    with pytest.raises(GuestError) as caught:
        await client.put(str(tmp_path / "none" / "file"), b"x", 0o644)
    assert caught.value.errno == errno.ENOENT
    with pytest.raises(GuestError) as caught:
        await client.put("/dev/full", b"x" * 10, 0o10000)
    assert caught.value.errno == errno.EINVAL


async def test_a_module_that_is_none_is_refused(client: AgentClient, tmp_path: Path) -> None:
    with pytest.raises(GuestError) as caught:
        await client.load(str(tmp_path / "none.ko"))
    assert caught.value.errno == errno.ENOENT
    with pytest.raises(GuestError) as caught:
        await client.unload("n" * 64)
    assert caught.value.errno == errno.EINVAL


async def test_a_slow_reader_stops_the_writer_not_the_agent(
    client: AgentClient, identity: Identity
) -> None:
    """Bounded memory: the agent keeps a few frames, the pipe the rest, and the program waits."""
    taken = 0
    release = asyncio.Event()

    async def slow(stream: Stream, data: bytes) -> None:
        nonlocal taken
        taken += len(data)
        await release.wait()

    task = asyncio.create_task(sh(client, identity, "head -c 20000000 /dev/zero", sink=slow))
    await asyncio.sleep(0.5)
    assert 0 < taken < 1_000_000
    hello = await client.hello()
    assert resident_kib(hello.pid) < 20_000
    release.set()
    assert (await task).returncode == 0
    assert taken == 20_000_000


# Below: the bare stream, with what no client of ours would send.


async def exchange(sock: socket.socket, data: bytes, count: int) -> list[Frame]:
    """Send bytes and read ``count`` frames."""
    reader, writer = await asyncio.open_connection(sock=sock.dup())
    frames = []
    try:
        writer.write(data)
        async with asyncio.timeout(5):
            for _ in range(count):
                kind, ident, length = protocol.decode_header(
                    await reader.readexactly(protocol.HEADER.size)
                )
                frames.append(Frame(kind, ident, await reader.readexactly(length)))
    finally:
        writer.close()
        await writer.wait_closed()
    return frames


HELLO = protocol.encode_hello().encode()


async def test_frames_before_the_greeting_are_refused(agent_socket: socket.socket) -> None:
    (answer,) = await exchange(agent_socket, protocol.encode_get(1, "/etc/passwd").encode(), 1)
    assert answer.type is FrameType.ERROR
    assert protocol.decode_error(answer.payload)[0] == errno.EPROTO


async def test_another_version_is_refused(agent_socket: socket.socket) -> None:
    hello = Frame(FrameType.HELLO, 0, protocol.HELLO.pack(protocol.VERSION + 1, 0, 0)).encode()
    (answer,) = await exchange(agent_socket, hello, 1)
    assert answer.type is FrameType.ERROR
    assert "version" in protocol.decode_error(answer.payload)[1]


@pytest.mark.parametrize(
    "frame",
    [
        Frame(FrameType.RUN, 1, b""),
        Frame(FrameType.RUN, 1, protocol.RUN.pack(0, 0, 0, 0, 1, 0)),
        Frame(FrameType.RUN, 1, protocol.RUN.pack(0, 0, 0, 0, 1, 0) + b"/\0true"),
        Frame(FrameType.RUN, 1, protocol.RUN.pack(0, 0, 0, 0, 1, 0) + b"/\0true\0more\0"),
        Frame(FrameType.RUN, 1, protocol.RUN.pack(2, 0, 0, 0, 1, 0) + b"/\0true\0"),
        Frame(FrameType.RUN, 1, protocol.RUN.pack(0, 0, 0, 0, 2**32 - 1, 2**32 - 1) + b"/\0"),
        Frame(FrameType.PUT, 1, b"\0\0"),
        Frame(FrameType.PUT, 1, b"\0\0\0\0"),
        Frame(FrameType.PUT, 1, b"\0\0\0\0a\0b"),
        Frame(FrameType.GET, 1, b""),
        Frame(FrameType.GET, 1, b"x" * 5000),
        Frame(FrameType.LOAD, 1, b""),
        Frame(FrameType.LOAD, 1, b"a\0b"),
        Frame(FrameType.LOAD, 1, b"a\0b\0c\0"),
        Frame(FrameType.UNLOAD, 1, b""),
        Frame(FrameType.SHUTDOWN, 1, b"\x09\0\0\0"),
        Frame(FrameType.SHUTDOWN, 1, b""),
        Frame(FrameType.SIGNAL, 1, b"\0\0\0\0"),
        Frame(FrameType.STDOUT, 1, b"x"),
        Frame(FrameType.GET, 0, b"/etc/passwd"),
    ],
)
async def test_malformed_frames_are_answered_and_survived(
    agent_socket: socket.socket, frame: Frame
) -> None:
    greeting, answer, again = await exchange(agent_socket, HELLO + frame.encode() + HELLO, 3)
    assert greeting.type is FrameType.HELLO
    assert answer.type is FrameType.ERROR
    assert again.type is FrameType.HELLO


async def test_an_oversized_frame_is_skipped(agent_socket: socket.socket) -> None:
    length = protocol.MAX_PAYLOAD + 5
    header = protocol.HEADER.pack(protocol.MAGIC, FrameType.GET, 9, length)
    answers = await exchange(agent_socket, HELLO + header + bytes(length) + HELLO, 3)
    assert [frame.type for frame in answers] == [
        FrameType.HELLO,
        FrameType.ERROR,
        FrameType.HELLO,
    ]
    assert protocol.decode_error(answers[1].payload)[0] == errno.EMSGSIZE


async def test_garbage_is_reported_once_and_skipped(agent_socket: socket.socket) -> None:
    random.seed(1)
    low = protocol.MAGIC & 0xFF
    garbage = bytes(byte for byte in random.randbytes(20000) if byte != low)
    answers = await exchange(agent_socket, HELLO + garbage + HELLO, 3)
    assert [frame.type for frame in answers] == [
        FrameType.HELLO,
        FrameType.ERROR,
        FrameType.HELLO,
    ]


async def test_a_frame_in_single_bytes(agent_socket: socket.socket) -> None:
    for byte in HELLO[:-1]:
        agent_socket.send(bytes([byte]))
        await asyncio.sleep(0.001)
    (answer,) = await exchange(agent_socket, HELLO[-1:], 1)
    assert answer.type is FrameType.HELLO


async def test_random_frames_do_not_crash_it(agent_socket: socket.socket) -> None:
    """Well-formed headers with random content; types that would change this host are left out."""
    random.seed(2)
    kinds = [FrameType.DATA, FrameType.STDIN, FrameType.SIGNAL, FrameType.GET, FrameType.RUN]
    stream = bytearray(HELLO)
    for _ in range(300):
        payload = random.randbytes(random.randrange(200))
        stream += Frame(random.choice(kinds), random.randrange(4), payload).encode()
    frame = Frame(FrameType.GET, 77, b"/proc/self/comm")
    reader, writer = await asyncio.open_connection(sock=agent_socket.dup())
    writer.write(bytes(stream) + HELLO + frame.encode())
    async with asyncio.timeout(10):
        while True:
            kind, ident, length = protocol.decode_header(
                await reader.readexactly(protocol.HEADER.size)
            )
            payload = await reader.readexactly(length)
            if (kind, ident) == (FrameType.DATA, 77):
                break
    writer.close()
    await writer.wait_closed()
    assert payload == b"agent\n"


async def test_a_new_greeting_ends_what_the_old_connection_ran(
    agent_socket: socket.socket, identity: Identity, tmp_path: Path
) -> None:
    file = tmp_path / "pid"
    run = protocol.encode_run(
        1,
        ["sh", "-c", f"echo $$ > {file}; exec sleep 60"],
        env={"PATH": "/usr/bin:/bin"},
        cwd="/",
        timeout_ms=0,
        with_stdin=False,
        **identity,
    )
    await exchange(agent_socket, HELLO + run.encode(), 2)
    async with asyncio.timeout(5):
        while not (file.exists() and file.read_text()):
            await asyncio.sleep(0.01)
    await exchange(agent_socket, HELLO, 1)
    pid = int(file.read_text())
    async with asyncio.timeout(5):
        while alive(pid):
            await asyncio.sleep(0.01)


# Below: a guest that is not to be trusted.


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\xff" * 64,
        protocol.HEADER.pack(protocol.MAGIC, 99, 0, 0),
        protocol.HEADER.pack(protocol.MAGIC, FrameType.STDOUT, 1, 2**32 - 1),
        Frame(FrameType.HELLO, 0, b"short").encode(),
        Frame(FrameType.ERROR, 0, b"\1\0\0\0no").encode(),
    ],
)
async def test_nonsense_from_the_guest_ends_the_connection(nonsense: bytes) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        client = AgentClient(*await asyncio.open_connection(sock=ours))
        client.start()
        theirs.sendall(nonsense)
        with pytest.raises(AgentLost):
            async with asyncio.timeout(5):
                await client.hello()
        with pytest.raises(AgentLost):
            await client.get("/x")
        await client.close()


async def test_end_of_file_wakes_every_waiting_call() -> None:
    ours, theirs = socket.socketpair()
    client = AgentClient(*await asyncio.open_connection(sock=ours))
    client.start()
    calls = [asyncio.create_task(client.get(f"/{n}")) for n in range(3)]
    await asyncio.sleep(0.05)
    theirs.close()
    async with asyncio.timeout(5):
        results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(result, AgentLost) for result in results)
    await client.close()
