#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Stands in for QEMU where a test needs an end that the real one does not come to on request.

It takes QEMU's arguments, speaks QMP on the descriptor it is given, and after ``cont`` plays the
JSON list that follows ``-scenario``:

    ["agent", path]         start the real agent on the agent's descriptor
    ["console", text]       write to the console
    ["event", name, data]   send a QMP event
    ["sleep", seconds]
    ["say", text]           write to stderr
    ["exit", status]        or ["kill", signal]

    ["before", step]        a step before the greeting; at the start of the list

When the list is over it answers QMP until SIGTERM. ``info registers`` shows the pc that follows
``-pc``.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator


def fd_of(name: str) -> int:
    """The descriptor of a socket chardev."""
    match = re.search(rf"socket,id={name},fd=(\d+)", " ".join(sys.argv))
    assert match is not None
    return int(match[1])


def argument(name: str, default: str) -> str:
    """The argument after an option."""
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


class Qmp:
    """The server's side of the monitor."""

    def __init__(self) -> None:
        self.socket = socket.socket(fileno=fd_of("qmp"))
        self.started = threading.Event()

    def send(self, message: object) -> None:
        self.socket.sendall(json.dumps(message).encode() + b"\n")

    def requests(self) -> Iterator[dict[str, object]]:
        """What comes in; as for QEMU, a request ends with its brace and not with a line."""
        text = ""
        decoder = json.JSONDecoder()
        while data := self.socket.recv(65536):
            text += data.decode()
            while text := text.lstrip():
                try:
                    request, end = decoder.raw_decode(text)
                except ValueError:
                    break
                text = text[end:]
                yield request

    def serve(self) -> None:
        version = {"qemu": {"major": 10, "minor": 0, "micro": 0}, "package": "fake"}
        self.send({"QMP": {"version": version, "capabilities": []}})
        for request in self.requests():
            answer: object = {}
            if request["execute"] == "cont":
                self.started.set()
            elif request["execute"] == "human-monitor-command":
                answer = f"CPU#0\npc={argument('-pc', '0x0')} HI=0x0 LO=0x0\n"
            self.send({"return": answer, "id": request.get("id")})


def play(qmp: Qmp, step: list[str]) -> None:
    """One step of the scenario."""
    kind, values = step[0], step[1:]
    if kind == "agent":
        fd = fd_of("agent")
        subprocess.Popen([values[0], "--fd", str(fd)], pass_fds=[fd])
    elif kind == "console":
        os.write(fd_of("console"), values[0].encode())
    elif kind == "event":
        stamp = {"seconds": 0, "microseconds": 0}
        qmp.send({"event": values[0], "data": values[1], "timestamp": stamp})
    elif kind == "sleep":
        time.sleep(float(values[0]))
    elif kind == "say":
        print(values[0], file=sys.stderr, flush=True)
    elif kind == "exit":
        os._exit(int(values[0]))
    elif kind == "kill":
        os.kill(os.getpid(), int(values[0]))


def main() -> None:
    """Play the scenario."""
    scenario = json.loads(argument("-scenario", "[]"))
    qmp = Qmp()
    while scenario and scenario[0][0] == "before":
        play(qmp, scenario.pop(0)[1])
    threading.Thread(target=qmp.serve, daemon=True).start()
    qmp.started.wait()
    for step in scenario:
        play(qmp, step)
    threading.Event().wait()


main()
