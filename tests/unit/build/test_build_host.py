# SPDX-License-Identifier: GPL-2.0
"""The host: what is missing is found, installed if we may become root, else said."""

from __future__ import annotations

import os
import pty
from pathlib import Path

import pytest

from dunectl.build import host as host_module
from dunectl.build.host import Host, ensure
from dunectl.build.report import silent
from dunectl.errors import InfrastructureError
from dunectl.project import Needs

NEEDS = Needs(packages=("gcc", "no-such-package"), tools=("sh", "no-such-tool"))


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory in PATH before all others, with a dpkg-query that counts its calls."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", f"{directory}:{os.environ['PATH']}")
    write(
        directory / "dpkg-query",
        f"echo call >>{tmp_path}/calls; echo 'installed gcc'; echo 'config-files no-such-package'",
    )
    return directory


def write(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def status(tmp_path: Path) -> Path:
    path = tmp_path / "status"
    path.write_text("dpkg's database")
    return path


async def test_a_package_with_only_its_configuration_left_is_missing(
    tmp_path: Path, programs: Path, status: Path
) -> None:
    assert await Host(tmp_path / "cache", status).missing([NEEDS]) == ("no-such-package",)


async def test_dpkg_is_asked_once_until_its_database_changes(
    tmp_path: Path, programs: Path, status: Path
) -> None:
    def calls() -> int:
        return len((tmp_path / "calls").read_text().splitlines())

    for _ in range(2):
        host = Host(tmp_path / "cache", status)
        await host.missing([NEEDS])
        host.save()
    assert calls() == 1
    status.write_text("one more package")
    await Host(tmp_path / "cache", status).missing([NEEDS])
    assert calls() == 2


async def test_a_version_is_asked_again_when_the_program_changes(
    tmp_path: Path, programs: Path, status: Path
) -> None:
    answers = []
    for version in ("1.0", "1.0.1"):
        write(programs / "tool", f"echo {version}")
        host = Host(tmp_path / "cache", status)
        answers.append(await host.version(["tool", "--version"]))
        host.save()
    assert answers == ["1.0", "1.0.1"]


async def test_without_dpkg_tools_are_looked_for(tmp_path: Path) -> None:
    host = Host(tmp_path / "cache", tmp_path / "no-status")
    assert not host.is_debian
    with pytest.raises(InfrastructureError, match="no-such-tool") as caught:
        await ensure(host, [NEEDS], silent)
    assert "package manager" in caught.value.next_step


@pytest.mark.parametrize(("sudo", "become_root"), [(True, "sudo sh -c"), (False, "su - -c")])
async def test_without_privilege_the_command_is_said(
    tmp_path: Path,
    programs: Path,
    status: Path,
    monkeypatch: pytest.MonkeyPatch,
    sudo: bool,
    become_root: str,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "isatty", lambda descriptor: False)
    # Only what the test puts there, whether or not this host has a sudo.
    monkeypatch.setenv("PATH", str(programs))
    if sudo:
        write(programs / "sudo", "exit 1")
    with pytest.raises(InfrastructureError) as caught:
        await ensure(Host(tmp_path / "cache", status), [NEEDS], silent)
    assert caught.value.exit_status == 2
    assert caught.value.next_step == (
        f"{become_root} 'apt-get update && "
        "apt-get install -y --no-install-recommends no-such-package'"
    )


def test_root_needs_neither_sudo_nor_su(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert host_module.by_hand(["a", "b"]) == (
        "apt-get update && apt-get install -y --no-install-recommends a b"
    )


@pytest.mark.parametrize("answer", ["right", "wrong"])
async def test_sudo_asks_for_a_password_on_a_terminal(
    tmp_path: Path, programs: Path, status: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    write(
        programs / "sudo",
        'test "$1" = -n && exit 1\n'
        f'test -t 0 && echo "$2" >{tmp_path}/prompt\n'
        'read answer; test "$answer" = right || exit 1\n'
        'shift 2; exec "$@"',
    )
    write(programs / "apt-get", f'echo "$DEBIAN_FRONTEND $@" >>{tmp_path}/log')
    ours, theirs = pty.openpty()
    stdin = os.dup(0)
    os.dup2(theirs, 0)
    try:
        os.write(ours, f"{answer}\n".encode())
        install = ensure(Host(tmp_path / "cache", status), [NEEDS], silent)
        if answer == "right":
            await install
        else:
            with pytest.raises(InfrastructureError, match="failed"):
                await install
    finally:
        os.dup2(stdin, 0)
        for descriptor in (stdin, ours, theirs):
            os.close(descriptor)
    assert "installing Debian packages: no-such-package" in (tmp_path / "prompt").read_text()
    if answer == "right":
        assert (tmp_path / "log").read_text() == (
            "noninteractive -o DPkg::Lock::Timeout=300 install -y --no-install-recommends"
            " no-such-package\n"
        )
    else:
        assert not (tmp_path / "log").exists()


async def test_with_sudo_packages_are_installed_and_lists_are_updated_if_that_fails(
    tmp_path: Path, programs: Path, status: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    log = tmp_path / "log"
    write(programs / "sudo", 'test "$1" = -n && shift; exec "$@"')
    # The first install finds no lists; after an update it works.
    write(
        programs / "apt-get",
        f'echo "$@" >>{log}\n'
        f'case "$*" in *update) touch {log}.lists;; *) test -f {log}.lists;; esac',
    )
    await ensure(Host(tmp_path / "cache", status), [NEEDS], silent)
    verbs = [line.split()[2] for line in log.read_text().splitlines()]
    assert verbs == ["install", "update", "install"]
    assert log.read_text().splitlines()[0].endswith("--no-install-recommends no-such-package")


async def test_an_install_that_fails_shows_what_apt_said(
    tmp_path: Path, programs: Path, status: Path
) -> None:
    write(programs / "apt-get", "echo E: no space left; exit 100")
    host = Host(tmp_path / "cache", status)
    if host_module.privilege() is None:
        write(programs / "sudo", 'test "$1" = -n && shift; exec "$@"')
    with pytest.raises(InfrastructureError, match="no space left"):
        await ensure(host, [NEEDS], silent)


async def test_a_missing_program_is_named(tmp_path: Path, status: Path) -> None:
    with pytest.raises(InfrastructureError, match="no-such-tool: not found"):
        await Host(tmp_path / "cache", status).version(["no-such-tool", "--version"])
