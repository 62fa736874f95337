# SPDX-License-Identifier: GPL-2.0
"""The command line: parses, calls, renders. What a command does is in the package it calls.

A subcommand is one function that takes the subparsers, adds its own and names the coroutine that
runs it; ``_COMMANDS`` lists them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dunectl import runner
from dunectl.errors import DuneError
from dunectl.project import Project, find_root

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
    Handler = Callable[[Project, argparse.Namespace], Awaitable[int]]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; the exit status is 0, 1 (it failed), 2 (it cannot be done here or was
    typed wrongly), 130 (interrupted), or what the command's own help says."""
    args = _parser().parse_args(argv)
    try:
        return runner.run(_run(args))
    except DuneError as error:
        print(f"dunectl: {error.message}", file=sys.stderr)
        print(f"  next: {error.next_step}", file=sys.stderr)
        return error.exit_status
    except BrokenPipeError:
        # The reader of our output has seen enough; closing stderr keeps Python from saying so.
        sys.stderr.close()
        return 1


async def _run(args: argparse.Namespace) -> int:
    handler: Handler = args.handler
    return await handler(Project.load(find_root()), args)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dunectl",
        description="Builds, boots and tests Dune for MIPS64 VZ.",
        epilog="Each command has its own help: dunectl build --help",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in _COMMANDS:
        add(commands)
    return parser


def _add(
    commands: Subparsers, name: str, handler: Handler, summary: str, text: str
) -> argparse.ArgumentParser:
    """A subcommand whose help starts with ``summary`` and goes on with ``text``."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(handler=handler)
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


# -- build -----------------------------------------------------------------------------------


def _add_build(commands: Subparsers) -> None:
    parser = _add(
        commands,
        "build",
        _build,
        "build what changed",
        """\
targets:
  toolchain qemu kernel kmod libdune rootfs tests source all, or one step of
  them, like kernel:lean; `dunectl graph` lists all. Default: all.

examples:
  dunectl build                  everything that is not in the store yet
  dunectl build -n --why         what that would do, and why
  dunectl build kmod:check       dune.ko for the kernel with all checks
  DUNECTL_QEMU_SRC=~/src/qemu dunectl build qemu
                                 QEMU from a tree of your own

exit status: 0 built, 1 a step failed, 2 not possible on this host or typed
wrongly, 130 interrupted""",
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="what to build")
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="say what would be built, build nothing"
    )
    parser.add_argument(
        "-j", "--jobs", type=_positive, metavar="N", help="compilers at a time (default: CPUs)"
    )
    parser.add_argument(
        "-k", "--keep-going", action="store_true", help="after a failure, build what still can be"
    )
    parser.add_argument("--why", action="store_true", help="say which input changed")
    parser.add_argument("--json", action="store_true", help="events as JSON, one per line")


async def _build(project: Project, args: argparse.Namespace) -> int:
    from dunectl import ui
    from dunectl.build import BuildOptions, build_targets, plan_targets

    names = args.targets or ["all"]
    if args.dry_run:
        ui.show_plan(await plan_targets(project, names), why=args.why, as_json=args.json)
        return 0
    options = BuildOptions(keep_going=args.keep_going)
    if args.jobs:
        options = BuildOptions(jobs=args.jobs, keep_going=args.keep_going)
    with ui.reporter(why=args.why, as_json=args.json, summary=True) as report:
        await build_targets(project, names, options, report)
    return 0


# -- clean -----------------------------------------------------------------------------------


def _add_clean(commands: Subparsers) -> None:
    parser = _add(
        commands,
        "clean",
        _clean,
        "free disk space",
        """\
Without a target it removes what no checkout used in its last build.

examples:
  dunectl clean -n               what would go, and how much it takes
  dunectl clean kernel           all kernels, and what was built from them
  dunectl clean --all            the whole store, compiler cache and downloads""",
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="remove these and their users")
    parser.add_argument("--all", action="store_true", help="remove the whole store")
    parser.add_argument("-n", "--dry-run", action="store_true", help="remove nothing")


async def _clean(project: Project, args: argparse.Namespace) -> int:
    from dunectl import ui
    from dunectl.build import clean
    from dunectl.build.recipes import project_graph
    from dunectl.build.store import Store

    store = Store(project.store)
    if args.all:
        paths = clean.everything(store)
    elif args.targets:
        paths = clean.of_targets(store, project_graph(project), args.targets)
    else:
        paths = clean.unused(store)
    ui.show_removed([(path, clean.size(path)) for path in paths])
    if not args.dry_run:
        clean.delete(store, paths)
    return 0


# -- graph -----------------------------------------------------------------------------------


def _add_graph(commands: Subparsers) -> None:
    parser = _add(
        commands,
        "graph",
        _graph,
        "show what is built from what",
        """\
examples:
  dunectl graph                  a tree for each target
  dunectl graph rootfs:lean      what goes into one step
  dunectl graph --dot | dot -Tsvg >graph.svg""",
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="only these")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--dot", action="store_true", help="in Graphviz's language")
    form.add_argument("--json", action="store_true", help="as JSON")


async def _graph(project: Project, args: argparse.Namespace) -> int:
    from dunectl.build.recipes import project_graph
    from dunectl.ui import graph as render

    form = render.dot if args.dot else render.as_json if args.json else render.tree
    sys.stdout.write(form(project_graph(project), args.targets or ["all"]))
    return 0


# -- run -------------------------------------------------------------------------------------


def _add_run(commands: Subparsers) -> None:
    parser = _add(
        commands,
        "run",
        _run_program,
        "run a program in a fresh guest",
        """PROGRAM is the name of one that the guest has (hello, sh, ...), or the path of a
