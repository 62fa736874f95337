# SPDX-License-Identifier: GPL-2.0
"""What the tests of the whole road share. The ``lab`` and ``machine`` fixtures come from
dunectl.testing.plugin."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dunectl.testing.lab import Lab


def build(lab: Lab, source: str, folder: Path) -> Path:
    """A static program from a file of this folder, linked with the libdune of this build."""
    output = folder / Path(source).stem
    libdune = lab.artifacts["libdune"]
    argv = [f"{lab.project.toolchain.prefix}gcc", "-static", "-Wall", "-Wextra", "-Werror"]
    argv += ["-Wl,-z,noexecstack", f"-I{libdune / 'include'}", str(Path(__file__).parent / source)]
    argv += [str(libdune / "libdune.a"), "-o", str(output)]
    subprocess.run(argv, check=True, timeout=60)
    return output


@pytest.fixture(scope="session")
def spin(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that stays in guest mode."""
    return build(lab, "spin.c", tmp_path_factory.mktemp("spin"))


@pytest.fixture(scope="session")
def args(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that never enters guest mode."""
    return build(lab, "args.c", tmp_path_factory.mktemp("args"))


@pytest.fixture(scope="session")
def runs(lab: Lab) -> Path:
    """Where run folders are."""
    return lab.project.store / "runs"
