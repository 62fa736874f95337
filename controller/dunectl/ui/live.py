# SPDX-License-Identifier: GPL-2.0
"""A build on a terminal: a line for each running step, finished ones scroll away above."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dunectl.build.report import Built, Event, Failed, Output, Reused, Started
from dunectl.ui.plain import Counts, lines

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

# ninja's "[12/345] Compiling ..."
_PROGRESS = re.compile(r"^\[(\d+)/(\d+)\]")
_REFRESH_PER_SECOND = 8


@dataclass
class _Running:
    """What is shown of a running step."""

    start: float = field(default_factory=time.monotonic)
    line: str = ""


class LiveReporter:
    """A context manager; rich is not even loaded before the first step starts."""

    def __init__(self, *, why: bool, summary: bool) -> None:
        self._why = why
        self._summary = summary
        self._running: dict[str, _Running] = {}
        self._counts = Counts()
        self._live: Live | None = None

    def __enter__(self) -> LiveReporter:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self._live is not None:
            self._running.clear()
            self._live.stop()
        if self._summary and kind is None:
            import sys

            print(self._counts.text(), file=sys.stderr)

    def __call__(self, event: Event) -> None:
        self._counts.add(event)
        match event:
            case Started(step):
                self._running[step] = _Running()
            case Output(step, line):
                self._running[step].line = line
                return
            case Built(step, _) | Failed(step, _, _, _, _):
                self._running.pop(step, None)
            case Reused():
                return
            case _:
                pass
        self._print(event)

    def _print(self, event: Event) -> None:
        from rich.text import Text

        style = {Built: "green", Failed: "red"}.get(type(event), "")
        live = self._started()
        for number, line in enumerate(lines(event, why=self._why)):
            # A step that starts is shown by its own line below.
            if not isinstance(event, Started) or self._why:
                live.console.print(Text(line, style=style if number == 0 else ""), soft_wrap=True)

    def _started(self) -> Live:
        if self._live is None:
            from rich.console import Console
            from rich.live import Live

            self._live = Live(
                console=Console(stderr=True),
                get_renderable=self._render,
                refresh_per_second=_REFRESH_PER_SECOND,
                transient=True,
            )
            self._live.start()
        return self._live

    def _render(self) -> RenderableType:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis")
        for step, running in tuple(self._running.items()):
            elapsed = time.monotonic() - running.start
            table.add_row(Text(step, "bold"), f"{elapsed:.0f} s", Text(_short(running.line)))
        return table


def _short(line: str) -> str:
    match = _PROGRESS.match(line)
    if match and int(match[2]):
        return f"{100 * int(match[1]) // int(match[2])} %  {line}"
    return line.strip()
