# SPDX-License-Identifier: GPL-2.0
"""Tests of dunectl.build: real files, processes and locks, no network and no QEMU."""

from __future__ import annotations

from pathlib import Path

import pytest

from dunectl.build.store import Store
from tests.unit.build.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    root = tmp_path / "checkout"
    root.mkdir()
    return Site(root, Store(tmp_path / "store"))
