# SPDX-License-Identifier: GPL-2.0
"""The verdict follows from what was seen, whatever came first."""

from __future__ import annotations

import pytest

from dunectl.machine.console import Finding, FindingKind
from dunectl.machine.lifecycle import Observations
from dunectl.machine.verdict import MEANING, Outcome

PANIC = Finding(FindingKind.PANIC, "Kernel panic - not syncing: x")
OOPS = Finding(FindingKind.OOPS, "Oops[#1]:")
HALT = Finding(FindingKind.HALT, "reboot: System halted")
WARNING = Finding(FindingKind.WARNING, "WARNING: x")


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [
        (Observations(running=True, finding=OOPS, panicked=True), Outcome.OOPS),
        (Observations(running=True, finding=PANIC, asked=True), Outcome.PANIC),
        (Observations(running=True, panicked=True, asked=True), Outcome.PANIC),
        (Observations(running=True, finding=HALT), Outcome.GUEST_HALT),
        (Observations(running=True, finding=HALT, asked=True), Outcome.PASS),
        (Observations(running=True, shutdown_cause="guest-shutdown", asked=True), Outcome.PASS),
        (Observations(running=True, shutdown_cause="guest-shutdown"), Outcome.GUEST_HALT),
        (Observations(running=True, shutdown_cause="guest-reset"), Outcome.GUEST_HALT),
        (Observations(running=True, shutdown_cause="guest-panic"), Outcome.PANIC),
        (Observations(running=True, shutdown_cause="host-signal"), Outcome.INFRASTRUCTURE),
        (Observations(running=True, returncode=-9), Outcome.QEMU_CRASH),
        (Observations(running=True, returncode=0), Outcome.QEMU_CRASH),
        (Observations(returncode=1), Outcome.INFRASTRUCTURE),
        (Observations(running=True), Outcome.INFRASTRUCTURE),
    ],
)
def test_judge(seen: Observations, outcome: Outcome) -> None:
    assert seen.judge()[0] is outcome


def test_a_warning_is_not_the_end() -> None:
    seen = Observations(running=True)
    assert not seen.saw_finding(WARNING)
    assert seen.saw_finding(OOPS)
    assert seen.saw_finding(PANIC)
    assert seen.judge() == (Outcome.OOPS, "Oops[#1]:")


def test_only_some_events_are_the_end() -> None:
    seen = Observations(running=True)
    assert not seen.saw_event("STOP", {})
    assert not seen.saw_event("RESUME", {})
    assert seen.saw_event("SHUTDOWN", {"reason": "guest-reset"})
    assert seen.saw_event("SHUTDOWN", {"reason": "host-signal"})
    assert seen.judge() == (Outcome.GUEST_HALT, "the guest reset itself")


def test_an_unknown_signal_has_a_number() -> None:
    assert Observations(running=True, returncode=-99).judge()[1] == "killed by signal 99"


def test_every_outcome_is_explained() -> None:
    assert set(MEANING) == set(Outcome)
