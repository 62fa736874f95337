# SPDX-License-Identifier: GPL-2.0
"""One running QEMU.

    async with Machine(spec) as machine:
        result = await machine.run(["hello", "--exit", "7"])

Entering boots to the agent's greeting; leaving, for whatever reason, leaves no process and no
socket. Every call either does what it says or raises :class:`MachineEnded` with the report of how
the machine ended; a machine that hangs is looked at first, so that the report says where it hangs.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, TypeVar

from dunectl.errors import InfrastructureError
from dunectl.machine.agent import AgentClient, AgentLost, AgentUnresponsive, RunResult, Sink
from dunectl.machine.console import ConsoleLine, ConsoleLog, Finding
from dunectl.machine.folder import folder_in_use
from dunectl.machine.lifecycle import Observations
from dunectl.machine.process import Process, Spawner, end_process, spawn_owned
from dunectl.machine.protocol import Hello, Shutdown
from dunectl.machine.qmp import Monitor, MonitorLost
from dunectl.machine.sample import Sample, Symbols, diagnose, sample_cpus
from dunectl.machine.spec import Channels, MachineSpec, command_line, script
from dunectl.machine.verdict import TAIL_LINES, Hang, MachineEnded, Outcome, Report

T = TypeVar("T")

#: Identities in the guest (images/rootfs/etc/passwd).
USERS: Mapping[str, int] = {"root": 0, "dune": 1000}

#: What programs in the guest find in their environment unless told otherwise.
ENVIRONMENT: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "TERM": "dumb"}

#: How long the agent may take for what is no program, seconds of wall clock; emulation is slow.
ANSWER_TIMEOUT = 60.0

#: How long the signs of one end (event, console, exit) may come apart, seconds.
SETTLE = 0.5


class Machine:
    """A machine made from a :class:`MachineSpec`. Use as an async context manager, once.

    ``on_line`` sees every line of the console as it comes. ``times`` maps "qemu" (spawn to QMP) and
    "boot" (CPU start to agent) to wall-clock seconds; ``hello`` has the guest's own uptime.
    """

    hello: Hello
    console: ConsoleLog

    def __init__(
        self,
        spec: MachineSpec,
        *,
        on_line: Callable[[ConsoleLine], None] = lambda line: None,
        spawner: Spawner = spawn_owned,
    ) -> None:
        self.spec = spec
        self.times: dict[str, float] = {}
        self.monitor = Monitor(spec.run_dir.name)
        self._on_line = on_line
        self._spawner = spawner
        self._seen = Observations()
        self._noticed = asyncio.Event()
        self._end: asyncio.Future[Report] = asyncio.get_running_loop().create_future()
        self._watchers: list[asyncio.Task[None]] = []
        self._process: Process | None = None
        self._agent: AgentClient | None = None
        self._resources = contextlib.ExitStack()

    async def __aenter__(self) -> Machine:
        try:
            await self._start()
            await self._boot()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stop()

    # What one can ask of a machine

    @property
    def pid(self) -> int:
        """Process id of QEMU."""
        assert self._process is not None
        return self._process.pid

    async def run(
        self,
        argv: Sequence[str],
        *,
        user: str = "dune",
        cwd: str = "/tmp",
        env: Mapping[str, str] = ENVIRONMENT,
        stdin: bytes | None = None,
        time_limit: float | None = 60.0,
        sink: Sink | None = None,
    ) -> RunResult:
        """Run a program in the guest to its end. ``time_limit`` is wall-clock seconds; a program
        that exceeds it is killed, and ``hang`` of the result says what the CPUs did. Without
        ``sink`` its output is in the result. :class:`GuestError` when it cannot be started."""
        samples: tuple[Sample, ...] = ()

        async def look() -> None:
            nonlocal samples
            samples = await sample_cpus(self.monitor)

        result = await self._guard(
            self._client.run(
                argv,
                env=env,
                cwd=cwd,
                uid=USERS[user],
                gid=USERS[user],
                stdin=stdin,
                time_limit=time_limit,
                sink=sink,
                on_timeout=look,
            )
        )
        return replace(result, hang=await self._diagnose(samples)) if samples else result

    async def put(self, path: str, content: bytes, mode: int = 0o644) -> None:
        """Write a file in the guest. :class:`GuestError` with the guest's errno."""
        await self._guard(self._answered(self._client.put(path, content, mode)))

    async def get(self, path: str) -> bytes:
        """Read a file of the guest. :class:`GuestError` with the guest's errno."""
        return await self._guard(self._answered(self._client.get(path)))

    async def load_module(self, path: str, parameters: str = "") -> None:
        """finit_module() on a file of the guest. :class:`GuestError` with the guest's errno."""
        await self._guard(self._answered(self._client.load(path, parameters)))

    async def unload_module(self, name: str) -> None:
        """delete_module(). :class:`GuestError` with the guest's errno."""
        await self._guard(self._answered(self._client.unload(name)))

    async def power_off(self, how: Shutdown = Shutdown.POWEROFF) -> Report:
        """Shut Linux down in an orderly way and wait for the end."""
        self._seen.asked = True
        with contextlib.suppress(MachineEnded):
            await self._guard(self._answered(self._client.shutdown(how)))
        return await self.wait_end(ANSWER_TIMEOUT)

    async def wait_end(self, within: float) -> Report:
        """Wait for the machine to end by itself; one that does not is looked at and reported."""
        await asyncio.wait({self._end}, timeout=within)
        if not self._end.done():
            await self._conclude_hang(f"still running after {within:.0f} s")
        return self._end.result()

    # Start

    async def _start(self) -> None:
        """Start QEMU with the CPU stopped, connect to it, then let the CPU run."""
        if not os.access(self.spec.qemu, os.X_OK):
            raise InfrastructureError(
                f"{self.spec.qemu}: no such program", next_step="dunectl build qemu"
            )
        begin = time.monotonic()
        self.spec.run_dir.mkdir(parents=True, exist_ok=True)
        self._resources.enter_context(folder_in_use(self.spec.run_dir))
        log = (self.spec.run_dir / "console.log").open("w", encoding="utf-8")
        self.console = self._resources.enter_context(
            ConsoleLog(log, lambda: time.monotonic() - begin, self._on_line, self._on_finding)
        )
        qmp, console, agent = await self._spawn()
        self._watch(self._watch_exit())
        self._watch(self._watch_end())
        self._watch(self._watch_console(console))
        await self._guard(self.monitor.connect(qmp))
        self._watch(self.monitor.watch(self._on_event))
        self._agent = AgentClient(*await asyncio.open_connection(sock=agent))
        self._agent.start()
        await self._guard(self.monitor.execute("cont"))
        self._seen.running = True
        self.times["qemu"] = time.monotonic() - begin

    async def _spawn(self) -> tuple[socket.socket, socket.socket, socket.socket]:
        """Start the process; returns our ends of its three channels."""
        with contextlib.ExitStack() as theirs:
            ours = []
            numbers = []
            for _ in range(3):
                mine, other = socket.socketpair()
                ours.append(self._resources.enter_context(mine))
                numbers.append(theirs.enter_context(other).fileno())
                mine.setblocking(False)
            channels = Channels(*numbers)
            argv = command_line(self.spec, channels)
            (self.spec.run_dir / "command").write_text(script(self.spec), encoding="utf-8")
            with (self.spec.run_dir / "qemu.log").open("wb") as log:
                self._process = await self._spawner(argv, pass_fds=numbers, output=log)
        return ours[0], ours[1], ours[2]

    async def _boot(self) -> None:
        begin = time.monotonic()
        try:
            async with asyncio.timeout(self.spec.boot_timeout):
                self.hello = await self._guard(self._client.hello())
        except TimeoutError:
            await self._conclude_hang(f"no agent after {self.spec.boot_timeout:.0f} s")
            raise MachineEnded(self._end.result()) from None
        self.times["boot"] = time.monotonic() - begin

    # Watching

    def _watch(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        task.add_done_callback(self._watcher_done)
        self._watchers.append(task)

    def _watcher_done(self, task: asyncio.Task[None]) -> None:
        """A watcher that fails is a defect of ours; it ends the machine instead of hiding."""
        if not task.cancelled() and task.exception() is not None and not self._end.done():
            self._conclude(Outcome.INFRASTRUCTURE, f"controller: {task.exception()!r}")

    async def _watch_exit(self) -> None:
        assert self._process is not None
        self._seen.returncode = await self._process.wait()
        self._noticed.set()

    async def _watch_console(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ConnectionError):
            while data := await loop.sock_recv(sock, 65536):
                self.console.feed(data)

    async def _watch_end(self) -> None:
        """After the first sign of the end, give the others time to arrive, then judge."""
        await self._noticed.wait()
        deadline = time.monotonic() + SETTLE
        while time.monotonic() < deadline and self._seen.returncode is None:
            await asyncio.sleep(0.01)
        # What QEMU wrote before it went is still in the socket: let the console reader have it.
        await asyncio.sleep(0.02)
        if not self._end.done():
            self._conclude(*self._seen.judge())

    def _on_finding(self, finding: Finding) -> None:
        if self._seen.saw_finding(finding):
            self._noticed.set()

    def _on_event(self, name: str, data: dict[str, Any]) -> None:
        if self._seen.saw_event(name, data):
            self._noticed.set()

    # The end

    def _conclude(self, outcome: Outcome, reason: str, details: Sequence[str] = ()) -> None:
        if not details and outcome in (Outcome.QEMU_CRASH, Outcome.INFRASTRUCTURE):
            text = (self.spec.run_dir / "qemu.log").read_text(encoding="utf-8", errors="replace")
            details = text.splitlines()[-TAIL_LINES:]
        self._end.set_result(
            Report(
                outcome, reason, self.spec.run_dir, tuple(details), self.console.tail(TAIL_LINES)
            )
        )

    async def _diagnose(self, samples: Sequence[Sample]) -> Hang:
        """What the CPUs did, with the kernel's names for it."""
        symbols = await asyncio.to_thread(Symbols, self.spec.vmlinux)
        return diagnose(samples, symbols)

    async def _conclude_hang(self, reason: str) -> None:
        try:
            hang = await self._diagnose(await sample_cpus(self.monitor))
        except MonitorLost:
            await asyncio.wait({self._end}, timeout=2 * SETTLE)
            if not self._end.done():
                self._conclude(*self._seen.judge())
            return
        age = self.console.age()
        if not self._end.done():
            reason = f"{reason}; the console has been quiet for {age:.1f} s"
            self._conclude(hang.outcome, reason, hang.places)

    async def _guard(self, operation: Coroutine[Any, Any, T]) -> T:
        """Wait for ``operation`` or the end of the machine, whichever comes first."""
        task = asyncio.create_task(operation)
        try:
            either: set[asyncio.Future[Any]] = {task, self._end}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        except (AgentLost, MonitorLost):
            await asyncio.wait({self._end}, timeout=4 * SETTLE)
            if not self._end.done():
                self._conclude(*self._seen.judge())
        except AgentUnresponsive as error:
            await self._conclude_hang(str(error))
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        raise MachineEnded(self._end.result())

    async def _answered(self, operation: Coroutine[Any, Any, T]) -> T:
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                return await operation
        except TimeoutError:
            raise AgentUnresponsive(f"no answer in {ANSWER_TIMEOUT:.0f} s") from None

    @property
    def _client(self) -> AgentClient:
        assert self._agent is not None
        return self._agent

    async def _stop(self) -> None:
        """Leave nothing behind. Each part may be missing when the start went wrong."""
        self._seen.asked = True
        try:
            if self._agent is not None:
                await self._agent.close()
            if self._process is not None and self._process.returncode is None:
                await end_process(self._process)
        finally:
            for watcher in self._watchers:
                watcher.cancel()
            await asyncio.gather(*self._watchers, return_exceptions=True)
            await self.monitor.close()
            self._resources.close()
