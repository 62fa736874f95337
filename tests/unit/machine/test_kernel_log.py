# SPDX-License-Identifier: GPL-2.0
"""The kernel's log by level."""

from __future__ import annotations

from dunectl.machine.kernel_log import EXPECTED, KernelMessage, parse_kernel_log


def test_levels_and_times() -> None:
    text = (
        "<5>[    0.000000] Linux version 6.1\n"
        "<4>[    2.500000][   T71] WARNING: something\n"
        "<30>[    3.000000] a message from user space, facility 3, level 6\n"
        "not a message\n"
        "<12>[   12.345678] user space, level 4\n"
    )
    assert parse_kernel_log(text) == [
        KernelMessage(5, 0.0, "Linux version 6.1"),
        KernelMessage(4, 2.5, "WARNING: something"),
        KernelMessage(6, 3.0, "a message from user space, facility 3, level 6"),
        KernelMessage(4, 12.345678, "user space, level 4"),
    ]


def test_what_is_expected_is_exactly_that() -> None:
    def expected(text: str) -> bool:
        return any(pattern.search(text) for pattern in EXPECTED)

    assert expected("dune: loading out-of-tree module taints kernel.")
    assert expected("process '/bin/busybox' started with executable stack")
    assert not expected("kvm: loading out-of-tree module taints kernel.")
    assert not expected("dune: refcount is wrong")
