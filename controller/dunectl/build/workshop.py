# SPDX-License-Identifier: GPL-2.0
"""What a recipe has at hand: its declared inputs, its dependencies, a place to work, processes."""

from __future__ import annotations

import os
import shlex
import shutil
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from dunectl.build import process
from dunectl.build.inputs import read_entry
from dunectl.build.jobs import JobServer
from dunectl.build.store import Artifact, Store, Workspace

TAIL_LINES = 30


class StepFailed(Exception):
    """A recipe cannot go on; the text says why in one line."""


class Log:
    """The log of one step: a file, its last lines, and whoever wants to see them come."""

    def __init__(self, path: Path, show: Callable[[str], None]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file: TextIO = path.open("w", buffering=1, encoding="utf-8", errors="replace")
        self._show = show
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def line(self, text: str) -> None:
        self._file.write(text + "\n")
        self._tail.append(text)
        self._show(text)

    @property
    def tail(self) -> tuple[str, ...]:
        return tuple(self._tail)


class Workshop:
    """Everything that a recipe may touch.

    ``inputs``    copies of the declared project files, by their path in the project
    ``work``      an empty directory, removed afterwards
    ``out``       what becomes the artifact
    ``identity``  if a recipe sets it, the keys of its users are made from it and not from this
                  step's own key: a source sets what it really got
    """

    def __init__(
        self,
        workspace: Workspace,
        store: Store,
        deps: Mapping[str, Artifact],
        jobs: JobServer,
        log: Log,
    ) -> None:
        self.inputs = workspace.path / "project"
        self.work = workspace.path / "work"
        self.out = workspace.stage / "out"
        self.identity: str | None = None
        self.store = store
        self.jobs = jobs.slots
        self._deps = deps
        self._log = log
        self._inherit = (*jobs.descriptors, workspace.lock)
        self._environment = process.clean_environment() | {
            "MAKEFLAGS": jobs.makeflags,
            "CCACHE_DIR": str(store.root / "ccache"),
            "CCACHE_MAXSIZE": "4G",
            # Not preprocessing each file for its own hash makes a first build 30 % faster.
            "CCACHE_DEPEND": "1",
        }
        self.inputs.mkdir()
        self.work.mkdir()

    def stage(self, root: Path, digests: Mapping[str, str]) -> None:
        """Copy the project files of a manifest to ``inputs``, making sure that they are those."""
        for name in digests:
            target = self.inputs / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target, follow_symlinks=False)
            if read_entry(target) != digests[name]:
                raise StepFailed(f"{name} was changed while the build ran; build again")

    def dep(self, name: str) -> Path:
        """The artifact of a declared dependency; read only."""
        return self._deps[name].out

    def say(self, text: str) -> None:
        """A line for the log."""
        self._log.line(text)

    async def run(
        self,
        *argv: str | Path,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Run a command, its output to the log; StepFailed if it fails."""
        status = await self.status(*argv, cwd=cwd, environment=environment)
        if status != 0:
            how = f"exit status {status}" if status > 0 else f"killed by signal {-status}"
            raise StepFailed(f"{shlex.join(map(str, argv[:6]))}{' ...' * (len(argv) > 6)}: {how}")

    async def status(
        self,
        *argv: str | Path,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> int:
        """Like run(), but a failure is an answer too."""
        self._log.line("$ " + shlex.join(map(str, argv)))
        try:
            return await process.run(
                argv,
                cwd=cwd or self.work,
                environment={**self._environment, **(environment or {})},
                line=self._log.line,
                inherit=self._inherit,
            )
        except FileNotFoundError as error:
            raise StepFailed(f"{error.filename}: not found") from None

    async def capture(self, *argv: str | Path, cwd: Path | None = None) -> list[str]:
        """The lines that a command prints; StepFailed if it fails."""
        lines: list[str] = []
        self._log.line("$ " + shlex.join(map(str, argv)))
        status = await process.run(
            argv, cwd=cwd or self.work, environment=self._environment, line=lines.append
        )
        if status != 0:
            for line in lines:
                self._log.line(line)
            raise StepFailed(f"{shlex.join(map(str, argv))}: exit status {status}")
        return lines

    async def make(self, directory: Path, *arguments: str) -> None:
        """make in ``directory``, a client of the build's job slots."""
        await self.run("make", "-C", directory, *arguments)

    def keep_programs(self, directory: Path, place: str = ".") -> None:
        """Put the executables at the top of ``directory`` into the artifact's ``place``."""
        programs = [p for p in directory.iterdir() if p.is_file() and os.access(p, os.X_OK)]
        if not programs:
            raise StepFailed("make succeeded but made no program")
        (self.out / place).mkdir(exist_ok=True)
        for program in programs:
            shutil.copy2(program, self.out / place)
