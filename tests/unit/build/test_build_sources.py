# SPDX-License-Identifier: GPL-2.0
"""Sources: the mirror is the host's own, a checksum is believed, a directory is taken as it is."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from dunectl.build import apt, sources
from dunectl.build.mirror import find_mirror
from dunectl.build.recipes.qemu import dress
from dunectl.build.report import Failed
from dunectl.build.workshop import Workshop
from dunectl.errors import InfrastructureError
from dunectl.project import Debian, DirectorySource, Project, Source, UrlSource, find_root
from tests.unit.build.site import Recipe, Site, step

DEBIAN = Debian("", Path("/nonexistent/keyring.gpg"))


def bring(source: Source) -> Recipe:
    async def recipe(workshop: Workshop) -> None:
        await sources.bring(workshop, DEBIAN, source)

    return recipe


@pytest.mark.parametrize(
    ("name", "text", "mirror"),
    [
        ("sources.list", "deb http://m.example/debian bookworm main\n", "http://m.example/debian"),
        (
            "sources.list",
            "# deb http://old.example/debian x main\n"
            "deb-src http://src.example/debian x main\n"
            "deb http://s.example/debian-security bookworm-security main\n"
            "deb [arch=amd64 signed-by=/a b] http://m.example/debian/ bookworm main # mine\n",
            "http://m.example/debian/",
        ),
        (
            "sources.list.d/debian.sources",
            "Types: deb\nURIs: http://s.example/debian-security\nSuites: bookworm-security\n\n"
            "# snapshot\nTypes: deb deb-src\nURIs: http://m.example/debian\n"
            "Suites: bookworm\n bookworm-updates\nComponents: main\n",
            "http://m.example/debian",
        ),
        (
            "sources.list.d/debian.sources",
            "Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: bookworm\n\n"
            "Types: deb\nURIs: mirror+file:///etc/apt/mirrors/debian.list\nSuites: bookworm\n"
            "Components: main\n",
            "mirror+file:///etc/apt/mirrors/debian.list",
        ),
    ],
)
def test_the_mirror_is_the_hosts_own(tmp_path: Path, name: str, text: str, mirror: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    assert find_mirror(tmp_path) == mirror


# As a fresh Ubuntu has it, and one who packs for Debian and Ubuntu.
UBUNTU = """\
Types: deb
URIs: http://m.example/ubuntu/
Suites: noble noble-updates noble-backports
Components: main restricted universe multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg

Types: deb
URIs: http://m.example/ubuntu/
Suites: noble-security
Components: main restricted universe multiverse
"""
OTHER = (
    "deb [arch=amd64 signed-by=/etc/apt/keyrings/o.asc] http://o.example/linux/debian x stable\n"
)


def test_on_ubuntu_it_says_how_to_name_a_mirror(tmp_path: Path) -> None:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text("# Ubuntu sources have moved to sources.list.d\n")
    (parts / "other.list").write_text(OTHER)
    (parts / "ubuntu.sources").write_text(UBUNTU)
    with pytest.raises(InfrastructureError, match="no Debian mirror") as caught:
        find_mirror(tmp_path)
    assert caught.value.exit_status == 2
    assert "DUNECTL_DEBIAN_MIRROR=<URI of a Debian mirror>" in caught.value.next_step
    assert 'mirror = "<URI of a Debian mirror>"' in caught.value.next_step


def test_a_mirror_that_was_named_is_taken(tmp_path: Path) -> None:
    """From dune.toml, as its comment says; the environment's comes before it."""
    text = (find_root() / "dune.toml").read_text()
    text = text.replace("[debian]\n", '[debian]\nmirror = "http://toml.example/d"\n')
    (tmp_path / "dune.toml").write_text(text)
    (tmp_path / "keyring.gpg").write_text("")
    for environ, uri in (
        ({}, "http://toml.example/d"),
        ({"DUNECTL_DEBIAN_MIRROR": "http://env.example/d"}, "http://env.example/d"),
    ):
        debian = Project.load(tmp_path, environ).debian
        debian = replace(debian, keyring=tmp_path / "keyring.gpg")
        apt.prepare(tmp_path / "state", debian, "source", "trixie", tmp_path / "no-etc")
        assert f" {uri} trixie main\n" in (tmp_path / "state/sources.list").read_text()


