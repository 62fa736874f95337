# SPDX-License-Identifier: GPL-2.0
"""What a build tells while it runs: a stream of events.

A reporter is any callable that takes an event. ``dunectl.ui.reporter()`` makes the one that suits
the terminal; ``silent`` drops everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Reused:
    """The artifact was in the store."""

    step: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Another dunectl is building the same thing; its result will be used."""

    step: str


@dataclass(frozen=True, slots=True)
class Started:
    """The recipe runs now. ``why`` says which inputs differ from this project's last build."""

    step: str
    why: tuple[str, ...]
    log: Path


@dataclass(frozen=True, slots=True)
class Output:
    """One line of a running recipe; it is in the log too."""

    step: str
    line: str


@dataclass(frozen=True, slots=True)
class Built:
    """The artifact is published."""

    step: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The recipe failed; ``tail`` is the end of what it said, ``log`` holds all of it."""

    step: str
    seconds: float
    reason: str
    tail: tuple[str, ...]
    log: Path


@dataclass(frozen=True, slots=True)
class Blocked:
    """Not tried, because ``cause`` failed."""

    step: str
    cause: str


@dataclass(frozen=True, slots=True)
class Host:
    """Something is done to the host itself: Debian packages are installed."""

    text: str


Event = Reused | Waiting | Started | Output | Built | Failed | Blocked | Host
Reporter = Callable[[Event], None]


def silent(event: Event) -> None:
    """Drop the event."""
