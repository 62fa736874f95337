# SPDX-License-Identifier: GPL-2.0
"""The two questions that the rest of the controller asks: build this, and what would that do."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dunectl.build.report import Reporter, silent
from dunectl.project import Project


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """``jobs``: compiler processes at a time, over all steps. ``keep_going``: after a failure,
    still build what does not depend on it."""

    jobs: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    keep_going: bool = False


async def build_targets(
    project: Project,
    names: Sequence[str],
    options: BuildOptions | None = None,
    reporter: Reporter = silent,
) -> Mapping[str, Path]:
    """Build ``names`` (targets or steps) and what they need; map every step to its artifact."""
    raise NotImplementedError