def test_the_private_apt_checks_signatures_and_keeps_to_its_own_place(tmp_path: Path) -> None:
    keyring = tmp_path / "keyring.gpg"
    keyring.write_text("")
    state = tmp_path / "state"
    debian = Debian("http://m.example/debian", keyring)
    config = apt.prepare(state, debian, "mips64el", "bookworm", tmp_path / "no-etc")
    assert (state / "sources.list").read_text() == (
        f"deb [signed-by={keyring}] http://m.example/debian bookworm main\n"
    )
    # What apt itself makes of it: no path of the host's state is left.
    dump = subprocess.run(
        ["apt-config", "-c", config, "dump", "--no-empty"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert f'Dir::State "{state}";' in dump
    assert f'Dir::Etc::sourcelist "{state}/sources.list";' in dump
    assert 'Dir::Etc::sourceparts "/dev/null";' in dump
    assert not [line for line in dump if line.startswith("APT::Update::Post-Invoke")]
    with pytest.raises(InfrastructureError, match="signature"):
        apt.prepare(state, replace(debian, keyring=tmp_path / "none"), "source", "trixie")


def tarball(site: Site) -> UrlSource:
    for name in ("top/a", "top/sub/b", "top/big/c"):
        site.write(name, name)
    path = site.root / "top.tar.xz"
    with tarfile.open(path, "w:xz") as archive:
        archive.add(site.root / "top", "top-1.0")
    return UrlSource(path.as_uri(), hashlib.sha256(path.read_bytes()).hexdigest(), ("top-*/big/*",))


async def test_a_url_is_unpacked_without_its_top_and_what_is_excluded(site: Site) -> None:
    result = await site.build(step("source", bring(tarball(site))))
    out = result["source"].out
    assert sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()) == ["a", "sub/b"]


async def test_a_wrong_checksum_is_refused(site: Site) -> None:
    wrong = UrlSource(tarball(site).url, "0" * 64, ())
    with pytest.raises(InfrastructureError, match="has sha256"):
        await site.build(step("source", bring(wrong)))
    assert site.store.artifacts() == []


async def test_a_url_that_is_not_there_is_an_error_of_the_host(site: Site) -> None:
    gone = UrlSource((site.root / "nowhere.tar").as_uri(), "0" * 64, ())
    with pytest.raises(InfrastructureError, match="cannot be fetched"):
        await site.build(step("source", bring(gone)))
    (failed,) = (event for event in site.events if isinstance(event, Failed))
    assert any("nowhere.tar" in line for line in failed.tail)


async def test_a_directory_is_copied_without_what_is_no_source(site: Site) -> None:
    for name in ("tree/a.c", "tree/sub/b.h", "tree/build/config", "tree/.git/config"):
        site.write(name, name)
    result = await site.build(step("source", bring(DirectorySource(site.root / "tree"))))
    out = result["source"].out
    assert sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()) == [
        "a.c",
        "sub/b.h",
    ]


PATCH = """\
--- a/hw/old.c
+++ b/hw/old.c
@@ -1 +1 @@
-old
+patched
"""


def dressed(site: Site, tree: Path) -> Recipe:
    async def recipe(workshop: Workshop) -> None:
        await dress(workshop, tree)

    site.write("qemu/patches/0001-a.patch", PATCH)
    site.write("qemu/vz/hw/new.c", "new")
    site.write("qemu/devices/mips64el-softmmu.mak", "CONFIG_MALTA=y")
    site.write("tree/hw/old.c", "old\n")
    (tree / "configs/devices/mips64el-softmmu").mkdir(parents=True)
    return recipe


async def test_qemus_tree_gets_patches_new_files_and_devices(site: Site) -> None:
    tree = site.root / "tree"
    await site.build(step("qemu", dressed(site, tree), files=("qemu",)))
    assert (tree / "hw/old.c").read_text() == "patched\n"
    assert (tree / "hw/new.c").read_text() == "new"
    assert (tree / "configs/devices/mips64el-softmmu/dune.mak").is_file()


async def test_a_tree_with_our_files_is_someones_work_and_stays_as_it_is(site: Site) -> None:
    tree = site.root / "tree"
    recipe = dressed(site, tree)
    site.write("tree/hw/new.c", "newer")
    await site.build(step("qemu", recipe, files=("qemu",)))
    assert (tree / "hw/old.c").read_text() == "old\n"
    assert (tree / "hw/new.c").read_text() == "newer"
