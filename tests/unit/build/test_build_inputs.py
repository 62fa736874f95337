# SPDX-License-Identifier: GPL-2.0
"""Keys: the same inputs give the same key everywhere, any other input another one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from dunectl.build.inputs import Hasher, Manifest, explain, list_files
from dunectl.errors import UserError

BASE = Manifest(
    step="kmod:lean",
    recipe={"kmod.py": "1"},
    files={"kmod/main.c": "2"},
    values={"prefix": "x-"},
    tools={"gcc": "12"},
    deps={"kernel:lean": "3"},
)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (replace(BASE, recipe={"kmod.py": "9"}), "recipe kmod.py changed"),
        (replace(BASE, files={"kmod/main.c": "9"}), "kmod/main.c changed"),
        (replace(BASE, files={**BASE.files, "kmod/new.c": "1"}), "kmod/new.c added"),
        (replace(BASE, files={}), "kmod/main.c removed"),
        (replace(BASE, values={"prefix": "y-"}), "setting prefix changed"),
        (replace(BASE, tools={"gcc": "13"}), "tool gcc changed"),
        (replace(BASE, deps={"kernel:lean": "4"}), "kernel:lean changed"),
    ],
)
def test_every_input_changes_the_key_and_is_named(changed: Manifest, reason: str) -> None:
    assert changed.key != BASE.key
    assert explain(BASE.as_dict(), changed) == (reason,)


def test_the_same_inputs_have_the_same_key() -> None:
    assert replace(BASE).key == BASE.key
    assert explain(None, BASE) == ("first build",)


def tree(root: Path) -> None:
    (root / "kmod/sub").mkdir(parents=True)
    for name in ("main.c", "sub/a.h", "main.o", ".main.o.cmd", "main.mod.c", "x.c~"):
        (root / "kmod" / name).write_text(name)


def test_the_place_of_a_checkout_is_no_input(tmp_path: Path) -> None:
    for name in ("one", "two"):
        tree(tmp_path / name)
    digests = [
        Hasher(tmp_path / name / "cache").project_files(tmp_path / name, ("kmod",))
        for name in ("one", "two")
    ]
    assert digests[0] == digests[1]
    assert not any(str(tmp_path) in name for name in digests[0])


def test_what_compilers_and_editors_leave_is_no_input(tmp_path: Path) -> None:
    tree(tmp_path)
    assert list_files(tmp_path, ("kmod",)) == ["kmod/main.c", "kmod/sub/a.h"]


def test_a_missing_input_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="kmod"):
        list_files(tmp_path, ("kmod",))


def test_digests_are_remembered_until_the_file_changes(tmp_path: Path) -> None:
    path, cache = tmp_path / "file", tmp_path / "cache"
    path.write_text("one")
    old = Hasher(cache).file(path)
    info = path.stat()
    # Wait out the time in which a second write may look like the first.
    while not cache.exists():
        hasher = Hasher(cache)
        hasher.file(path)
        hasher.save()
    # Same size, and the modification time put back: the change time tells.
    path.write_text("two")
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert Hasher(cache).file(path) != old


def test_a_remembered_digest_is_not_computed_again(tmp_path: Path) -> None:
    path, cache = tmp_path / "file", tmp_path / "cache"
    path.write_text("one")
    while not cache.exists():
        hasher = Hasher(cache)
        digest = hasher.file(path)
        hasher.save()
    cache.write_text(cache.read_text().replace(digest, "remembered"))
    assert Hasher(cache).file(path) == "remembered"


def test_a_broken_cache_is_only_slow(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("{ not json")
    (tmp_path / "file").write_text("one")
    assert len(Hasher(tmp_path / "cache").file(tmp_path / "file")) == 64


def test_being_executable_and_a_links_target_are_inputs(tmp_path: Path) -> None:
    hasher = Hasher(tmp_path / "cache")
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_text("x")
    plain = hasher.entry(path)
    path.chmod(0o755)
    assert hasher.entry(path) != plain
    link.symlink_to("file")
    first = hasher.entry(link)
    link.unlink()
    link.symlink_to("other")
    assert hasher.entry(link) != first


def test_a_source_tree_is_one_digest_without_git_and_build(tmp_path: Path) -> None:
    root = tmp_path / "qemu"
    (root / "hw/build").mkdir(parents=True)
    (root / "hw/build/a.c").write_text("a")
    (root / "build.txt").write_text("a")
    hasher = Hasher(tmp_path / "cache")
    before = hasher.tree(root)
    for name in (".git", "build", "build-debug"):
        (root / name).mkdir()
        (root / name / "file").write_text("x")
    assert hasher.tree(root) == before
    (root / "build.txt").write_text("b")
    changed = hasher.tree(root)
    assert changed != before
    (root / "hw/build/a.c").write_text("b")
    assert hasher.tree(root) != changed
