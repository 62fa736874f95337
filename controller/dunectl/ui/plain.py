# SPDX-License-Identifier: GPL-2.0
"""A build's events as lines of text, for logs and pipes, or as JSON, for programs."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from dunectl.build.report import (
    Blocked,
    Built,
    Event,
    Failed,
    Host,
    Output,
    Reused,
    Started,
    Waiting,
)

# A change can touch a hundred files; the first few say enough.
_MOST_REASONS = 5


def lines(event: Event, *, why: bool) -> Iterator[str]:
    """What there is to read about an event; nothing for most."""
    match event:
        case Started(step, reasons, _):
            yield f"{step}: building"
            if why:
                yield from (f"    {reason}" for reason in reasons[:_MOST_REASONS])
                if len(reasons) > _MOST_REASONS:
                    yield f"    and {len(reasons) - _MOST_REASONS} more"
        case Built(step, seconds):
            yield f"{step}: built in {seconds:.1f} s"
        case Waiting(step):
            yield f"{step}: another dunectl is building it, waiting"
        case Failed(step, seconds, reason, tail, log):
            yield f"{step}: FAILED after {seconds:.1f} s: {reason}"
            yield from (f"    {line}" for line in tail)
            yield f"    whole log: {log}"
        case Blocked(step, cause):
            yield f"{step}: not built, {cause} failed"
        case Host(text):
            yield text
        case Reused() | Output():
            pass


class PlainReporter:
    """Writes to ``stream``, each line at once."""

    def __init__(self, stream: TextIO, *, why: bool = False) -> None:
        self._stream = stream
        self._why = why
        self.counts = Counts()

    def __call__(self, event: Event) -> None:
        self.counts.add(event)
        for line in lines(event, why=self._why):
            print(line, file=self._stream, flush=True)

    def summary(self) -> None:
        print(self.counts.text(), file=self._stream, flush=True)


class Counts:
    """How many steps were built and reused."""

    def __init__(self) -> None:
        self._built = 0
        self._reused = 0

    def add(self, event: Event) -> None:
        self._built += isinstance(event, Built)
        self._reused += isinstance(event, Reused)

    def text(self) -> str:
        if not self._built:
            return f"nothing to do: {_steps(self._reused)} up to date"
        return f"{_steps(self._built)} built, {self._reused} up to date"


def _steps(count: int) -> str:
    return f"{count} step{'s' * (count != 1)}"


def write_json(event: Event) -> None:
    """One JSON object per line on stdout."""
    data = {"event": type(event).__name__.lower()} | dataclasses.asdict(event)
    text = json.dumps({k: str(v) if isinstance(v, Path) else v for k, v in data.items()})
    print(text, file=sys.stdout, flush=True)
