# SPDX-License-Identifier: GPL-2.0
"""Frames of the guest agent: the Python side of images/agent/protocol.h.

tests/unit/machine/test_protocol.py compiles the header and compares every number and every
structure with this file.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

PORT = "org.dune.agent"
MAGIC = 0xA9E7
VERSION = 1
MAX_PAYLOAD = 65536
STDIN_WINDOW = 65536
MAX_OPERATIONS = 64
RUN_STDIN = 1

HEADER = struct.Struct("<HHII")
HELLO = struct.Struct("<IIQ")
RUN = struct.Struct("<IIIIII")
EXIT = struct.Struct("<IIIIQQQ")
U32 = struct.Struct("<I")


class FrameType(IntEnum):
    """enum dune_agent_frame."""

    HELLO = 1
    DATA = 2
    RUN = 16
    STDIN = 17
    SIGNAL = 18
    PUT = 19
    GET = 20
    LOAD = 21
    UNLOAD = 22
    SHUTDOWN = 23
    STARTED = 32
    STDOUT = 33
    STDERR = 34
    WINDOW = 35
    EXIT = 36
    DONE = 37
    ERROR = 38


class Shutdown(IntEnum):
    """enum dune_agent_shutdown."""

    POWEROFF = 0
    RESTART = 1
    HALT = 2


class ProtocolError(Exception):
    """What came from the guest is not a frame, or not one that fits here."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message; ``id`` 0 is the connection itself."""

    type: FrameType
    id: int
    payload: bytes = b""

    def encode(self) -> bytes:
        """The bytes of header and payload."""
        if len(self.payload) > MAX_PAYLOAD:
            raise ValueError(f"payload of {len(self.payload)} bytes, at most {MAX_PAYLOAD}")
        return HEADER.pack(MAGIC, self.type, self.id, len(self.payload)) + self.payload


@dataclass(frozen=True, slots=True)
class Hello:
    """struct dune_agent_hello; ``uptime`` in seconds."""

    version: int
    pid: int
    uptime: float


@dataclass(frozen=True, slots=True)
class Exit:
    """struct dune_agent_exit; times in seconds of guest time."""

    status: int
    signal: int
    timed_out: bool
    elapsed: float
    user: float
    system: float


def decode_header(data: bytes) -> tuple[FrameType, int, int]:
    """Type, id and payload length of a header; :class:`ProtocolError` when it is none."""
    magic, number, ident, length = HEADER.unpack(data)
    if magic != MAGIC:
        raise ProtocolError(f"bad magic {magic:#06x}")
    if length > MAX_PAYLOAD:
        raise ProtocolError(f"payload of {length} bytes, at most {MAX_PAYLOAD}")
    try:
        return FrameType(number), ident, length
    except ValueError:
        raise ProtocolError(f"unknown frame type {number}") from None


def _unpack(layout: struct.Struct, payload: bytes, what: str) -> tuple[int, ...]:
    if len(payload) != layout.size:
        raise ProtocolError(f"{what} of {len(payload)} bytes, expected {layout.size}")
    return layout.unpack(payload)


def encode_hello() -> Frame:
    """The controller's greeting."""
    return Frame(FrameType.HELLO, 0, HELLO.pack(VERSION, 0, 0))


def decode_hello(payload: bytes) -> Hello:
    """The agent's greeting."""
    version, pid, uptime_ns = _unpack(HELLO, payload, "HELLO")
    return Hello(version, pid, uptime_ns / 1e9)


def decode_exit(payload: bytes) -> Exit:
    """How a program ended."""
    status, signal, timed_out, _, elapsed, user, system = _unpack(EXIT, payload, "EXIT")
    return Exit(status, signal, bool(timed_out), elapsed / 1e9, user / 1e6, system / 1e6)


def decode_u32(payload: bytes) -> int:
    """The one number of STARTED and WINDOW."""
    return _unpack(U32, payload, "number")[0]


def decode_error(payload: bytes) -> tuple[int, str]:
    """errno and text of ERROR."""
    if len(payload) < U32.size:
        raise ProtocolError(f"ERROR of {len(payload)} bytes")
    text = payload[U32.size :].decode(errors="replace")
    return U32.unpack_from(payload)[0], text


def _strings(values: Sequence[str]) -> bytes:
    for value in values:
        if "\0" in value:
            raise ValueError(f"{value!r} contains a zero byte")
    return b"".join(value.encode(errors="surrogateescape") + b"\0" for value in values)


def encode_run(
    ident: int,
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str,
    uid: int,
    gid: int,
    timeout_ms: int,
    with_stdin: bool,
) -> Frame:
    """RUN. :class:`ValueError` when it does not fit a frame or a string contains a zero byte."""
    if not argv:
        raise ValueError("no program to run")
    flags = RUN_STDIN if with_stdin else 0
    variables = [f"{name}={value}" for name, value in env.items()]
    payload = RUN.pack(flags, uid, gid, timeout_ms, len(argv), len(variables))
    payload += _strings([cwd, *argv, *variables])
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(f"arguments of {len(payload)} bytes, at most {MAX_PAYLOAD}")
    return Frame(FrameType.RUN, ident, payload)


def encode_signal(ident: int, signal: int) -> Frame:
    """SIGNAL to the process group of a running program."""
    return Frame(FrameType.SIGNAL, ident, U32.pack(signal))


def encode_put(ident: int, path: str, mode: int) -> Frame:
    """PUT; the content follows in DATA frames, the last one empty."""
    return Frame(FrameType.PUT, ident, U32.pack(mode) + path.encode(errors="surrogateescape"))


def encode_get(ident: int, path: str) -> Frame:
    """GET; the content comes in DATA frames, then DONE."""
    return Frame(FrameType.GET, ident, path.encode(errors="surrogateescape"))


def encode_load(ident: int, path: str, parameters: str) -> Frame:
    """LOAD a module that is in the guest's file system."""
    return Frame(FrameType.LOAD, ident, _strings([path, parameters]))


def encode_unload(ident: int, name: str) -> Frame:
    """UNLOAD a module by its name."""
    return Frame(FrameType.UNLOAD, ident, name.encode())


def encode_shutdown(ident: int, how: Shutdown) -> Frame:
    """SHUTDOWN; DONE comes first."""
    return Frame(FrameType.SHUTDOWN, ident, U32.pack(how))
