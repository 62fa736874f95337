# SPDX-License-Identifier: GPL-2.0
"""`dunectl run ./prog`: what the guest could not run is refused before it boots, with why."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from dunectl.errors import UserError
from dunectl.program import read_program

PREFIX = "mips64el-linux-gnuabi64-"
SOURCE = "int main(void) { return 0; }\n"


def compile_program(folder: Path, *flags: str, compiler: str = f"{PREFIX}gcc") -> Path:
    """A program made by a real compiler."""
    assert shutil.which(compiler), f"{compiler} is not installed: dunectl build toolchain"
    output = folder / "program"
    argv = [compiler, "-x", "c", "-", "-o", str(output), *flags]
    subprocess.run(argv, input=SOURCE.encode(), check=True, timeout=60)
    return output


def test_a_static_program_is_read(tmp_path: Path) -> None:
    program = compile_program(tmp_path, "-static")
    assert read_program(program, PREFIX) == program.read_bytes()


def test_a_dynamic_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="dynamically linked") as caught:
        read_program(compile_program(tmp_path), PREFIX)
    assert caught.value.next_step == f"{PREFIX}gcc -static -o program program.c"


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (("-c",), "not an executable"),
        (("-c", "-EB"), "big endian, expected little endian"),
        (("-c", "-mabi=n32"), "a 32-bit program \\(ABI n32\\)"),
        (("-c", "-mabi=32"), "a 32-bit program \\(ABI o32\\)"),
        (("-c", "-mips64r6", "-mnan=2008"), "compiled for MIPS64 R6"),
    ],
)
def test_other_mips_programs_are_refused(
    tmp_path: Path, flags: tuple[str, ...], problem: str
) -> None:
    with pytest.raises(UserError, match=problem):
        read_program(compile_program(tmp_path, *flags), PREFIX)


def test_a_program_of_the_host_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="expected MIPS"):
        read_program(compile_program(tmp_path, compiler="gcc"), PREFIX)


def test_what_is_no_program_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    empty = tmp_path / "empty"
    empty.touch()
    for path in (script, empty):
        with pytest.raises(UserError, match="not an ELF program"):
            read_program(path, PREFIX)
    with pytest.raises(UserError, match="No such file"):
        read_program(tmp_path / "none", PREFIX)
    with pytest.raises(UserError, match="Is a directory"):
        read_program(tmp_path, PREFIX)


def test_a_damaged_program_is_refused_or_read_but_never_a_traceback(tmp_path: Path) -> None:
    content = bytearray(compile_program(tmp_path, "-static").read_bytes())
    damaged = tmp_path / "damaged"
    for offset in range(0, 64):
        damaged.write_bytes(content[:offset] + b"\xff" + content[offset + 1 :])
        try:
            read_program(damaged, PREFIX)
        except UserError as error:
            assert os.fspath(damaged) in error.message
