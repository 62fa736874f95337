# SPDX-License-Identifier: GPL-2.0
"""Again and again, and several at once, on the kernel with all checks: nothing is lost."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from dunectl.machine import Machine
from dunectl.machine.kernel_log import complaints

#: By how many objects a slab cache may grow between two quiet states: what the kernel keeps for
#: later. A leak of one object per run, however small, is more after a hundred runs.
SLAB_NOISE = 50


async def hello(machine: Machine, count: int, at_once: int) -> None:
    """Run hello ``count`` times as an unprivileged user, ``at_once`` side by side."""
    for _ in range(count):
        results = await asyncio.gather(
            *(machine.run(["hello", "--exit", str(n)]) for n in range(at_once))
        )
        assert [result.returncode for result in results] == list(range(at_once)), results


async def slabs(machine: Machine) -> Counter[str]:
    """The number of objects in use in each slab cache, after everything has settled."""
    script = "echo 3 >/proc/sys/vm/drop_caches; sleep 1; echo 3 >/proc/sys/vm/drop_caches"
    assert (await machine.run(["sh", "-c", script], user="root")).returncode == 0
    # slabinfo(5): two lines of heading, then name, active_objs, ...
    lines = (await machine.get("/proc/slabinfo")).decode().splitlines()[2:]
    objects = Counter({name: int(active) for name, active, *_ in map(str.split, lines)})
    assert "dune_vcpu" in objects
    return objects


def grown(before: Counter[str], after: Counter[str]) -> dict[str, int]:
    """Caches that have grown by more than noise."""
    return {name: more for name, more in (after - before).items() if more > SLAB_NOISE}


async def assert_clean(machine: Machine) -> None:
    assert await complaints(machine, machine.hello.uptime) == []
    assert not machine.console.findings


@pytest.mark.machine(kernel="check")
async def test_a_hundred_times_and_eight_at_once(machine: Machine) -> None:
    """The log stays clean, no slab cache grows, and nothing holds the module."""
    await hello(machine, 5, 1)
    await hello(machine, 1, 8)
    before = await slabs(machine)
    await hello(machine, 100, 1)
    await hello(machine, 3, 8)
    assert grown(before, await slabs(machine)) == {}
    await assert_clean(machine)
    await machine.unload_module("dune")
    await assert_clean(machine)


@pytest.mark.machine(kernel="check", append="kmemleak=on")
async def test_nothing_leaks(machine: Machine) -> None:
    """kmemleak finds no object without a pointer to it, not even after the module has gone."""
    leaks = "/sys/kernel/debug/kmemleak"
    await machine.run(["sh", "-c", f"echo clear > {leaks}"], user="root")
    await hello(machine, 10, 1)
    await hello(machine, 1, 4)
    await machine.unload_module("dune")
    # kmemleak reports only what is older than five seconds.
    scan = f"sleep 6; echo scan > {leaks}; echo scan > {leaks}; cat {leaks}"
    result = await machine.run(["sh", "-c", scan], user="root")
    assert result.returncode == 0, result.stderr
    assert result.stdout == b""


@pytest.mark.soak
@pytest.mark.machine(kernel="check")
async def test_for_a_long_time(machine: Machine) -> None:
    """Ten thousand runs, eight at once."""
    await hello(machine, 10, 8)
    before = await slabs(machine)
    await hello(machine, 1250, 8)
    assert grown(before, await slabs(machine)) == {}
    await assert_clean(machine)
