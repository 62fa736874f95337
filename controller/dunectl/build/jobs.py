# SPDX-License-Identifier: GPL-2.0
"""Job slots shared by all recipes and by every make below them: GNU make's jobserver.

Each slot is one byte in a pipe. A recipe holds one while it runs, which is the slot that its make
may use without asking; that make takes and returns the others. So ``-j N`` means N compilers in
all, however many steps run. (ninja 1.11 is no client of the jobserver; it gets -j N.)
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class JobServer:
    """``slots`` slots; a context manager that owns the pipe. Use it inside a running loop."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.write(self._write, b"+" * slots)
        self._turn = asyncio.Lock()

    def __enter__(self) -> JobServer:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._read)
        os.close(self._write)

    @property
    def descriptors(self) -> tuple[int, int]:
        """What a make has to inherit."""
        return self._read, self._write

    @property
    def makeflags(self) -> str:
        """The value of MAKEFLAGS that makes a make a client."""
        return f"-j{self.slots} --jobserver-auth={self._read},{self._write}"

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold one slot; first come, first served."""
        async with self._turn:
            while True:
                try:
                    token = os.read(self._read, 1)
                    break
                except BlockingIOError:
                    await self._readable()
        try:
            yield
        finally:
            os.write(self._write, token)

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._read, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._read)
