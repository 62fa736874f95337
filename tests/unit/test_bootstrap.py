# SPDX-License-Identifier: GPL-2.0
"""./dunectl: sets up .venv once, also when it is started twice, and says what it lacks.

The checkout of these tests has a build backend of its own, so pip needs no network.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from dunectl.project import Project, find_root

PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "dunectl"
version = "0"
optional-dependencies = { dev = [] }
"""

# PEP 660, as short as it can be: a wheel with a .pth file.
BACKEND = """\
import os, zipfile

def build_editable(directory, config=None, metadata=None):
    open(os.path.join(os.getcwd(), "builds"), "a").write("x")
    info = "dunectl-0.dist-info/"
    name = "dunectl-0-py3-none-any.whl"
    files = {
        "dunectl.pth": os.getcwd() + "/controller",
        info + "METADATA": "Metadata-Version: 2.1\\nName: dunectl\\nVersion: 0\\n"
        "Provides-Extra: dev\\n",
        info + "WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\n"
        "Tag: py3-none-any\\n",
    }
    with zipfile.ZipFile(os.path.join(directory, name), "w") as wheel:
        for file, text in files.items():
            wheel.writestr(file, text)
        wheel.writestr(info + "RECORD", "".join(file + ",,\\n" for file in files))
    return name
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "check out"
    (root / "controller/dunectl").mkdir(parents=True)
    (root / "controller/dunectl/__main__.py").write_text("import sys; print(sys.argv[1:])")
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "backend.py").write_text(BACKEND)
    shutil.copy(find_root() / "dunectl", root)
    return root


def start(checkout: Path, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, checkout / "dunectl", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
    )


def builds(checkout: Path) -> int:
    return len((checkout / "builds").read_text())


def test_the_virtual_environment_is_made_once_and_kept_up_to_date(checkout: Path) -> None:
    # What an interrupted set-up leaves: a directory that is no environment, and no stamp.
    (checkout / ".venv/bin").mkdir(parents=True)
    both = [start(checkout, "a b", str(number)) for number in range(2)]
    outputs = [process.communicate(timeout=60) for process in both]
    assert [out for out, _ in outputs] == ["['a b', '0']\n", "['a b', '1']\n"], outputs
    assert builds(checkout) == 1

    began = time.monotonic()
    out, err = start(checkout, "again").communicate(timeout=60)
    assert (out, err) == ("['again']\n", "")
    assert time.monotonic() - began < 2

    with (checkout / "pyproject.toml").open("a") as stream:
        stream.write("# changed\n")
    python = (checkout / ".venv/bin/python").lstat()
    out, err = start(checkout).communicate(timeout=60)
    assert (out, err) == ("[]\n", "dunectl: setting up .venv\n")
    assert builds(checkout) == 2
    assert (checkout / ".venv/bin/python").lstat() == python


def test_a_set_up_that_fails_says_why_and_will_be_tried_again(checkout: Path) -> None:
    (checkout / "backend.py").write_text("raise SystemExit('the backend broke')")
    process = start(checkout)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert "the backend broke" in err
    assert "next: " in err
    assert not (checkout / ".venv/dunectl.stamp").exists()


@pytest.fixture
def bootstrap() -> ModuleType:
    loader = SourceFileLoader("bootstrap", str(find_root() / "dunectl"))
    spec = importlib.util.spec_from_loader("bootstrap", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_an_old_python_is_named(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "MINIMUM", (3, 99))
    with pytest.raises(SystemExit) as caught:
        bootstrap._require_version()
    assert caught.value.code == 2
    version = "{}.{}".format(*sys.version_info)
    assert f"Python 3.99 or newer is needed, python3 is {version}" in capsys.readouterr().err


def test_a_newer_python_in_path_takes_over(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "python3.19").write_text("#!/bin/sh\n")
    (tmp_path / "python3.19").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    ran: list[list[str]] = []

    def execv(path: str, argv: list[str]) -> None:
        ran.append(argv)
        raise SystemExit(0)

    monkeypatch.setattr(os, "execv", execv)
    with pytest.raises(SystemExit):
        bootstrap._require_version()
    assert ran[0][:2] == [str(tmp_path / "python3.19"), str(find_root() / "dunectl")]


PACKAGE = "python{}.{}-venv".format(*sys.version_info)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH of our own on a Debian where an ordinary user has a Python without ensurepip."""
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "ensurepip" else find_spec(name)
    )
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "sh").symlink_to("/bin/sh")
    write(tmp_path / "apt-get", f'echo "$DEBIAN_FRONTEND $@" >>{tmp_path}/log')
    return tmp_path


def write(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(("sudo", "become_root"), [(True, "sudo sh -c"), (False, "su - -c")])
def test_without_ensurepip_all_packages_are_named_at_once(
    bootstrap: ModuleType,
    programs: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    sudo: bool,
    become_root: str,
) -> None:
    monkeypatch.setattr(os, "isatty", lambda descriptor: False)
    if sudo:
        write(programs / "sudo", "exit 1")
    with pytest.raises(SystemExit) as caught:
        bootstrap._require_venv()
    assert caught.value.code == 2
    said = capsys.readouterr().err
    command = f"{become_root} 'apt-get update && apt-get install -y --no-install-recommends "
    assert f"next: {command}{PACKAGE} " in said
    for need in Project.load(find_root(), {}).host.values():
        assert set(need.packages) <= set(said.rstrip("'\n").split())
    assert not (programs / "log").exists()


@pytest.mark.parametrize("password", [False, True])
def test_sudo_installs_pythons_package(
    bootstrap: ModuleType, programs: Path, monkeypatch: pytest.MonkeyPatch, password: bool
) -> None:
    """With a password only if there is a terminal to ask for it."""
    monkeypatch.setattr(os, "isatty", lambda descriptor: password)
    refuse = "exit 1" if password else "shift"
    write(programs / "sudo", f'if test "$1" = -n; then {refuse}; fi; exec "$@"')
    monkeypatch.setenv("PATH", f"{programs}:/bin:/usr/bin")
    bootstrap._require_venv()
    assert (programs / "log").read_text() == (
        "noninteractive -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends"
        f" {PACKAGE}\n"
    )


def test_it_can_be_read_by_an_old_python() -> None:
    """The version check must be reached: no syntax newer than Python 3.6 anywhere in the file."""
    import ast

    ast.parse((find_root() / "dunectl").read_text(), feature_version=(3, 6))
