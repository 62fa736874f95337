# SPDX-License-Identifier: GPL-2.0
"""What the user sees. Progress goes to stderr, results to stdout; rich is loaded when it draws."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dunectl.build.report import Reporter
from dunectl.build.schedule import Planned
from dunectl.ui.plain import PlainReporter, write_json


@contextmanager
def reporter(
    *, why: bool = False, as_json: bool = False, summary: bool = False
) -> Iterator[Reporter]:
    """The reporter of a build that suits stderr: live on a terminal, else plain lines.

    ``summary`` adds a last line that tells how much was built and reused.
    """
    if as_json:
        yield write_json
    elif sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        from dunectl.ui.live import LiveReporter

        with LiveReporter(why=why, summary=summary) as live:
            yield live
    else:
        plain = PlainReporter(sys.stderr, why=why)
        yield plain
        if summary:
            plain.summary()


def show_plan(plan: Sequence[Planned], *, why: bool, as_json: bool) -> None:
    """The answer to ``build -n``."""
    if as_json:
        for planned in plan:
            print(
                json.dumps({"step": planned.step, "build": bool(planned.why), "why": planned.why})
            )
        return
    todo = [planned for planned in plan if planned.why]
    for planned in todo:
        print(f"build {planned.step}")
        for reason in planned.why if why else ():
            print(f"    {reason}")
    if not todo:
        print("nothing to do: all is up to date")


def show_removed(paths: Sequence[tuple[Path, int]]) -> None:
    """The answer to ``clean``."""
    for path, size in paths:
        if size:  # an empty lock file is no news
            print(f"{_human(size):>9}  {path}")
    print(f"{_human(sum(size for _, size in paths)):>9}  in all")


def _human(size: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
