# SPDX-License-Identifier: GPL-2.0
"""dune.toml: the real one loads; a wrong one gets an error that names file and key."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dunectl.build.recipes import project_graph
from dunectl.errors import ConfigError, UserError
from dunectl.project import DebianSource, DirectorySource, Project, UrlSource, find_root

HOME = {"HOME": "/home/user"}


def load_with(tmp_path: Path, old: str, new: str) -> Project:
    """The real file with one piece replaced."""
    text = (find_root() / "dune.toml").read_text()
    assert old in text
    (tmp_path / "dune.toml").write_text(text.replace(old, new, 1))
    return Project.load(tmp_path, HOME)


def test_the_projects_own_file_loads_and_makes_a_graph() -> None:
    project = Project.load(find_root(), HOME)
    assert isinstance(project.sources["qemu"], DebianSource)
    assert {rootfs.kernel for rootfs in project.rootfs.values()} <= set(project.kernels)
    graph = project_graph(project)
    assert {"toolchain", "qemu", "kernel", "kmod", "libdune", "rootfs", "tests", "all"} <= set(
        graph.targets
    )
    for one in graph.steps.values():
        assert set(one.needs) <= set(project.host), one.name


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('prefix = "mips64el', 'prefx = "x"\nprefix = "mips64el', ["toolchain.prefx", "unknown"]),
        ('machine = "malta"\n', "", ["boards.malta.machine", "missing"]),
        ('memory = "256M"', "memory = 256", ["boards.malta.memory", "string", "256"]),
        ("cpus = 1", "cpus = 0", ["boards.malta.cpus", "at least 1"]),
        ("cpus = 1", "cpus = true", ["boards.malta.cpus", "number"]),
        (
            "guest_tests = true",
            'guest_tests = "yes"',
            ["rootfs.check.guest_tests", "true or false"],
        ),
        ('fragments = ["base", "malta", "lean"]', 'fragments = ["base", 3]', ["kernels.lean", "3"]),
        ('kernel = "check"', 'kernel = "chekc"', ["rootfs.check.kernel", "chekc"]),
        ('debian = "source"\n', "", ["sources.qemu.debian", "url or dir"]),
        ("[debian]", "[debian", ["dune.toml", "line"]),
    ],
)
def test_an_error_names_the_file_and_the_key(
    tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_with(tmp_path, old, new)
    for word in [str(tmp_path / "dune.toml"), *words]:
        assert word in caught.value.message
    assert "dune.toml" in caught.value.next_step
    assert caught.value.exit_status == 2


def test_no_file_is_an_error_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        Project.load(tmp_path, HOME)


def test_a_source_may_be_a_url_or_a_directory(tmp_path: Path) -> None:
    text = (find_root() / "dune.toml").read_text()
    debian = text[text.index("[sources.busybox]") : text.index("[qemu]")]
    url = f'[sources.busybox]\nurl = "https://example.org/b.deb"\nsha256 = "{"0" * 64}"\n\n'
    project = load_with(tmp_path, debian, url)
    assert project.sources["busybox"] == UrlSource("https://example.org/b.deb", "0" * 64, ())
    with pytest.raises(ConfigError, match="64 hexadecimal digits"):
        load_with(tmp_path, debian, url.replace("0" * 64, "0" * 63))
    with pytest.raises(ConfigError, match="is not a directory"):
        load_with(tmp_path, debian, '[sources.busybox]\ndir = "nowhere"\n\n')


def test_the_environment_overrides_a_source(tmp_path: Path) -> None:
    shutil.copy(find_root() / "dune.toml", tmp_path)
    project = Project.load(tmp_path, HOME | {"DUNECTL_QEMU_SRC": str(tmp_path)})
    assert project.sources["qemu"] == DirectorySource(tmp_path)
    with pytest.raises(UserError, match="DUNECTL_QEMU_SRC"):
        Project.load(tmp_path, HOME | {"DUNECTL_QEMU_SRC": str(tmp_path / "nowhere")})


def test_the_store_is_below_the_users_cache_directory() -> None:
    def store(environ: dict[str, str]) -> Path:
        return Project.load(find_root(), environ).store

    assert store(HOME) == Path("/home/user/.cache/dunectl")
    assert store(HOME | {"XDG_CACHE_HOME": "/var/x"}) == Path("/var/x/dunectl")
    # The XDG specification: a relative path is invalid and is ignored.
    assert store(HOME | {"XDG_CACHE_HOME": "x"}) == Path("/home/user/.cache/dunectl")
