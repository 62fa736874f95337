# SPDX-License-Identifier: GPL-2.0
"""`dunectl run`: from a command line of this host to guest mode and back with a status."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dunectl.testing.lab import Lab
from tests.e2e.support import dunectl, read_result


async def test_hello_shows_what_it_did_and_where_the_time_went(lab: Lab, runs: Path) -> None:
    result = await dunectl("run", "hello")
    assert result.status == 0, result.stderr
    for proof in (
        r"^inside +EBase 0x98\w+, Status 0x\w+: kernel mode$",
        r"^inside +pid (\d+): the same$",
        r"^trap +teq at 0x\w+: skipped$",
        r"^trap +write to 0x\w+, which is read-only: allowed$",
        r"^took +\d+ exits and \d+ traps$",
    ):
        assert re.search(proof, result.stdout, re.MULTILINE), proof
    assert re.search(r"^dunectl: [\d.]+ s: build [\d.]+, qemu ", result.stderr, re.MULTILINE)
    assert read_result(runs / "latest")["status"] == 0


@pytest.mark.parametrize("status", [7, 255])
async def test_the_exit_status_is_the_programs(lab: Lab, status: int) -> None:
    assert (await dunectl("run", "hello", "--", "--exit", str(status))).status == status


async def test_a_program_of_the_users_own(args: Path) -> None:
    result = await dunectl("run", args, "a b", "-v", "--root", "")
    assert result.stdout == "a b\n-v\n--root\n\n"
    assert "uid 1000\n" in result.stderr
    assert "ended by SIGUSR1" in result.stderr
    assert result.status == 128 + 16  # SIGUSR1 is 16 on MIPS


async def test_everything_as_json(lab: Lab) -> None:
    result = await dunectl("run", "--json", "--root", "sh", "-c", "id -u; echo no >&2; exit 3")
    assert result.status == 3
    report = json.loads(result.stdout)
    assert (report["status"], report["stdout"], report["stderr"]) == (3, "0\n", "no\n")
    assert set(report["seconds"]) == {"build", "qemu", "boot", "module", "program", "stop"}


async def test_standard_input(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "input"
    file.write_bytes(b"x" * 200_000)
    result = await dunectl("run", "--stdin", file, "busybox", "wc", "-c")
    assert result.stdout.strip() == "200000"


async def test_out_of_time_in_guest_mode_says_where(lab: Lab, spin: Path) -> None:
    result = await dunectl("run", "--timeout", "2", spin)
    assert result.status == 124
    assert result.stdout == "inside\n"
    assert "lockup" in result.stderr
    assert "user space or guest mode" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message", "next_step"),
    [
        (["nonesuch"], "nonesuch: No such file", "name a program of the guest"),
        (["./nonesuch"], "nonesuch: No such file", "ls -l nonesuch"),
        (["--kernel", "none", "hello"], "no kernel 'none'", "use one of: lean, check"),
        (["--board", "none", "hello"], "no board 'none'", "use one of: malta"),
        (["--cpu", "none", "hello"], "unable to find CPU model 'none'", "less "),
    ],
)
async def test_wrong_use_says_what_and_what_next(
    lab: Lab, arguments: list[str], message: str, next_step: str
) -> None:
    result = await dunectl("run", *arguments)
    assert result.status in (1, 2)
    assert message in result.stderr
    assert f"next: {next_step}" in result.stderr
    assert "Traceback" not in result.stderr
