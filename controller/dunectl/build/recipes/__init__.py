# SPDX-License-Identifier: GPL-2.0
"""One module for each thing that is built; each offers ``steps(project)``."""

from __future__ import annotations

from dunectl.build.graph import Graph
from dunectl.build.recipes import (
    agent,
    kernel,
    kmod,
    libdune,
    qemu,
    rootfs,
    source,
    tests,
    toolchain,
)
from dunectl.project import Project

_MODULES = (source, toolchain, qemu, kernel, kmod, libdune, agent, rootfs, tests)


def project_graph(project: Project) -> Graph:
    """Every step of the project."""
    return Graph(step for module in _MODULES for step in module.steps(project))
