# SPDX-License-Identifier: GPL-2.0
"""The store: artifacts appear whole, locks exclude, work places are clean and never shared."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from dunectl.build import clean
from dunectl.build.inputs import Manifest
from dunectl.build.store import Store
from dunectl.errors import InfrastructureError

MANIFEST = Manifest(step="kernel:lean", values={"a": "b"})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def publish(store: Store, manifest: Manifest, identity: str | None = None) -> None:
    with store.workspace(manifest.step) as workspace:
        (workspace.stage / "out/file").write_text("content")
        store.publish(workspace, manifest, identity)


def test_an_artifact_is_found_after_it_was_published(store: Store) -> None:
    assert store.find("kernel:lean", MANIFEST.key) is None
    publish(store, MANIFEST)
    found = store.find("kernel:lean", MANIFEST.key)
    assert found is not None
    assert (found.out / "file").read_text() == "content"
    assert found.identity == MANIFEST.key
    assert store.find("kernel:check", MANIFEST.key) is None


def test_an_identity_replaces_the_key(store: Store) -> None:
    publish(store, MANIFEST, "what it is")
    found = store.find("kernel:lean", MANIFEST.key)
    assert found is not None
    assert found.identity == "what it is"


def test_a_workspace_that_is_left_by_an_error_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.workspace("kernel:lean") as workspace:
        (workspace.stage / "out/half").write_text("x")
        (workspace.path / "read-only").mkdir(mode=0o500)
        raise RuntimeError
    assert not workspace.path.exists()
    assert store.artifacts() == []


def test_a_workspace_is_clean_and_its_path_repeats(store: Store) -> None:
    paths = []
    for _ in range(2):
        with store.workspace("kernel:lean") as workspace:
            paths.append(workspace.path)
            assert [path.name for path in workspace.stage.rglob("*")] == ["out"]
            (workspace.stage / "out/file").write_text("x")
    assert paths[0] == paths[1]


def test_what_a_killed_dunectl_left_in_a_workspace_is_removed(store: Store) -> None:
    with store.workspace("kernel:lean") as workspace:
        path = workspace.path
    (path / "artifact/out").mkdir(parents=True)
    (path / "artifact/out/half").write_text("x")
    with store.workspace("kernel:lean") as workspace:
        assert workspace.path == path
        assert not (path / "artifact/out/half").exists()


def test_a_workspace_is_not_taken_from_a_child_that_outlived_its_parent(store: Store) -> None:
    with store.workspace("kernel:lean") as workspace:
        first = workspace.path
        child = subprocess.Popen(["sleep", "60"], pass_fds=[workspace.lock])
    try:
        with store.workspace("kernel:lean") as second:
            assert second.path != first
    finally:
        child.kill()
        child.wait()
    with store.workspace("kernel:lean") as third:
        assert third.path == first


async def test_only_one_builds_a_key(store: Store) -> None:
    order: list[str] = []

    async def one(name: str) -> None:
        async with store.building("key", lambda: order.append(f"{name} waits")):
            order.append(f"{name} in")
            await asyncio.sleep(0.05)
            order.append(f"{name} out")

    await asyncio.gather(one("a"), one("b"))
    assert order == ["a in", "b waits", "a out", "b in", "b out"]


async def test_a_wait_for_a_lock_can_be_cancelled(store: Store) -> None:
    async with store.building("key", lambda: None):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), store.building("key", lambda: None):
                pytest.fail("the lock was taken twice")


def test_an_unwritable_store_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    with pytest.raises(InfrastructureError, match="store") as caught:
        Store(tmp_path / "store")
    assert "XDG_CACHE_HOME" in caught.value.next_step


def test_clean_takes_what_no_checkout_uses(store: Store, tmp_path: Path) -> None:
    old, new = (Manifest(step="kernel:lean", values={"a": value}) for value in ("old", "new"))
    gone = Manifest(step="qemu", values={"a": "of a removed checkout"})
    for manifest in (old, new, gone):
        publish(store, manifest)
    here, removed = tmp_path / "here", tmp_path / "removed"
    here.mkdir()
    removed.mkdir()
    store.record(here, {"kernel:lean": old})
    store.record(here, {"kernel:lean": new})
    store.record(removed, {"qemu": gone})
    removed.rmdir()
    for manifest in (old, new):
        log = store.log_path(manifest.step, manifest.key)
        log.parent.mkdir(exist_ok=True)
        log.write_text("")
    (store.root / "work/qemu.0").mkdir()
    with store.workspace("kernel:lean") as busy:
        doomed = clean.unused(store)
        assert {path.name for path in doomed} == {
            *(Store.name(manifest.step, manifest.key) for manifest in (old, gone)),
            store.log_path("kernel:lean", old.key).name,
            "qemu.0",
        }
        clean.delete(store, doomed)
        assert busy.path.is_dir()
    assert [path.name for path in store.artifacts()] == [Store.name("kernel:lean", new.key)]
    assert store.files("logs") == [store.log_path("kernel:lean", new.key)]


async def test_clean_waits_for_nobody_and_takes_nothing_in_use(store: Store) -> None:
    publish(store, MANIFEST)
    async with store.shared(), store.shared():
        with pytest.raises(InfrastructureError, match="another dunectl"):
            clean.delete(store, store.artifacts())
    assert store.find("kernel:lean", MANIFEST.key) is not None


def test_clean_all_leaves_an_empty_store(store: Store) -> None:
    publish(store, MANIFEST)
    clean.delete(store, clean.everything(store))
    assert os.listdir(store.root) == ["lock"]
