# SPDX-License-Identifier: GPL-2.0
"""libdune(3) says what the headers and sources of libdune say."""

from __future__ import annotations

import re
from functools import cache

import pytest

from dunectl.project import find_root
from tests.unit.mdoc import Page, items, literals, macro_of

LIBDUNE = find_root() / "libdune"
HEADERS = ("dune", "trap", "mmu", "cp0")


@cache
def page() -> Page:
    return Page(LIBDUNE / "man/libdune.3")


@cache
def read(name: str) -> str:
    return (LIBDUNE / name).read_text(encoding="utf-8")


def header(name: str) -> str:
    return read(f"include/dune/{name}.h")


def documented_functions() -> list[tuple[str, str, str]]:
    """(header, name, declaration) in the order of the SYNOPSIS."""
    found = []
    place = result = ""
    for line in page().section("SYNOPSIS"):
        match macro_of(line):
            case "In":
                place = line.removeprefix(".In dune/").removesuffix(".h")
            case "Ft":
                result = line.removeprefix(".Ft ")
            case "Fn":
                name, _, arguments = line.removeprefix(".Fn ").partition(" ")
                arguments = ", ".join(re.findall(r'"([^"]*)"', arguments))
                gap = "" if result.endswith("*") else " "
                found.append((place, name.strip("(*)"), f"{result}{gap}{name}({arguments})"))
    return found


def declared_functions() -> list[tuple[str, str, str]]:
    """The same from the headers; what a macro yields is not declared."""
    found = []
    for place in HEADERS:
        text = re.sub(r"/\*.*?\*/", "", header(place), flags=re.DOTALL)
        for match in re.finditer(r"^([a-z][\w *]*?\(?\*?(dune_\w+)\)?\([^()]*\));", text, re.M):
            found.append((place, match[2], " ".join(match[1].split())))
        for match in re.finditer(r"^#define (dune_\w+)(\(.*?\))", text, re.M):
            found.append((place, match[1], match[1] + match[2]))
    return found


def errors_in(text: str) -> set[str]:
    return set(re.findall(r"-(E[A-Z]+)\b", text))


def comment_of(place: str, function: str) -> str:
    """The comment right before a function's declaration."""
    before = re.split(rf"^\w[\w *]*\b{function}\(", header(place), flags=re.M)[0]
    return before[before.rindex("/*") :]


def test_the_page_is_clean() -> None:
    assert page().complaints() == []


def test_every_function_is_documented_as_it_is_declared() -> None:
    declared = declared_functions()
    assert len(declared) >= 17
    documented = documented_functions()
    assert [entry[:2] for entry in documented] == [entry[:2] for entry in declared]
    for (_, _, shown), (_, name, text) in zip(documented, declared, strict=True):
        assert shown.endswith(text) if text.startswith(name) else shown == text


def test_the_name_section_has_every_function() -> None:
    names = [line.split()[1] for line in page().section("NAME") if macro_of(line) == "Nm"]
    types = {"dune_trap_handler"}
    assert names == [name for _, name, _ in documented_functions() if name not in types]


@pytest.mark.parametrize(
    ("place", "function"),
    [
        ("dune", "dune_init"),
        ("dune", "dune_enter"),
        ("dune", "dune_leave"),
        ("dune", "dune_stats"),
        ("trap", "dune_trap_register"),
        ("mmu", "dune_mprotect"),  # and its kind: what they share is at the head of the header
    ],
)
def test_errors_are_those_of_the_header(place: str, function: str) -> None:
    comment = comment_of(place, function)
    if place == "mmu":
        comment += header(place).partition("#ifndef")[0]
    lines = page().section("ERRORS")
    start = next(i for i, line in enumerate(lines) if re.fullmatch(rf"\.Fn {function}( ,)?", line))
    end = lines.index(".El", start)
    listed = items(lines[start:end], "Bq Er")
    assert set(listed) == errors_in(comment)
    assert len(listed) == len(set(listed))


def test_every_error_that_the_library_explains_is_documented() -> None:
    explained = set(re.findall(r"^\t\{ (E[A-Z]+),", read("src/error.c"), re.M))
    # Linux may answer with it; the library does not come to it (process.c).
    assert explained - {"EXDEV"} <= set(items(page().section("ERRORS"), "Bq Er"))


def test_exceptions_and_their_signals_are_those_of_the_library() -> None:
    numbers = re.findall(r"^\t(DUNE_EXC_\w+) = \d+,", header("trap"), re.M)
    signals = dict(re.findall(r"^\t\[(DUNE_EXC_\w+)\] = \{ (SIG\w+),", read("src/trap.c"), re.M))
    assert set(numbers) == set(signals)
    listed = items(page().section("Traps", "Ss"), "Dv")
    assert listed == [f"{name} Pq Dv {signals[name]}" for name in numbers]


def test_statistics_are_those_of_the_interface() -> None:
    uapi = (find_root() / "kmod/uapi/dune.h").read_text(encoding="utf-8")
    block = re.search(r"^enum dune_stat \{(.*?)^\};", uapi, re.DOTALL | re.M)
    assert block is not None
    names = re.findall(r"DUNE_STAT_(\w+),", block[1])
    assert items(page().section("Statistics", "Ss"), "Dv") == [f"DUNE_STAT_{n}" for n in names]


def test_the_frame_is_that_of_the_header() -> None:
    members = re.compile(r"^\tuint64_t (\w+(?:\[\d+\])?);", re.M)
    declared = re.search(r"^struct dune_frame \{(.*?)^\};", header("trap"), re.M | re.DOTALL)
    assert declared is not None
    shown = "\n".join(literals(page().section("Traps", "Ss")))
    assert members.findall(shown) == members.findall(declared[1])


def test_sizes_are_those_of_the_library() -> None:
    text = " ".join(page().lines)
    for name, where in (("HOST", "stack of"), ("TRAP", "which has")):
        size = re.search(rf"{name}_STACK_SIZE\s+\((\d+)UL << 10\)", read("src/vcpu.c"))
        assert size is not None
        assert f"{where} {size[1]} KiB" in text
    pages = re.search(r"DUNE_PAGE_SIZE\s+(\d+)", header("mmu"))
    assert pages is not None
    assert f"which is {pages[1]} whatever" in text


def test_the_example_is_the_program_that_is_built() -> None:
    """The Makefile compiles it with -Werror, and a test of tests/e2e runs it."""
    program = read("examples/dirty.c").partition("*/\n")[2]
    assert "\n".join(literals(page().section("EXAMPLES"))) + "\n" == program


def test_diagnostics_are_those_of_the_library() -> None:
    texts = items(page().section("DIAGNOSTICS"), "Sy")
    assert len(texts) >= 10
    for text in texts:
        assert re.search(rf'"[^"]*{re.escape(text)}', read("src/host.c") + read("src/trap.c")), text
    for text in re.findall(r'fail\(vcpu, SIG\w+, \w+, "(.*?)"\)', read("src/host.c")):
        assert text in texts


def test_system_calls_of_the_library_are_those_a_filter_has_to_allow() -> None:
    listed = {
        line.split()[1] for line in page().section("System calls", "Ss") if macro_of(line) == "Xr"
    }
    sources = "".join(path.read_text(encoding="utf-8") for path in (LIBDUNE / "src").glob("*.c"))
    raw = set(re.findall(r"dune_syscall\d\(__NR_(\w+)", sources)) | {"rt_sigreturn"}
    assert raw <= listed
    called = set(re.findall(r"\b(open|fstat|ioctl|close|mmap|munmap|mprotect|madvise)\(", sources))
    assert {name.replace("open", "openat") for name in called} <= listed