static mips64el program of yours, with a slash in it: ./prog. Options of dunectl
go before PROGRAM; what comes after it is the program's.

What is missing is built first. The guest boots, loads dune.ko, and runs PROGRAM
as an unprivileged user; its stdout and stderr become ours. The last line on
stderr says where the time went. Console, command line of QEMU and result stay
in the run's folder, the newest is ~/.cache/dunectl/runs/latest.

examples:
  dunectl run hello
  dunectl run hello -- --exit 7          exit status 7
  dunectl run --kernel check ./prog a b  yours, on the kernel with all checks
  dunectl run -v --root sh -c 'dmesg | tail'

exit status: the program's, 128 + n after signal n, 124 after --timeout; when
there is no such status: 1 the build or the guest failed, 2 not possible on this
host or typed wrongly, 130 interrupted""",
    )
    parser.add_argument("program", metavar="PROGRAM", help="what to run")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENT")
    parser.add_argument("--kernel", default="lean", metavar="NAME", help="lean (default) or check")
    parser.add_argument("--board", default="malta", metavar="NAME", help="default: malta")
    parser.add_argument("--cpu", metavar="MODEL", help="default: the board's, with VZ")
    parser.add_argument("--memory", metavar="SIZE", help="as for QEMU: 512M, 1G")
    parser.add_argument("--append", default="", metavar="TEXT", help="more for the kernel")
    parser.add_argument("--root", action="store_true", help="run as root, not as user dune")
    parser.add_argument("--no-module", action="store_true", help="do not load dune.ko")
    parser.add_argument(
        "--timeout", type=_seconds, metavar="S", help="kill the program after S seconds"
    )
    parser.add_argument("--stdin", metavar="FILE", help="its standard input (-: ours)")
    parser.add_argument("--keep", action="store_true", help="never remove this run's folder")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the console")
    parser.add_argument("--json", action="store_true", help="everything as one JSON object")


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError("must be greater than 0")
    return number


async def _run_program(project: Project, args: argparse.Namespace) -> int:
    from dunectl import ui
    from dunectl.run import RunOptions, prepare, run_program

    # What separates our options from the program's is not the program's first argument.
    arguments = args.arguments[1:] if args.arguments[:1] == ["--"] else args.arguments
    options = RunOptions(
        program=args.program,
        arguments=tuple(arguments),
        kernel=args.kernel,
        board=args.board,
        cpu=args.cpu,
        memory=args.memory,
        append=args.append,
        root=args.root,
        module=not args.no_module,
        time_limit=args.timeout,
        stdin=args.stdin,
        keep=args.keep,
        verbose=args.verbose,
        as_json=args.json,
    )
    with ui.reporter() as report:
        run = await prepare(project, options, report)
    return await run_program(run)


# -- test ------------------------------------------------------------------------------------


def _add_test(commands: Subparsers) -> None:
    parser = _add(
        commands,
        "test",
        _test,
        "run the tests",
        """suites, in the order in which they run:
  lint    style and types: ruff, mypy --strict, checkpatch, compiler warnings
  unit    the controller without QEMU
  vz      VZ in QEMU: bare-metal programs, checked against the manuals
  guest   dune.ko and libdune: C programs in the guest, on the kernel with all
          checks; each must leave the kernel log clean
  e2e     the whole road, and every way a run can end

lanes:
  default what every change must pass: all suites, minutes
  quick   what needs no machine: lint and unit, seconds
  soak    repetition that finds rare failures: hours

Every failure has a verdict: fail, panic, oops, lockup (with the place), exit
storm, silent, guest halt, QEMU crash or infrastructure. Results are written as
they come; ~/.cache/dunectl/runs/latest/results.jsonl survives an interrupt.

examples:
  dunectl test                   everything that a change must pass
  dunectl test vz -k two_stage   programs of one suite, by a part of the name
  dunectl test unit e2e --junit report.xml

exit status: 0 only if at least one test ran and all passed, 1 a failure,
2 not possible on this host or typed wrongly, 130 interrupted""",
    )
    parser.add_argument("suites", nargs="*", metavar="SUITE", help="default: those of the lane")
    parser.add_argument("--lane", default="default", help="default, quick or soak")
    parser.add_argument("-k", dest="match", default="", metavar="EXPR", help="only such tests")
    parser.add_argument(
        "-j", "--jobs", type=_positive, metavar="N", help="machines at a time (default: CPUs)"
    )
    parser.add_argument("--json", action="store_true", help="results as JSON, one per line")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML too")


async def _test(project: Project, args: argparse.Namespace) -> int:
    from dunectl import ui
    from dunectl.testing.run import (
        TestOptions,
        as_dict,
        count_line,
        exit_status,
        prepare,
        run_session,
    )
    from dunectl.ui import tests

    options = TestOptions(
        lane=args.lane, suites=tuple(args.suites), match=args.match, junit=args.junit
    )
    if args.jobs:
        options = replace(options, jobs=args.jobs)
    with ui.reporter() as report:
        session = await prepare(project, options, report)
    live = sys.stdout.isatty() and not args.json
    with tests.display(sys.stderr if args.json else sys.stdout, live=live) as display:
        results = await run_session(session, display)
    if args.json:
        for result in results:
            print(json.dumps(as_dict(result)))
    if live:
        tests.show_table(sys.stdout, results)
    print(count_line(results), file=sys.stderr if args.json else sys.stdout)
    return exit_status(results)


_COMMANDS: tuple[Callable[[Subparsers], None], ...] = (
    _add_build,
    _add_clean,
    _add_graph,
    _add_run,
    _add_test,
)
