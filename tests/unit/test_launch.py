# SPDX-License-Identifier: GPL-2.0
"""Run folders: one each, the newest easy to find, old ones gone unless they are to be kept."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from dunectl import launch
from dunectl.errors import InfrastructureError, UserError
from dunectl.machine.folder import folder_in_use
from dunectl.machine.spec import kernel_command_line
from dunectl.project import Project, find_root


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The project, with a store of its own."""
    return replace(Project.load(find_root()), store=tmp_path / "store")


def test_folders_differ_and_latest_is_the_newest(project: Project) -> None:
    folders = [launch.new_run_dir(project, "hello", now=lambda: 1e9) for _ in range(3)]
    assert len(set(folders)) == 3
    assert (project.store / "runs" / "latest").resolve() == folders[-1]


def test_eight_at_once_get_eight_folders(project: Project) -> None:
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: launch.new_run_dir(project, "x"), range(40)))
    assert len(set(folders)) == 40
    assert (project.store / "runs" / "latest").resolve() in folders


def test_old_folders_go_unless_kept_in_use_or_young(project: Project) -> None:
    kept, used, unused = (launch.new_run_dir(project, name) for name in ("a", "b", "c"))
    (kept / launch.KEEP).touch()
    for folder in (kept, used, unused):
        os.utime(folder, (1e9, 1e9))
    with folder_in_use(used):
        young = [launch.new_run_dir(project, "x") for _ in range(launch.RUNS_KEPT + 5)]
        assert used.exists()
    assert kept.exists()
    assert not unused.exists()
    assert all(folder.exists() for folder in young)
    launch.new_run_dir(project, "x")
    assert not used.exists()


def test_no_room_for_folders_is_the_hosts_problem(project: Project) -> None:
    project.store.write_text("in the way")
    with pytest.raises(InfrastructureError, match="Not a directory"):
        launch.new_run_dir(project, "x")


def test_unknown_names_are_answered_with_the_known(project: Project) -> None:
    with pytest.raises(UserError, match="no board 'x'") as caught:
        launch.find_board(project, "x")
    assert "malta" in caught.value.next_step
    with pytest.raises(UserError, match="no kernel 'x'") as caught:
        launch.check_kernel(project, "x")
    assert caught.value.next_step == "use one of: lean, check"


def test_a_machine_is_made_of_board_artifacts_and_wishes(project: Project) -> None:
    artifacts = {name: Path("/store") / name for name in launch.steps("check")}
    board = launch.find_board(project, "malta")
    folder = Path("/run")
    spec = launch.machine_spec(artifacts, board, "check", folder)
    assert spec.qemu == Path("/store/qemu/bin/qemu-system-mips64el")
    assert spec.vmlinux == Path("/store/kernel:check/vmlinux")
    assert spec.initrd == Path("/store/rootfs:check/rootfs.cpio")
    assert (spec.cpu, spec.memory) == (board.cpu, board.memory)
    other = launch.machine_spec(
        artifacts, board, "check", folder, cpu="x", memory="1G", append="kmemleak=on"
    )
    assert (other.cpu, other.memory) == ("x", "1G")
    assert kernel_command_line(other).endswith(f"{board.append} kmemleak=on")
