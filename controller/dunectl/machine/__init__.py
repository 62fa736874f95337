# SPDX-License-Identifier: GPL-2.0
"""Running machines: QEMU, its monitor and console, and the agent inside the guest.

    spec = MachineSpec(qemu=..., board="malta", cpu="mips64r5-generic", memory="256M", ...)
    async with Machine(spec) as machine:
        result = await machine.run(["hello"])
        print(result.returncode, result.stdout)

Nothing here builds or looks anything up: a :class:`MachineSpec` is made of paths. Errors:
:class:`MachineEnded` with a :class:`Report` when the machine came to its end, :class:`GuestError`
with an errno when Linux in the guest refused something, :class:`InfrastructureError` when this host
cannot start QEMU.
"""

from dunectl.machine.agent import GuestError, GuestSignal, RunResult, Stream
from dunectl.machine.machine import Machine
from dunectl.machine.protocol import Shutdown
from dunectl.machine.spec import MachineSpec
from dunectl.machine.verdict import MEANING, Hang, MachineEnded, Outcome, Report

__all__ = [
    "MEANING",
    "GuestError",
    "GuestSignal",
    "Hang",
    "Machine",
    "MachineEnded",
    "MachineSpec",
    "Outcome",
    "Report",
    "RunResult",
    "Shutdown",
    "Stream",
]
