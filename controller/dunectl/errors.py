# SPDX-License-Identifier: GPL-2.0
"""Every error that dunectl reports.

    DuneError
     ├── UserError              what was typed or configured is wrong; exit status 2
     │    └── ConfigError       dune.toml
     ├── InfrastructureError    this host cannot do it now: network, disk, packages; exit status 2
     └── Verdict                the thing that was built or run is at fault; exit status 1
          └── BuildFailed

The message says what is wrong; ``next_step`` says what to type next.
"""

from __future__ import annotations

from typing import ClassVar


class DuneError(Exception):
    """An error that is shown to the user as a message, never as a traceback."""

    exit_status: ClassVar[int] = 2

    def __init__(self, message: str, *, next_step: str) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step


class UserError(DuneError):
    """What the user typed or configured cannot be done."""


class ConfigError(UserError):
    """dune.toml is not what project.py expects; the message names file and key."""


class InfrastructureError(DuneError):
    """The host, the network or the disk does not allow it now."""


class Verdict(DuneError):
    """The thing that was built or run is at fault."""

    exit_status = 1


class BuildFailed(Verdict):
    """At least one step of a build failed; the reporter has shown each of them."""
