# SPDX-License-Identifier: GPL-2.0
"""Client of the guest agent: commands, files and modules of a running machine.

One :class:`AgentClient` per connection. Its reader task hands each frame to the operation it
belongs to; an operation is a coroutine that waits for its own frames. What comes from the guest is
not trusted: a bad frame ends the connection with :class:`AgentLost`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Any

from dunectl.machine import protocol
from dunectl.machine.protocol import Frame, FrameType, Hello, ProtocolError, Shutdown
from dunectl.machine.verdict import Hang

#: Most bytes of stdout or stderr that are kept for a caller that gave no sink.
OUTPUT_LIMIT = 16 << 20

#: Longest time between the kill of a program that is out of time and its end, seconds.
KILL_GRACE = 10.0


class GuestSignal(IntEnum):
    """Linux signal numbers of MIPS, which are not the host's."""

    SIGHUP = 1
    SIGINT = 2
    SIGQUIT = 3
    SIGILL = 4
    SIGTRAP = 5
    SIGABRT = 6
    SIGEMT = 7
    SIGFPE = 8
    SIGKILL = 9
    SIGBUS = 10
    SIGSEGV = 11
    SIGSYS = 12
    SIGPIPE = 13
    SIGALRM = 14
    SIGTERM = 15
    SIGUSR1 = 16
    SIGUSR2 = 17
    SIGCHLD = 18
    SIGSTOP = 23
    SIGCONT = 25
    SIGXCPU = 30

    @classmethod
    def name_of(cls, number: int) -> str:
        """The name, or the number when it has none here."""
        try:
            return cls(number).name
        except ValueError:
            return f"signal {number}"


class Stream(Enum):
    """Where a program wrote."""

    STDOUT = "stdout"
    STDERR = "stderr"


Sink = Callable[[Stream, bytes], Awaitable[None]]


class AgentLost(Exception):
    """The connection to the agent ended or made no sense; the machine knows why."""


class AgentUnresponsive(Exception):
    """The agent did not answer in time; the machine finds out why."""


class GuestError(OSError):
    """The guest refused: errno and a text, for example ENODEV from a module."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a program in the guest ended; times in seconds of guest time.

    ``truncated``: more than OUTPUT_LIMIT was written and the rest dropped. ``hang``: what the CPUs
    did when the program ran out of time.
    """

    argv: tuple[str, ...]
    status: int
    signal: int
    timed_out: bool
    stdout: bytes
    stderr: bytes
    truncated: bool
    elapsed: float
    user: float
    system: float
    hang: Hang | None = None

    @property
    def returncode(self) -> int:
        """What a shell would put in ``$?``: the exit status, or 128 + the signal."""
        return 128 + self.signal if self.signal else self.status

    def describe(self) -> str:
        """One line for people."""
        if self.timed_out:
            return f"killed after {self.elapsed:.1f} s, its time limit"
        if self.signal:
            return f"ended by {GuestSignal.name_of(self.signal)}"
        return f"exit status {self.status}"


FrameSink = Callable[[Frame], Awaitable[None]]


@dataclass(slots=True)
class _Operation:
    """An operation in progress: ``end`` is EXIT or DONE, ``window`` the STDIN bytes we may send."""

    sink: FrameSink
    end: asyncio.Future[Frame]
    window: int = protocol.STDIN_WINDOW
    window_opened: asyncio.Event = field(default_factory=asyncio.Event)


class _Collector:
    """The default sink: keeps both streams, up to OUTPUT_LIMIT."""

    def __init__(self) -> None:
        self.buffers = {Stream.STDOUT: bytearray(), Stream.STDERR: bytearray()}
        self.truncated = False

    async def __call__(self, stream: Stream, data: bytes) -> None:
        buffer = self.buffers[stream]
        room = OUTPUT_LIMIT - len(buffer)
        buffer += data[:room]
        self.truncated |= len(data) > room


async def _ignore(frame: Frame) -> None:
    """Sink of an operation that has no output."""


