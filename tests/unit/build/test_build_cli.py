# SPDX-License-Identifier: GPL-2.0
"""The command line as it is typed: exit statuses, streams, no colours in a pipe."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from dunectl.project import find_root

COMMAND = [sys.executable, "-P", "-m", "dunectl"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return dict(os.environ) | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "TERM": "xterm"}


def dunectl(environment: dict[str, str], *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *args], env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_the_graph_as_text_dot_and_json(environment: dict[str, str]) -> None:
    tree = dunectl(environment, "graph", "kmod:lean").stdout
    assert tree.startswith("kmod:lean  (")
    assert "├── source:linux  (" in tree
    dot = dunectl(environment, "graph", "--dot", "kmod:lean").stdout
    assert dot.startswith("digraph")
    assert '"kernel:lean" -> "kmod:lean";' in dot
    steps = json.loads(dunectl(environment, "graph", "--json", "kmod:lean").stdout)
    assert steps[-1]["step"] == "kmod:lean"
    assert steps[-1]["files"] == ["kmod"]


def test_a_dry_run_touches_nothing_but_caches(environment: dict[str, str]) -> None:
    done = dunectl(environment, "build", "-n", "--why", "toolchain")
    assert done.returncode == 0
    assert done.stdout == "build toolchain\n    first build\n"
    store = Path(environment["XDG_CACHE_HOME"]) / "dunectl"
    assert [path.name for path in store.iterdir()] == ["cache"]


def test_a_build_in_a_pipe_is_plain_and_the_second_does_nothing(
    environment: dict[str, str],
) -> None:
    first = dunectl(environment, "build", "toolchain")
    assert first.returncode == 0
    assert first.stdout == ""
    assert "toolchain: built in" in first.stderr
    assert "\x1b" not in first.stderr
    second = dunectl(environment, "build", "toolchain")
    assert second.stderr == "nothing to do: 1 step up to date\n"


def test_json_events(environment: dict[str, str]) -> None:
    done = dunectl(environment, "build", "--json", "toolchain")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0]["event"] == "started"
    assert events[-1]["event"] == "built"
    assert {event["step"] for event in events} == {"toolchain"}


def test_a_terminal_gets_a_live_display(environment: dict[str, str]) -> None:
    master, slave = pty.openpty()
    with subprocess.Popen([*COMMAND, "build", "toolchain"], env=environment, stderr=slave) as child:
        os.close(slave)
        text = b""
        while True:
            try:
                text += os.read(master, 65536)
            except OSError:
                break
        assert child.wait(60) == 0
    os.close(master)
    assert b"\x1b[" in text
    assert b"toolchain: built in" in text


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["build", "kernl"], "unknown target 'kernl'"),
        (["build", "-j0"], "at least 1"),
        (["bild"], "invalid choice"),
        ([], "required"),
    ],
)
def test_what_is_typed_wrongly_exits_with_2(
    environment: dict[str, str], args: Sequence[str], words: str
) -> None:
    done = dunectl(environment, *args)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_cache_that_cannot_be_written_exits_with_2(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file")
    done = dunectl(environment, "build", "toolchain")
    assert done.returncode == 2
    assert "XDG_CACHE_HOME" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_exits_with_130(
    environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    # A tool that hangs stands for any step that takes long.
    tools = tmp_path / "bin"
    tools.mkdir()
    pid = tmp_path / "pid"
    (tools / "mips64el-linux-gnuabi64-gcc").write_text(f"#!/bin/sh\necho $$ >{pid}\nsleep 60\n")
    (tools / "mips64el-linux-gnuabi64-gcc").chmod(0o755)
    environment["PATH"] = f"{tools}:{environment['PATH']}"
    with subprocess.Popen([*COMMAND, "build", "toolchain"], env=environment) as child:
        while not (pid.exists() and pid.read_text().strip()):
            time.sleep(0.01)
        child.send_signal(number)
        assert child.wait(60) == 130
    assert not Path(f"/proc/{pid.read_text().strip()}").exists()


def test_clean_says_what_it_frees(environment: dict[str, str]) -> None:
    dunectl(environment, "build", "toolchain")
    assert "toolchain-" not in dunectl(environment, "clean", "-n").stdout
    assert "toolchain-" in dunectl(environment, "clean", "toolchain").stdout
    assert "0 B  in all" in dunectl(environment, "clean", "toolchain").stdout
    assert "build toolchain" in dunectl(environment, "build", "-n", "toolchain").stdout


def test_help_is_there_for_every_command(environment: dict[str, str]) -> None:
    for command in ("build", "clean", "graph"):
        done = dunectl(environment, command, "--help")
        assert done.returncode == 0
        assert "examples:" in done.stdout


def test_nothing_heavy_is_imported_when_there_is_nothing_to_do(
    environment: dict[str, str],
) -> None:
    dunectl(environment, "build", "toolchain")
    done = subprocess.run(
        [sys.executable, "-P", "-X", "importtime", "-m", "dunectl", "build", "toolchain"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        cwd=find_root(),
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "dunectl.build.schedule" in imported
    assert not imported & {"rich", "qemu.qmp", "elftools", "http.client"}
