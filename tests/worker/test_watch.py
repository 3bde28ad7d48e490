"""Whether another worker is gone, by a clock that the test holds and by what the system proves."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from vapor_tui import processes
from vapor_tui.processes import ProcessIdentity, is_provably_gone, this_process
from vapor_tui.storage.workers import Worker
from vapor_tui.worker.watch import LEASE_SECONDS, LONGEST_GAP_SECONDS, LeaseWatch

NOBODY = 2**22 + 1
"""A process id beyond the largest that Linux gives out."""


def _worker(number: int = 1, heartbeat: int = 7, process: ProcessIdentity | None = None) -> Worker:
    return Worker(
        id=number,
        owner="ada",
        process=process or this_process(),
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        heartbeat=heartbeat,
        version="1",
        is_separate=True,
    )


def _look(watch: LeaseWatch, begin: float, seconds: float, worker: Worker) -> list[float]:
    """Look once a second; return when the worker was found gone."""
    moments = [begin + second for second in range(int(seconds) + 1)]
    return [now for now in moments if watch.gone([worker], now)]


def test_a_heartbeat_that_stands_still_for_the_lease_is_gone() -> None:
    found = _look(LeaseWatch(), 1_000.0, LEASE_SECONDS + 2, _worker())
    assert found[0] == 1_000.0 + LEASE_SECONDS


def test_a_heartbeat_that_rises_begins_the_wait_anew() -> None:
    watch = LeaseWatch()
    assert not _look(watch, 0.0, LEASE_SECONDS - 1, _worker(heartbeat=1))
    assert not _look(watch, LEASE_SECONDS, LEASE_SECONDS - 1, _worker(heartbeat=2))
    assert _look(watch, 2 * LEASE_SECONDS, 0, _worker(heartbeat=2))


def test_time_in_which_nobody_could_look_proves_nothing() -> None:
    """A watcher that was suspended, or could not read, sees an old heartbeat at first."""
    watch = LeaseWatch()
    assert not _look(watch, 0.0, LEASE_SECONDS - 1, _worker())
    later = LEASE_SECONDS - 1 + LONGEST_GAP_SECONDS + 0.1
    assert not _look(watch, later, LEASE_SECONDS - 1, _worker())
    assert _look(watch, later + LEASE_SECONDS, 0, _worker())


def test_the_first_sight_proves_nothing_whenever_it_is() -> None:
    watch = LeaseWatch()
    watch.gone([], 0.0)
    assert not watch.gone([_worker()], 1e9)


def test_a_worker_that_let_its_jobs_go_meanwhile_is_seen_anew() -> None:
    watch = LeaseWatch()
    assert not _look(watch, 0.0, LEASE_SECONDS - 1, _worker())
    watch.gone([], LEASE_SECONDS)
    assert not watch.gone([_worker()], LEASE_SECONDS + 1)


def test_workers_are_watched_each_for_itself() -> None:
    watch, still = LeaseWatch(), _worker(1)
    for second in range(int(LEASE_SECONDS)):
        assert not watch.gone([still, _worker(2, heartbeat=second)], second)
    assert watch.gone([still, _worker(2, heartbeat=99)], LEASE_SECONDS) == [still]


def test_a_process_that_has_ended_is_gone_at_once() -> None:
    dead = _worker(process=replace(this_process(), pid=NOBODY))
    assert LeaseWatch().gone([dead], 0.0) == [dead]


@pytest.mark.parametrize(
    ("changes", "is_gone"),
    [
        ({}, False),
        ({"pid": NOBODY}, True),
        ({"hostname": "another-machine", "pid": NOBODY}, False),
        ({"boot_id": "", "pid": NOBODY}, False),
        ({"process_start": "", "pid": NOBODY}, False),
    ],
)
def test_what_the_system_proves(changes: dict[str, Any], is_gone: bool) -> None:
    assert is_provably_gone(replace(this_process(), **changes)) is is_gone


MACHINE = "0f1e2d3c4b5a6978"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_machine", lambda: MACHINE)


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("told", "is_gone"),
    [
        (f" {MACHINE}", True),
        (" 9999999999999999", False),
        ("", False),
    ],
    ids=["this machine", "another of the same name", "an earlier version"],
)
def test_another_boot_is_proof_on_the_same_machine_alone(told: str, is_gone: bool) -> None:
    start = this_process().process_start
    assert start.endswith(MACHINE)
    there = replace(
        this_process(),
        boot_id="another boot",
        process_start=start.removesuffix(f" {MACHINE}") + told,
    )
    assert is_provably_gone(there) is is_gone


def test_a_process_of_an_earlier_version_is_recognized() -> None:
    started, namespace, _ = processes._parts(this_process().process_start)
    assert not is_provably_gone(replace(this_process(), process_start=f"{started} {namespace}"))
    assert is_provably_gone(replace(this_process(), process_start=f"1 {namespace}"))


def test_a_process_that_the_system_hides_is_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where /proc is mounted with hidepid and the worker is another person's."""

    def hidden(_pid: int) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(processes, "_started", hidden)
    here = replace(this_process(), process_start=f"1 {processes._namespace()}")
    assert not is_provably_gone(here)
    assert is_provably_gone(replace(here, pid=NOBODY))


def test_a_machine_is_told_without_its_own_id(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told, missing = tmp_path / "machine-id", tmp_path / "missing"
    told.write_text("00112233445566778899aabbccddeeff\n")
    monkeypatch.setattr(processes, "_MACHINE_IDS", (missing, told))
    machine = processes._machine.__wrapped__()
    assert len(machine) == 16
    assert machine not in told.read_text()
    told.write_text("uninitialized\n")
    assert processes._machine.__wrapped__() == ""


def test_a_number_that_was_given_out_again_is_another_process() -> None:
    start, _, rest = this_process().process_start.partition(" ")
    earlier = f"{int(start) - 1} {rest}".strip()
    assert is_provably_gone(replace(this_process(), process_start=earlier))


def test_a_process_of_another_container_is_hidden_and_not_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It shares the machine, its name and its boot, but not the numbers of processes."""
    there = replace(this_process(), pid=NOBODY)
    monkeypatch.setattr(processes, "_namespace", lambda: "pid:[1]")
    assert not is_provably_gone(there)


def test_a_process_is_recognized_by_its_start() -> None:
    assert processes.process_start(os.getpid()) == this_process().process_start
    assert processes.process_start(NOBODY) is None
