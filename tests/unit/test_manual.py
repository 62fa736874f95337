# SPDX-License-Identifier: GPL-2.0
"""dunectl(1) says what dunectl does: no more, no less."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator, Mapping
from functools import cache

import pytest

from dunectl import cli, runner
from dunectl.build.graph import ALL
from dunectl.build.recipes import project_graph
from dunectl.errors import DuneError, Verdict
from dunectl.machine.verdict import MEANING
from dunectl.project import Project, find_root
from dunectl.run import TIMED_OUT
from dunectl.testing.run import LANES, SUITES
from tests.unit.mdoc import Page, items, literals, macro_of, options

HELP = ("-h", "--help")

#: What ends dunectl's options is none of them.
SEPARATOR = ("--", None)


@cache
def page() -> Page:
    return Page(find_root() / "controller/man/dunectl.1")


@cache
def parsers() -> Mapping[str, argparse.ArgumentParser]:
    """The parser of each command."""
    (commands,) = (
        action
        for action in cli._parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    return commands.choices


def documented(lines: list[str]) -> set[tuple[str, str | None]]:
    """(option, name of its argument) of every item of the lists in ``lines``."""
    return {option for line in lines if line.startswith(".It") for option in options(line)}


def accepted(parser: argparse.ArgumentParser) -> set[tuple[str, str | None]]:
    """The same, from the parser."""
    return {
        (name, argument_of(action))
        for action in parser._actions
        for name in action.option_strings
        if name not in HELP
    }


def argument_of(action: argparse.Action) -> str | None:
    if action.nargs == 0:
        return None
    return str(action.metavar or action.dest.upper())


def synopsis() -> dict[str, list[str]]:
    """Command -> its macro lines in the SYNOPSIS; "" is dunectl itself."""
    found: dict[str, list[str]] = {}
    command = ""
    for line in page().section("SYNOPSIS"):
        match macro_of(line):
            case "Nm":
                command = ""
            case "Cm":
                command = line.removeprefix(".Cm ")
        found.setdefault(command, []).append(line)
    return found


def test_the_page_is_clean() -> None:
    assert page().complaints() == []


def test_commands_are_those_of_the_parser() -> None:
    subsections = [line.removeprefix(".Ss ") for line in page().lines if macro_of(line) == "Ss"]
    assert subsections == [*parsers(), "Verdicts"]
    assert [command for command in synopsis() if command] == list(parsers())


@pytest.mark.parametrize("command", parsers())
def test_every_option_is_documented_and_every_documented_option_exists(command: str) -> None:
    assert documented(page().section(command, "Ss")) == accepted(parsers()[command])


@pytest.mark.parametrize("command", parsers())
def test_the_synopsis_has_every_option_once(command: str) -> None:
    shown = [option for line in synopsis()[command] for option in options(line)]
    shown = [option for option in shown if option != SEPARATOR]
    wanted = [
        (action.option_strings[0], argument_of(action))
        for action in parsers()[command]._actions
        if action.option_strings and action.option_strings[0] not in HELP
    ]
    assert sorted(shown, key=str) == sorted(wanted, key=str)


@pytest.mark.parametrize("command", parsers())
def test_the_synopsis_has_every_argument(command: str) -> None:
    """Under the name that --help gives it."""
    positional = [action for action in parsers()[command]._actions if not action.option_strings]
    shown = [line for line in synopsis()[command] if re.match(r"\.(Op )?Ar ", line)]
    for action, line in zip(positional, shown, strict=True):
        optional = "Op " if action.nargs in ("*", argparse.REMAINDER) else ""
        more = " ..." if action.nargs in ("*", argparse.REMAINDER) else ""
        assert line == f".{optional}Ar {action.metavar}{more}"


def test_help_is_documented() -> None:
    lines = page().section("DESCRIPTION")
    assert any([name for name, _ in options(line)] == list(HELP) for line in lines)


def test_targets_are_those_of_the_graph() -> None:
    targets = {step.target for step in project_graph(Project.load(find_root())).steps.values()}
    assert set(items(page().section("build", "Ss"), "Cm")) == targets | {ALL}


def test_suites_and_lanes_are_those_of_the_project() -> None:
    lines = page().section("test", "Ss")
    assert items(lines, "Cm") == [suite.name for suite in SUITES]
    about = lines[lines.index(r".It Fl \-lane Ar LANE") : lines.index(".It Fl k Ar EXPR")]
    assert [line.split()[1] for line in about if macro_of(line) == "Cm"] == list(LANES)


def test_kernels_and_boards_are_those_of_dune_toml() -> None:
    project = Project.load(find_root())
    text = "\n".join(page().section("run", "Ss"))
    for name in (*project.rootfs, *project.boards):
        assert re.search(rf"^\.Cm {name}\b", text, re.MULTILINE), name


def test_verdicts_are_those_of_a_run() -> None:
    assert items(page().section("Verdicts", "Ss"), "Sy") == [end.value for end in MEANING]


def test_exit_statuses_are_those_of_the_code() -> None:
    listed = items(page().section("EXIT STATUS"), "")
    known = {0, Verdict.exit_status, DuneError.exit_status, TIMED_OUT, runner.INTERRUPTED}
    assert [int(status) for status in listed] == sorted(known)


class Asked(Mapping[str, str]):
    """An environment that is empty, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_variables_are_those_that_the_project_asks_for() -> None:
    environ = Asked()
    Project.load(find_root(), environ)
    assert set(items(page().section("ENVIRONMENT"), "Ev")) == environ.names


def test_every_example_can_be_typed() -> None:
    """They parse; what they mean is tested elsewhere."""
    seen = set()
    for line in literals(page().section("EXAMPLES")):
        words = shlex.split(line)
        if "dunectl" in words:
            arguments = words[words.index("dunectl") + 1 :]
            ends = [i for i, word in enumerate(arguments) if word in ("|", ">")]
            arguments = arguments[: ends[0]] if ends else arguments
            seen.add(cli._parser().parse_args(arguments).handler)
    assert len(seen) == len(parsers())
