# SPDX-License-Identifier: GPL-2.0
"""Running the controller's one coroutine: signals become its cancellation."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

INTERRUPTED = 130


def run(main: Coroutine[Any, Any, int]) -> int:
    """Run ``main`` to its exit status; INTERRUPTED if SIGINT, SIGTERM or SIGHUP ended it.

    The signals cancel ``main``, so that every ``finally`` runs and every child is awaited.
    """

    async def supervised() -> int:
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(main)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            return INTERRUPTED

    return asyncio.run(supervised())
