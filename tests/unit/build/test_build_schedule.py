# SPDX-License-Identifier: GPL-2.0
"""Builds: only what changed, in order, in parallel, shared, and with nothing left when they end."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from dunectl.build.graph import Graph
from dunectl.build.report import Blocked, Built, Failed, Output, Reused, Started, Waiting
from dunectl.build.store import Store
from dunectl.build.workshop import Workshop
from dunectl.errors import BuildFailed, InfrastructureError, UserError
from tests.unit.build.site import Site, copy_inputs, shell, step


async def test_what_did_not_change_is_reused(site: Site) -> None:
    site.write("a.c", "a")
    site.write("b.c", "b")
    steps = (
        step("a", copy_inputs("a.c"), files=("a.c",)),
        step("b", copy_inputs("b.c"), files=("b.c",)),
        step("both", shell("touch $OUT/x"), "a", "b"),
    )
    result = await site.build(*steps)
    assert sorted(site.seen(Built)) == ["a", "b", "both"]
    assert (result["a"].out / "text").read_text() == "a"

    await site.build(*steps)
    assert site.seen(Built) == []
    assert sorted(site.seen(Reused)) == ["a", "b", "both"]

    site.write("a.c", "A")
    await site.build(*steps)
    assert site.seen(Built) == ["a", "both"]

    # Back to what was built before: nothing to build at all.
    site.write("a.c", "a")
    await site.build(*steps)
    assert site.seen(Built) == []


async def test_only_what_was_asked_for_and_what_it_needs(site: Site) -> None:
    steps = (
        step("kernel:lean", shell("true")),
        step("kernel:check", shell("true")),
        step("kmod:lean", shell("true"), "kernel:lean"),
        step("qemu", shell("true")),
    )
    await site.build(*steps, names=["kmod"])
    assert site.seen(Built) == ["kernel:lean", "kmod:lean"]
    with pytest.raises(UserError, match="unknown target 'kmdo'; known: kernel, kmod, qemu, all"):
        await site.build(*steps, names=["kmdo"])


async def test_a_recipe_sees_only_what_it_declared(site: Site) -> None:
    site.write("src/seen.h", "x")
    site.write("src/hidden.h", "x")

    async def recipe(workshop: Workshop) -> None:
        found = sorted(path.name for path in workshop.inputs.rglob("*.h"))
        (workshop.out / "found").write_text(" ".join(found))

    result = await site.build(step("a", recipe, files=("src/seen.h",)))
    assert (result["a"].out / "found").read_text() == "seen.h"


async def test_a_dry_run_builds_nothing_and_says_why(site: Site) -> None:
    site.write("a.c", "a")
    steps = (step("a", copy_inputs("a.c"), files=("a.c",)), step("b", shell("true"), "a"))
    plan = await site.plan(*steps)
    assert [(p.step, p.why) for p in plan] == [("a", ("first build",)), ("b", ("a is built",))]
    assert site.store.artifacts() == []
    await site.build(*steps)
    assert [p.why for p in await site.plan(*steps)] == [(), ()]
    site.write("a.c", "changed")
    assert [p.why for p in await site.plan(*steps)] == [("a.c changed",), ("a is built",)]
    await site.build(*steps)
    started = [event for event in site.events if isinstance(event, Started)]
    assert [event.why for event in started] == [("a.c changed",), ("a changed",)]


async def test_a_source_that_is_what_it_was_does_not_rebuild_its_users(site: Site) -> None:
    def source(pin: str) -> Graph:
        async def recipe(workshop: Workshop) -> None:
            workshop.identity = "the same tarball"

        site.write("pin", pin)
        return Graph(
            [step("source", recipe, files=("pin",)), step("user", shell("true"), "source")]
        )

    await site.build(*source("1").steps.values())
    await site.build(*source("2").steps.values())
    assert site.seen(Built) == ["source"]
    assert site.seen(Reused) == ["user"]


async def test_a_failing_step_shows_its_last_lines_and_its_log(site: Site) -> None:
    with pytest.raises(BuildFailed) as caught:
        await site.build(step("a", shell("seq 1 100; echo broken >&2; exit 3")))
    assert caught.value.exit_status == 1
    (failed,) = (event for event in site.events if isinstance(event, Failed))
    assert "exit status 3" in failed.reason
    assert len(failed.tail) == 30
    assert failed.tail[-1] == "broken"
    assert failed.log.read_text().splitlines()[-101:-1] == [str(n) for n in range(1, 101)]
    assert site.store.artifacts() == []
    assert list((site.store.root / "work").glob("a.?")) == []


async def test_a_killed_command_is_told_from_a_failing_one(site: Site) -> None:
    with pytest.raises(BuildFailed):
        await site.build(step("a", shell("kill -9 $$")))
    (failed,) = (event for event in site.events if isinstance(event, Failed))
    assert "killed by signal 9" in failed.reason


async def test_keep_going_builds_all_that_can_be_built(site: Site) -> None:
    steps = (
        step("bad", shell("exit 1")),
        step("needs-bad", shell("true"), "bad"),
        step("needs-that", shell("true"), "needs-bad"),
        step("good", shell("sleep 0.1")),
        step("needs-good", shell("true"), "good"),
    )
    with pytest.raises(BuildFailed, match="bad"):
        await site.build(*steps, keep_going=True)
    assert site.seen(Failed) == ["bad"]
    assert site.seen(Blocked) == ["needs-bad", "needs-that"]
    assert site.seen(Built) == ["good", "needs-good"]


async def test_without_keep_going_a_failure_ends_the_others(site: Site) -> None:
    start = time.monotonic()
    with pytest.raises(BuildFailed):
        await site.build(step("bad", shell("exit 1")), step("slow", shell("sleep 60")))
    assert time.monotonic() - start < 5
    assert site.seen(Built) == []


async def test_an_error_of_the_host_is_not_a_failed_build(site: Site) -> None:
    async def recipe(workshop: Workshop) -> None:
        raise InfrastructureError("no network", next_step="plug it in")

    with pytest.raises(InfrastructureError, match="no network"):
        await site.build(step("a", recipe))
    assert site.seen(Failed) == ["a"]


async def test_two_builds_at_once_share_the_work(site: Site) -> None:
    count = site.root / "count"
    one = step("a", shell(f"echo x >>{count}; sleep 0.2; echo done >$OUT/file"))
    other = Site(site.root, Store(site.store.root))
    results = await asyncio.gather(site.build(one), other.build(one))
    assert count.read_text() == "x\n"
    assert [(result["a"].out / "file").read_text() for result in results] == ["done\n"] * 2
    assert sorted([site.seen(Built), other.seen(Built)]) == [[], ["a"]]
    assert sorted([site.seen(Waiting), other.seen(Waiting)]) == [[], ["a"]]


async def test_a_build_takes_over_when_the_one_it_waited_for_fails(site: Site) -> None:
    flag = site.root / "flag"
    one = step("a", shell(f"if mkdir {flag}; then sleep 0.2; exit 1; fi"))
    other = Site(site.root, Store(site.store.root))
    first, second = await asyncio.gather(site.build(one), other.build(one), return_exceptions=True)
    assert isinstance(first, BuildFailed) != isinstance(second, BuildFailed)
    assert len(site.store.artifacts()) == 1


async def test_an_interrupt_leaves_no_process_and_nothing_half_built(site: Site) -> None:
    pids = site.root / "pids"
    # The grandchild ignores SIGTERM, as a compiler in the middle of nowhere may.
    script = f"(trap '' TERM; echo half >$OUT/file; sleep 60; sleep 60) & echo $! $$ >{pids}; wait"
    task = asyncio.create_task(site.build(step("a", shell(script))))
    while not pids.exists() or len(pids.read_text().split()) < 2:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for pid in pids.read_text().split():
        assert not alive(int(pid))
    assert site.store.artifacts() == []
    assert list((site.store.root / "work").glob("a.?")) == []
    # And the next build does it.
    await site.build(step("a", shell("echo whole >$OUT/file")))
    assert site.seen(Built) == ["a"]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    # A process that was reparented is dead as soon as it is a zombie.
    return state != "Z"


async def test_a_background_process_does_not_keep_a_step_from_ending(site: Site) -> None:
    async with asyncio.timeout(10):
        await site.build(step("a", shell("sleep 60 & echo started")))
    lines = [event.line for event in site.events if isinstance(event, Output)]
    assert lines[-1] == "started"


async def test_job_slots_are_shared_by_steps_and_their_makes(site: Site) -> None:
    # Each job adds a line, sleeps and removes it; the most lines at any time is what ran at once.
    running = site.root / "running"
    running.mkdir()
    job = f"touch {running}/$@-$$$$; ls {running} | wc -l; sleep 0.05; rm {running}/$@-$$$$"
    site.write("Makefile", f"all: 1 2 3 4 5 6\n1 2 3 4 5 6:\n\t@{job}\n")

    async def recipe(workshop: Workshop) -> None:
        await workshop.make(workshop.inputs)

    steps = [step(name, recipe, files=("Makefile",)) for name in ("a", "b", "c")]
    await site.build(*steps, jobs=3)
    counts = [
        int(event.line)
        for event in site.events
        if isinstance(event, Output) and event.line.isdigit()
    ]
    assert len(counts) == 18
    assert max(counts) <= 3
    assert max(counts) >= 2


async def test_the_users_flags_do_not_reach_a_recipe(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFLAGS", "-O0")
    monkeypatch.setenv("ARCH", "x86")
    monkeypatch.setenv("https_proxy", "proxy")
    result = await site.build(step("a", shell("env >$OUT/env")))
    names = {line.partition("=")[0] for line in (result["a"].out / "env").read_text().splitlines()}
    assert not names & {"CFLAGS", "ARCH"}
    assert {"https_proxy", "PATH", "MAKEFLAGS"} <= names


async def test_a_cycle_is_refused() -> None:
    with pytest.raises(ValueError, match="a -> b -> a"):
        Graph([step("a", shell("true"), "b"), step("b", shell("true"), "a")])


async def test_building_nothing_new_takes_no_descriptor(site: Site) -> None:
    one = step("a", shell("true"))
    await site.build(one)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        await site.build(one)
    assert len(os.listdir("/proc/self/fd")) == before
