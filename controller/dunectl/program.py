# SPDX-License-Identifier: GPL-2.0
"""A program of the user's own: will the guest be able to run it?"""

from __future__ import annotations

from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.constants import E_FLAGS
from elftools.elf.elffile import ELFFile

from dunectl.errors import UserError

#: Architecture levels that a Release 2 to 5 CPU does not run (EF_MIPS_ARCH in e_flags).
_RELEASE_6 = {0x90000000: "MIPS32 R6", 0xA0000000: "MIPS64 R6"}

#: Largest program that is copied into the guest's memory, bytes.
SIZE_LIMIT = 64 << 20


def read_program(path: Path, prefix: str) -> bytes:
    """The content of a static little-endian n64 executable.

    ``prefix`` is the cross compiler's, for the advice. :class:`UserError` says what is wrong with
    any other file.
    """
    compile_it = f"{prefix}gcc -static -o {path.stem} {path.stem}.c"
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            problem = _problem(ELFFile(file))
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}", next_step=f"ls -l {path}") from None
    except (ELFError, ValueError, OverflowError):  # the latter two: absurd numbers in a header
        raise UserError(f"{path}: not an ELF program", next_step=compile_it) from None
    if problem is not None:
        raise UserError(f"{path}: {problem}", next_step=compile_it)
    if size > SIZE_LIMIT:
        raise UserError(
            f"{path}: {size >> 20} MiB, at most {SIZE_LIMIT >> 20} MiB can be copied",
            next_step=f"{prefix}strip {path}",
        )
    return content


def _problem(elf: ELFFile) -> str | None:
    if elf["e_machine"] != "EM_MIPS":
        return f"a program for {elf.get_machine_arch()}, expected MIPS"
    flags = elf["e_flags"]
    if elf.elfclass != 64:
        abi = "n32" if flags & E_FLAGS.EF_MIPS_ABI2 else "o32"
        return f"a 32-bit program (ABI {abi}), expected 64 bits (ABI n64)"
    if not elf.little_endian:
        return "big endian, expected little endian"
    if flags & E_FLAGS.EF_MIPS_ARCH in _RELEASE_6:
        return f"compiled for {_RELEASE_6[flags & E_FLAGS.EF_MIPS_ARCH]}, expected Release 2 or 5"
    if elf["e_type"] not in ("ET_EXEC", "ET_DYN"):
        return "not an executable"
    if any(segment["p_type"] == "PT_INTERP" for segment in elf.iter_segments()):
        return "dynamically linked, expected a static program"
    return None