class AgentClient:
    """Speaks protocol.h over a connected stream: ``start()``, ``hello()``, use, ``close()``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._operations: dict[int, _Operation] = {}
        self._ids = itertools.count(1)
        self._hello: asyncio.Future[Hello] = asyncio.get_running_loop().create_future()
        self._lost: AgentLost | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Greet and begin to read. The greeting waits in the port until the agent opens it."""
        self._writer.write(protocol.encode_hello().encode())
        self._task = asyncio.create_task(self._read(), name="agent reader")

    async def hello(self) -> Hello:
        """The agent's greeting, as soon as it is there."""
        return await asyncio.shield(self._hello)

    async def close(self) -> None:
        """End the connection; whatever still waits gets :class:`AgentLost`."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._fail(AgentLost("connection closed"))
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: str,
        uid: int,
        gid: int,
        stdin: bytes | None = None,
        time_limit: float | None = None,
        sink: Sink | None = None,
        on_timeout: Callable[[], Awaitable[None]] | None = None,
    ) -> RunResult:
        """Run a program to its end.

        ``time_limit`` is wall-clock seconds. When it passes, ``on_timeout`` may look at the
        machine, then the program is killed and the result says ``timed_out``. Cancelling the call
        kills the program too. :class:`GuestError` when it cannot be started.
        """
        ident = next(self._ids)
        collector = _Collector()
        target = collector if sink is None else sink

        async def forward(frame: Frame) -> None:
            if frame.type is FrameType.STDOUT:
                await target(Stream.STDOUT, frame.payload)
            elif frame.type is FrameType.STDERR:
                await target(Stream.STDERR, frame.payload)

        request = protocol.encode_run(
            ident,
            argv,
            env=env,
            cwd=cwd,
            uid=uid,
            gid=gid,
            timeout_ms=0,
            with_stdin=stdin is not None,
        )
        timed_out = False
        async with self._operation(ident, forward) as operation:
            self._writer.write(request.encode())
            feeder = asyncio.create_task(self._feed(ident, operation, stdin))
            try:
                done, _ = await asyncio.wait({operation.end}, timeout=time_limit)
                if not done:
                    timed_out = True
                    if on_timeout is not None:
                        await on_timeout()
                    await self._kill(ident, operation)
                frame = await operation.end
            except asyncio.CancelledError:
                self._writer.write(protocol.encode_signal(ident, GuestSignal.SIGKILL).encode())
                raise
            finally:
                feeder.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await feeder
        end = protocol.decode_exit(frame.payload)
        return RunResult(
            argv=tuple(argv),
            status=end.status,
            signal=end.signal,
            timed_out=timed_out,
            stdout=bytes(collector.buffers[Stream.STDOUT]),
            stderr=bytes(collector.buffers[Stream.STDERR]),
            truncated=collector.truncated,
            elapsed=end.elapsed,
            user=end.user,
            system=end.system,
        )

    async def put(self, path: str, content: bytes, mode: int) -> None:
        """Write a file in the guest, replacing an older one."""
        ident = next(self._ids)
        async with self._operation(ident) as operation:
            self._writer.write(protocol.encode_put(ident, path, mode).encode())
            for start in range(0, len(content), protocol.MAX_PAYLOAD):
                chunk = content[start : start + protocol.MAX_PAYLOAD]
                self._writer.write(Frame(FrameType.DATA, ident, chunk).encode())
                await self._writer.drain()
            self._writer.write(Frame(FrameType.DATA, ident).encode())
            await operation.end

    async def get(self, path: str) -> bytes:
        """Read a file of the guest, at most OUTPUT_LIMIT bytes of it."""
        ident = next(self._ids)
        content = bytearray()

        async def collect(frame: Frame) -> None:
            content.extend(frame.payload[: OUTPUT_LIMIT - len(content)])

        await self._request(protocol.encode_get(ident, path), collect)
        return bytes(content)

    async def load(self, path: str, parameters: str = "") -> None:
        """Load a module from the guest's file system; :class:`GuestError` has the errno."""
        await self._request(protocol.encode_load(next(self._ids), path, parameters))

    async def unload(self, name: str) -> None:
        """Unload a module; :class:`GuestError` has the errno, EAGAIN or EBUSY when in use."""
        await self._request(protocol.encode_unload(next(self._ids), name))

    async def shutdown(self, how: Shutdown) -> None:
        """Ask for the end of the machine; returns when the agent has begun with it."""
        await self._request(protocol.encode_shutdown(next(self._ids), how))

    async def _request(self, request: Frame, sink: FrameSink = _ignore) -> None:
        async with self._operation(request.id, sink) as operation:
            self._writer.write(request.encode())
            await operation.end

    @contextlib.asynccontextmanager
    async def _operation(self, ident: int, sink: FrameSink = _ignore) -> AsyncIterator[_Operation]:
        if self._lost is not None:
            raise self._lost
        operation = _Operation(sink, asyncio.get_running_loop().create_future())
        self._operations[ident] = operation
        try:
            yield operation
        finally:
            del self._operations[ident]
            # An operation that was given up has nobody left to look at its failure.
            operation.end.cancel()
            if not operation.end.cancelled():
                operation.end.exception()

    async def _feed(self, ident: int, operation: _Operation, data: bytes | None) -> None:
        """Send STDIN within the window that the agent keeps free for it."""
        if data is None:
            return
        while data:
            if operation.window == 0:
                operation.window_opened.clear()
                await operation.window_opened.wait()
            chunk, data = data[: operation.window], data[operation.window :]
            operation.window -= len(chunk)
            self._writer.write(Frame(FrameType.STDIN, ident, chunk).encode())
            await self._writer.drain()
        self._writer.write(Frame(FrameType.STDIN, ident).encode())

    async def _kill(self, ident: int, operation: _Operation) -> None:
        self._writer.write(protocol.encode_signal(ident, GuestSignal.SIGKILL).encode())
        done, _ = await asyncio.wait({operation.end}, timeout=KILL_GRACE)
        if not done:
            raise AgentUnresponsive(f"no end {KILL_GRACE:.0f} s after SIGKILL")

    async def _read(self) -> None:
        try:
            while True:
                header = await self._reader.readexactly(protocol.HEADER.size)
                kind, ident, length = protocol.decode_header(header)
                await self._dispatch(Frame(kind, ident, await self._reader.readexactly(length)))
        except (asyncio.IncompleteReadError, ConnectionError):
            self._fail(AgentLost("the agent's port was closed"))
        except ProtocolError as error:
            self._fail(AgentLost(f"the guest agent sent nonsense: {error}"))

    async def _dispatch(self, frame: Frame) -> None:
        if frame.id == 0:
            self._dispatch_connection(frame)
            return
        operation = self._operations.get(frame.id)
        if operation is None or operation.end.done():
            return  # given up; its last frames were on their way
        if frame.type is FrameType.ERROR:
            operation.end.set_exception(GuestError(*protocol.decode_error(frame.payload)))
        elif frame.type in (FrameType.EXIT, FrameType.DONE):
            operation.end.set_result(frame)
        elif frame.type is FrameType.WINDOW:
            operation.window += protocol.decode_u32(frame.payload)
            operation.window_opened.set()
        else:
            await operation.sink(frame)

    def _dispatch_connection(self, frame: Frame) -> None:
        if frame.type is FrameType.HELLO:
            if not self._hello.done():
                self._hello.set_result(protocol.decode_hello(frame.payload))
        elif frame.type is FrameType.ERROR:
            raise ProtocolError(
                f"it refused what we sent: {protocol.decode_error(frame.payload)[1]}"
            )

    def _fail(self, error: AgentLost) -> None:
        self._lost = self._lost or error
        waiting: list[asyncio.Future[Any]] = [self._hello]
        waiting += [operation.end for operation in self._operations.values()]
        for future in waiting:
            if not future.done():
                future.set_exception(error)
                future.exception()  # it is no leak when nobody waits for this one
