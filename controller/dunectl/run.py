# SPDX-License-Identifier: GPL-2.0
"""`dunectl run`: one program in a fresh guest, its output and exit status as if it ran here."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dunectl import launch
from dunectl.build import build_targets
from dunectl.build.report import Reporter
from dunectl.errors import UserError
from dunectl.machine import GuestError, Machine, MachineSpec, RunResult, Stream
from dunectl.machine.agent import Sink
from dunectl.machine.console import ConsoleLine, Finding
from dunectl.program import read_program
from dunectl.project import Project

#: Exit status when the program ran out of its time limit, as of timeout(1).
TIMED_OUT = 124

#: Where a program of the user's is put in the guest.
UPLOAD_DIR = "/tmp"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line says. ``cpu`` and ``memory`` None: the board's; ``time_limit`` None:
    none, else wall-clock seconds for the program."""

    program: str
    arguments: tuple[str, ...] = ()
    kernel: str = "lean"
    board: str = "malta"
    cpu: str | None = None
    memory: str | None = None
    append: str = ""
    root: bool = False
    module: bool = True
    time_limit: float | None = None
    stdin: str | None = None
    keep: bool = False
    verbose: bool = False
    as_json: bool = False


@dataclass(slots=True)
class Timeline:
    """Where the time went, wall-clock seconds by step, in the order of the steps."""

    steps: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the duration of the block."""
        begin = time.monotonic()
        try:
            yield
        finally:
            self.steps[name] = time.monotonic() - begin

    def render(self) -> str:
        """One line."""
        parts = ", ".join(f"{name} {seconds:.2f}" for name, seconds in self.steps.items())
        return f"{sum(self.steps.values()):.2f} s: {parts}"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checked and built run: what :func:`run_program` needs. ``content`` is the user's program,
    None for one of the guest's."""

    options: RunOptions
    spec: MachineSpec
    content: bytes | None
    stdin: bytes | None
    timeline: Timeline


async def prepare(project: Project, options: RunOptions, report: Reporter) -> Prepared:
    """Check everything that can be checked before it costs time, then build what is missing."""
    timeline = Timeline()
    board = launch.find_board(project, options.board)
    kernel = launch.check_kernel(project, options.kernel)
    content = None
    if "/" in options.program:
        content = read_program(Path(options.program), project.toolchain.prefix)
    stdin = _read_stdin(options.stdin)
    with timeline.step("build"):
        artifacts = await build_targets(project, launch.steps(kernel), reporter=report)
    run_dir = launch.new_run_dir(project, Path(options.program).name)
    if options.keep:
        (run_dir / launch.KEEP).touch()
    spec = launch.machine_spec(
        artifacts,
        board,
        kernel,
        run_dir,
        cpu=options.cpu,
        memory=options.memory,
        append=options.append,
    )
    return Prepared(options, spec, content, stdin, timeline)


async def run_program(run: Prepared) -> int:
    """Boot, run, and return the exit status of the program (128 + n after signal n, TIMED_OUT
    after its time limit)."""
    on_line = _show_line if run.options.verbose else _drop_line
    async with Machine(run.spec, on_line=on_line) as machine:
        run.timeline.steps |= machine.times
        result = await _run_in(machine, run)
        ended = time.monotonic()
    run.timeline.steps["stop"] = time.monotonic() - ended
    findings = tuple(machine.console.findings)
    _write_result(run, result, findings)
    _tell(run, result, findings)
    return TIMED_OUT if result.timed_out else result.returncode


async def _run_in(machine: Machine, run: Prepared) -> RunResult:
    options, timeline = run.options, run.timeline
    program = options.program
    if options.module:
        with timeline.step("module"):
            await launch.load_dune(machine)
    if run.content is not None:
        program = f"{UPLOAD_DIR}/{Path(program).name}"
        with timeline.step("upload"):
            await machine.put(program, run.content, 0o755)
    try:
        with timeline.step("program"):
            return await machine.run(
                [program, *options.arguments],
                user="root" if options.root else "dune",
                time_limit=options.time_limit,
                stdin=run.stdin,
                sink=None if options.as_json else _sink(),
            )
    except GuestError as error:
        raise UserError(
            f"{options.program}: {error.strerror}",
            next_step="name a program of the guest (hello, sh), or a file of yours with its path:"
            f" ./{Path(options.program).name}",
        ) from None
    except ValueError as error:
        raise UserError(
            f"{options.program}: {error}", next_step="pass fewer or other arguments"
        ) from None


def _read_stdin(source: str | None) -> bytes | None:
    if source is None:
        return None
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise UserError(f"{source}: {error.strerror}", next_step=f"ls -l {source}") from None


def _sink() -> Sink:
    """Writes to our own stdout and stderr, waiting for a slow reader without stopping the loop."""
    targets = {Stream.STDOUT: 1, Stream.STDERR: 2}

    async def write(stream: Stream, data: bytes) -> None:
        fd = targets[stream]
        view = memoryview(data)
        while view:
            await _writable(fd)
            # A pipe that polls as writable takes PIPE_BUF bytes without making us wait.
            view = view[os.write(fd, view[:4096]) :]

    return write


async def _writable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_writer(fd, ready.set)
    except PermissionError:
        return  # a regular file: epoll does not watch those, and a write does not wait
    try:
        await ready.wait()
    finally:
        loop.remove_writer(fd)


def _drop_line(line: ConsoleLine) -> None:
    """Without -v the console goes to its log only."""


def _show_line(line: ConsoleLine) -> None:
    print(line, file=sys.stderr)


def _write_result(run: Prepared, result: RunResult, findings: tuple[Finding, ...]) -> None:
    hang = result.hang
    summary = {
        "program": [run.options.program, *run.options.arguments],
        "status": TIMED_OUT if result.timed_out else result.returncode,
        "end": result.describe(),
        "hang": {"outcome": hang.outcome.value, "places": hang.places} if hang else None,
        "stdout": result.stdout.decode(errors="replace"),
        "stderr": result.stderr.decode(errors="replace"),
        "guest_seconds": {
            "elapsed": result.elapsed,
            "user": result.user,
            "system": result.system,
        },
        "seconds": run.timeline.steps,
        "kernel_said": [finding.text for finding in findings],
        "run_dir": str(run.spec.run_dir),
    }
    text = json.dumps(summary, indent=2)
    (run.spec.run_dir / "result.json").write_text(text + "\n", encoding="utf-8")
    if run.options.as_json:
        print(text)


def _tell(run: Prepared, result: RunResult, findings: tuple[Finding, ...]) -> None:
    """What the user should know, on stderr: the program's output is alone on stdout."""
    if run.options.as_json:
        return
    lines = [f"dunectl: the kernel said: {finding.text}" for finding in findings]
    if result.signal or result.timed_out:
        lines.append(f"dunectl: {run.options.program}: {result.describe()}")
    if result.hang is not None:
        lines.append(f"dunectl: {result.hang.outcome.value}")
        lines += [f"  {place}" for place in result.hang.places]
    lines.append(f"dunectl: {run.timeline.render()}")
    if findings or result.timed_out:
        lines.append(f"  next: less {run.spec.run_dir / 'console.log'}")
    print("\n".join(lines), file=sys.stderr)
