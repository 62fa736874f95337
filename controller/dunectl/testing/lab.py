# SPDX-License-Identifier: GPL-2.0
"""Machines for tests: everything built, one call to have one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from dunectl import launch
from dunectl.machine import Machine
from dunectl.project import Project


@dataclass(frozen=True, slots=True)
class Lab:
    """The project with the artifacts that machines are made of."""

    project: Project
    artifacts: Mapping[str, Path]

    @asynccontextmanager
    async def machine(
        self,
        name: str,
        *,
        kernel: str = "lean",
        module: bool = True,
        board: str = "malta",
        cpu: str | None = None,
        memory: str | None = None,
        append: str = "",
        extra_args: tuple[str, ...] = (),
    ) -> AsyncIterator[Machine]:
        """A booted machine, with dune.ko loaded if ``module``; ``name`` names its run folder."""
        spec = launch.machine_spec(
            self.artifacts,
            launch.find_board(self.project, board),
            launch.check_kernel(self.project, kernel),
            launch.new_run_dir(self.project, name),
            cpu=cpu,
            memory=memory,
            append=append,
            extra_args=extra_args,
        )
        async with Machine(spec) as machine:
            if module:
                await launch.load_dune(machine)
            yield machine
