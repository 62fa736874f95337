# SPDX-License-Identifier: GPL-2.0
"""Reads the manual pages: the part of mdoc(7) that they use, no more.

A line that begins with a dot is a macro, any other is text.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

_ESCAPES = {r"\-": "-", r"\(aq": "'", r"\(ti": "~", r"\(em": "\u2014", r"\&": "", r"\e": "\\"}

#: Macros that open a block, and those that end it.
_BLOCKS = {"Bl": "El", "Bd": "Ed"}

_MACROS = "Dd Dt Os Sh Ss Nm Nd Pp Op Fl Ar Cm Ev Pa Xr It Em Sy Pq Dq Dl In Ft Fn Fa Vt Va Dv Er"


class Page:
    """A manual page. Lines are kept as they are written, escapes included."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: Sequence[str] = path.read_text(encoding="utf-8").splitlines()

    def section(self, name: str, macro: str = "Sh") -> list[str]:
        """The lines of a section, or with ``macro`` "Ss" of a subsection."""
        ends = ("Sh",) if macro == "Sh" else ("Sh", "Ss")
        start = self.lines.index(f".{macro} {name}") + 1
        rest = self.lines[start:]
        length = next((i for i, line in enumerate(rest) if macro_of(line) in ends), len(rest))
        return list(rest[:length])

    def complaints(self) -> list[str]:
        """What is wrong with it as mdoc, by our own rules and by the formatters that this host
        has; none has to be there."""
        return [*self._own_complaints(), *self._complaints_of_formatters()]

    def _own_complaints(self) -> Iterator[str]:
        """Macros never heard of, blocks that do not end, blanks that mdoc warns about."""
        open_blocks: list[str] = []
        for number, line in enumerate(self.lines, 1):
            where = f"{self.path.name}:{number}: {line!r}"
            macro = macro_of(line)
            if line != line.rstrip():
                yield f"{where}: blanks at the end"
            if not line and open_blocks[-1:] != ["Ed"]:
                yield f"{where}: an empty line, which is .Pp"
            if macro in _BLOCKS:
                open_blocks.append(_BLOCKS[macro])
            elif macro in _BLOCKS.values():
                if not open_blocks or open_blocks.pop() != macro:
                    yield f"{where}: ends what has not begun"
            elif macro not in (None, r"\"", *_MACROS.split()):
                yield f"{where}: no macro of these pages"
        yield from (f"{self.path.name}: no .{end}" for end in open_blocks)

    def _complaints_of_formatters(self) -> Iterator[str]:
        commands = (
            ("groff", "-ww", "-mandoc", "-z", "-Tutf8"),
            ("mandoc", "-Tlint", "-Wwarning"),
        )
        for command in commands:
            if shutil.which(command[0]):
                argv = [*command, str(self.path)]
                done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
                yield from (done.stdout + done.stderr).splitlines()


def macro_of(line: str) -> str | None:
    """``Sh`` for ``.Sh NAME``; None for text."""
    match = re.match(r"\.(\S+)", line)
    return match[1] if match else None


def items(lines: Sequence[str], kind: str) -> list[str]:
    """What stands behind ``.It kind`` on every such line."""
    prefix = f".It {kind}"
    found = [line for line in lines if line.startswith(prefix)]
    return [plain(line.removeprefix(prefix).strip()) for line in found]


def options(line: str) -> Iterator[tuple[str, str | None]]:
    """The options on a macro line with the names of their arguments: ("-j", "N")."""
    for match in re.finditer(r"\bFl (\S+)(?: Ar (\S+))?", line):
        yield f"-{plain(match[1])}", match[2]


def literals(lines: Sequence[str]) -> list[str]:
    """What is to be typed or compiled: one-line and longer displays, line by line."""
    found = []
    inside = False
    for line in lines:
        macro = macro_of(line)
        if macro in ("Bd", "Ed"):
            inside = macro == "Bd"
        elif macro == "Dl":
            found.append(plain(line.removeprefix(".Dl ")))
        elif inside:
            found.append(plain(line))
    return found


def plain(text: str) -> str:
    """``text`` as a reader sees it."""
    return re.sub(r"\\(?:\(..|.)", lambda match: _ESCAPES[match[0]], text)
