# SPDX-License-Identifier: GPL-2.0
"""machine/protocol.py says what images/agent/protocol.h says, and refuses what is no frame."""

from __future__ import annotations

import json
import re
import struct
import subprocess
from pathlib import Path

import pytest

from dunectl.machine import protocol
from dunectl.machine.protocol import Frame, FrameType, ProtocolError, Shutdown

AGENT_SOURCE = Path(__file__).resolve().parents[3] / "images" / "agent"
HEADER_TEXT = (AGENT_SOURCE / "protocol.h").read_text(encoding="utf-8")

STRUCTURES = {
    "dune_agent_header": protocol.HEADER,
    "dune_agent_hello": protocol.HELLO,
    "dune_agent_run": protocol.RUN,
    "dune_agent_exit": protocol.EXIT,
}


def members(name: str) -> list[tuple[int, str]]:
    """(bits, member) of a structure of the header, in order."""
    body = re.search(rf"struct {name} {{(.*?)}};", HEADER_TEXT, re.DOTALL)
    assert body is not None
    return [(int(bits), member) for bits, member in re.findall(r"uint(\d+)_t (\w+);", body[1])]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Every number of the header, as the compiler sees it."""
    names = re.findall(r"\b(DUNE_AGENT_[A-Z_]+)\b(?=\s*=|\t+[0-9])", HEADER_TEXT)
    names += re.findall(r"#define (DUNE_AGENT_[A-Z_]+)[\t ]+(?:0x)?[0-9a-f]+$", HEADER_TEXT, re.M)
    lines = [f'printf("\\"{name}\\": %lld,\\n", (long long){name});' for name in sorted({*names})]
    for structure in STRUCTURES:
        lines.append(f'printf("\\"{structure}\\": %zu,\\n", sizeof(struct {structure}));')
        lines += [
            f'printf("\\"{structure}.{member}\\": %zu,\\n",'
            f" offsetof(struct {structure}, {member}));"
            for _, member in members(structure)
        ]
    source = "#include <stddef.h>\n#include <stdio.h>\n#include <protocol.h>\nint main(void)\n{\n"
    source += 'printf("{");\n' + "\n".join(lines) + '\nprintf("\\"end\\": 0}");\n}\n'
    program = tmp_path_factory.mktemp("protocol") / "numbers"
    subprocess.run(
        ["gcc", "-Werror", "-I", AGENT_SOURCE, "-x", "c", "-", "-o", program],
        input=source.encode(),
        check=True,
        timeout=60,
    )
    result: dict[str, int] = json.loads(subprocess.check_output([program], timeout=10))
    return result


def test_every_frame_type_is_the_headers(compiled: dict[str, int]) -> None:
    block = re.search(r"enum dune_agent_frame {(.*?)};", HEADER_TEXT, re.DOTALL)
    assert block is not None
    names = re.findall(r"DUNE_AGENT_([A-Z]+)\s*=", block[1])
    assert {name: compiled[f"DUNE_AGENT_{name}"] for name in names} == {
        frame.name: frame.value for frame in FrameType
    }


def test_shutdown_numbers_are_the_headers(compiled: dict[str, int]) -> None:
    assert {how.name: compiled[f"DUNE_AGENT_{how.name}"] for how in Shutdown} == {
        how.name: how.value for how in Shutdown
    }


@pytest.mark.parametrize(
    "name", ["MAGIC", "VERSION", "MAX_PAYLOAD", "STDIN_WINDOW", "MAX_OPERATIONS", "RUN_STDIN"]
)
def test_constants_are_the_headers(compiled: dict[str, int], name: str) -> None:
    assert getattr(protocol, name) == compiled[f"DUNE_AGENT_{name}"]


def test_port_name_is_the_headers() -> None:
    assert f'#define DUNE_AGENT_PORT\t\t\t"{protocol.PORT}"' in HEADER_TEXT


@pytest.mark.parametrize("name", STRUCTURES)
def test_structures_have_the_headers_layout(compiled: dict[str, int], name: str) -> None:
    layout = STRUCTURES[name]
    codes = {16: "H", 32: "I", 64: "Q"}
    assert layout.format == "<" + "".join(codes[bits] for bits, _ in members(name))
    assert layout.size == compiled[name]
    # No hidden padding: the offsets of the packed layout are the compiler's.
    offset = 0
    for bits, member in members(name):
        assert compiled[f"{name}.{member}"] == offset
        offset += bits // 8


def test_a_frame_is_header_and_payload() -> None:
    data = Frame(FrameType.STDOUT, 7, b"text").encode()
    assert protocol.decode_header(data[: protocol.HEADER.size]) == (FrameType.STDOUT, 7, 4)
    assert data[protocol.HEADER.size :] == b"text"


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (struct.pack("<HHII", 0x1234, 33, 1, 0), "bad magic 0x1234"),
        (struct.pack("<HHII", protocol.MAGIC, 99, 1, 0), "unknown frame type 99"),
        (struct.pack("<HHII", protocol.MAGIC, 33, 1, 1 << 31), "payload of 2147483648 bytes"),
    ],
)
def test_what_is_no_header_is_refused(header: bytes, problem: str) -> None:
    with pytest.raises(ProtocolError, match=problem):
        protocol.decode_header(header)


def test_payloads_of_the_wrong_size_are_refused() -> None:
    for decode in (protocol.decode_exit, protocol.decode_hello, protocol.decode_u32):
        with pytest.raises(ProtocolError):
            decode(b"abc")
    with pytest.raises(ProtocolError):
        protocol.decode_error(b"abc")


@pytest.mark.parametrize(
    ("argv", "problem"),
    [([], "no program"), (["a\0b"], "zero byte"), (["x" * 70000], "at most 65536")],
)
def test_a_command_that_does_not_fit_is_refused(argv: list[str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        protocol.encode_run(1, argv, env={}, cwd="/", uid=0, gid=0, timeout_ms=0, with_stdin=False)
