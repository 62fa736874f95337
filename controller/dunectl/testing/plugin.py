# SPDX-License-Identifier: GPL-2.0
"""pytest fixtures: a test that takes ``machine`` gets a booted guest with dune.ko loaded.

    @pytest.mark.machine(kernel="check", memory="512M")
    async def test_hello(machine):
        assert (await machine.run(["hello"])).returncode == 0

The mark is optional; its arguments are those of :meth:`dunectl.testing.lab.Lab.machine`. What is
missing is built when the first test asks for it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from dunectl.machine import Machine
    from dunectl.testing.lab import Lab


def pytest_configure(config: pytest.Config) -> None:
    """Register our marks."""
    config.addinivalue_line("markers", "machine(**options): what the machine fixture is made of")
    config.addinivalue_line("markers", "soak: for the soak lane, minutes to hours")


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The project, built for both kernels."""
    from dunectl import launch
    from dunectl.build import build_targets
    from dunectl.project import Project, find_root
    from dunectl.testing.lab import Lab

    project = Project.load(find_root())
    names = [*launch.steps("lean"), *launch.steps("check")]
    # The session may have an event loop of its own; a thread has room for another.
    with ThreadPoolExecutor(1) as pool:
        artifacts = pool.submit(lambda: asyncio.run(build_targets(project, names))).result()
    return Lab(project, artifacts)


@pytest_asyncio.fixture
async def machine(request: pytest.FixtureRequest, lab: Lab) -> AsyncIterator[Machine]:
    """A booted machine of this test's own."""
    mark = request.node.get_closest_marker("machine")
    name = "test-" + re.sub(r"[^A-Za-z0-9_.-]+", "-", request.node.name)
    async with lab.machine(name, **(mark.kwargs if mark else {})) as machine:
        yield machine
