"""A person's own program: run once for every notification, and never in the way."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import OWNER, AddJob
from vapor_tui.domain.lifecycle import Status
from vapor_tui.domain.notifications import queued_notice
from vapor_tui.services.jobs import get_job
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import deliveries
from vapor_tui.storage.errors import StorageError
from vapor_tui.storage.notifications import notify
from vapor_tui.worker.deliveries import delivering
from vapor_tui.worker.programs import KEPT_BYTES, run_program
from vapor_tui.worker.worker import Worker

PATIENCE = 10.0
MakeScript = Callable[[str], tuple[str, ...]]


@pytest.fixture
def script(tmp_path: Path) -> MakeScript:
    """Writes a shell script that gets the path of a file to write to."""

    def make(body: str) -> tuple[str, ...]:
        path = tmp_path / "hook.sh"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return (str(path), str(tmp_path / "told"))

    return make


@pytest.fixture
def told(tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    """What the program has read so far."""

    def read() -> list[dict[str, Any]]:
        path = tmp_path / "told"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    return read


KEEP = 'cat >> "$1"'
"""Each call appends one line in one write."""

Told = Callable[[], list[dict[str, Any]]]


def _write(workspace: Workspace, count: int) -> list[int]:
    return [
        workspace.database.write(notify, OWNER, queued_notice(f"chats {number}"))
        for number in range(count)
    ]


@contextmanager
def _logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Catch what the deliveries log, also where the program's own log takes it."""
    logger = logging.getLogger("vapor_tui.worker.deliveries")
    logger.addHandler(caplog.handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.propagate = True
        logger.removeHandler(caplog.handler)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.01)


async def test_a_job_is_told_from_its_queue_to_its_end(
    workspace: Workspace, add_job: AddJob, script: MakeScript, told: Told
) -> None:
    stop = asyncio.Event()
    async with delivering(workspace.database, OWNER, script(KEEP), stop):
        job = add_job(name='bot "\u202e"')
        await Worker(workspace.database, OWNER).run(stop, once=True)
    events = told()
    assert [event["type"] for event in events] == ["job_queued", "job_started", "job_completed"]
    assert {event["job_id"] for event in events} == {job.id}
    last = events[-1]
    assert last["job_name"] == 'bot "\u202e"'
    assert last["priority"] == "normal"
    assert last["simulated"] is True
    assert set(last) == {
        "id", "type", "title", "message", "priority", "job_id", "job_name", "simulated",
        "metadata", "created_at",
    }  # fmt: skip


async def test_of_several_apps_and_workers_one_delivers(
    workspace: Workspace, script: MakeScript, told: Told
) -> None:
    stop, command = asyncio.Event(), script(KEEP)
    async with (
        delivering(workspace.database, OWNER, command, stop),
        delivering(workspace.database, OWNER, command, stop),
        delivering(workspace.database, OWNER, command, stop),
    ):
        written = _write(workspace, 20)
    assert sorted(event["id"] for event in told()) == written


async def test_nothing_is_lost_with_a_writer_that_dies(
    workspace: Workspace, script: MakeScript, told: Told
) -> None:
    async with delivering(workspace.database, OWNER, script(KEEP), asyncio.Event()):
        pass
    written = _write(workspace, 2)  # nobody is there any more
    async with delivering(workspace.database, OWNER, script(KEEP), asyncio.Event()):
        pass
    assert [event["id"] for event in told()] == written


async def test_what_was_told_without_a_program_stays_untold(
    workspace: Workspace, script: MakeScript, told: Told
) -> None:
    _write(workspace, 2)
    async with delivering(workspace.database, OWNER, script(KEEP), asyncio.Event()):
        pass
    async with delivering(workspace.database, OWNER, (), asyncio.Event()):
        _write(workspace, 2)
    assert not workspace.database.read(deliveries.is_listening, OWNER)
    async with delivering(workspace.database, OWNER, script(KEEP), asyncio.Event()):
        [new] = _write(workspace, 1)
    assert [event["id"] for event in told()] == [new]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("cat > /dev/null; echo no such channel >&2; exit 3", "exit code 3: no such channel"),
        ("exit 1", "exit code 1"),
        ("kill -9 $$", "exit code -9"),
    ],
)
async def test_a_program_that_fails_is_logged_and_harmless(
    workspace: Workspace,
    script: MakeScript,
    caplog: pytest.LogCaptureFixture,
    body: str,
    said: str,
) -> None:
    with _logged(caplog):
        async with delivering(workspace.database, OWNER, script(body), asyncio.Event()):
            written = _write(workspace, 2)
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [f"on_event for notification {number}: {said}" for number in written]


async def test_a_program_that_is_not_there_is_logged_and_harmless(
    workspace: Workspace, add_job: AddJob, caplog: pytest.LogCaptureFixture
) -> None:
    stop = asyncio.Event()
    with _logged(caplog):
        async with delivering(workspace.database, OWNER, ("/nowhere/notify",), stop):
            job = add_job()
            await Worker(workspace.database, OWNER).run(stop, once=True)
    stored = get_job(workspace, job.id)
    assert stored is not None
    assert stored.status is Status.COMPLETED
    assert len(caplog.records) == 3
    assert "/nowhere/notify cannot be run: No such file" in caplog.text


async def test_a_program_that_hangs_delays_no_job_and_is_ended(
    workspace: Workspace, add_job: AddJob, script: MakeScript, tmp_path: Path
) -> None:
    stop = asyncio.Event()
    command = script('echo $$ >> "$1"; sleep 60 & echo $! >> "$1"; wait')
    async with delivering(workspace.database, OWNER, command, stop, timeout=8.0):
        _write(workspace, 1)
        await _until((tmp_path / "told").exists)
        begun = time.monotonic()
        job = add_job()
        await Worker(workspace.database, OWNER).run(stop, once=True)
        stored = get_job(workspace, job.id)
        assert stored is not None
        assert stored.status is Status.COMPLETED
        assert time.monotonic() - begun < 8.0, "it did not wait for the program"
        stop.set()
    for line in (tmp_path / "told").read_text().split():
        await _until(lambda number=int(line): not _is_alive(number))  # type: ignore[misc]


async def test_leaving_starts_nothing_more_and_leaves_the_rest(
    workspace: Workspace, script: MakeScript, told: Told
) -> None:
    stop = asyncio.Event()
    begun = time.monotonic()
    async with delivering(workspace.database, OWNER, script("sleep 60"), stop):
        first, *rest = _write(workspace, 3)
        await _until(lambda: not _is_next(workspace, first))
        stop.set()
    assert time.monotonic() - begun < 5
    async with delivering(workspace.database, OWNER, script(KEEP), asyncio.Event()):
        pass
    assert [event["id"] for event in told()] == rest


async def test_what_a_program_prints_or_does_not_read_is_no_trouble(script: MakeScript) -> None:
    flood = script("head -c 1000000 /dev/zero | tr '\\0' x | tee /dev/stderr; exit 5")
    ending = await run_program(flood, b"x" * 1_000_000)
    assert (ending.exit_code, len(ending.errors)) == (5, KEPT_BYTES)


async def test_what_a_program_leaves_running_is_not_waited_for(script: MakeScript) -> None:
    begun = time.monotonic()
    ending = await run_program(script("sleep 5 & exit 0"), b"{}")
    assert ending.is_good
    assert time.monotonic() - begun < 4


async def test_a_program_that_takes_too_long_says_so(script: MakeScript) -> None:
    ending = await run_program(script("echo begun >&2; sleep 60"), b"{}", timeout=0.5)
    assert (ending.exit_code, ending.errors) == (None, "begun")
    assert "0.5 s" in ending.sentence


async def test_arguments_are_never_read_by_a_shell(script: MakeScript, tmp_path: Path) -> None:
    command = (*script('printf %s "$2" > "$1"'), "$(touch pwned); *")
    assert (await run_program(command, b"{}")).is_good
    assert (tmp_path / "told").read_text() == "$(touch pwned); *"


def _is_next(workspace: Workspace, number: int) -> bool:
    known = workspace.database.write(deliveries.listen, OWNER)
    return known < number


def _is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def test_listening_that_fails_at_first_begins_at_the_next_look(
    workspace: Workspace,
    script: MakeScript,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    failures = [StorageError("locked"), StorageError("locked")]
    real = deliveries.listen

    def listen(*arguments: Any) -> int:
        if failures:
            raise failures.pop()
        return real(*arguments)

    monkeypatch.setattr(deliveries, "listen", listen)
    monkeypatch.setattr("vapor_tui.worker.deliveries.LOOK_SECONDS", 0.02)
    with _logged(caplog):
        async with (
            asyncio.timeout(PATIENCE),
            delivering(workspace.database, OWNER, script(KEEP), asyncio.Event()),
        ):
            while not workspace.database.read(deliveries.is_listening, OWNER):
                await asyncio.sleep(0.01)
            [number] = _write(workspace, 1)
            while not told():
                await asyncio.sleep(0.01)
    assert [event["id"] for event in told()] == [number]
    assert [record.getMessage() for record in caplog.records].count(
        "notifications are delivered later: locked"
    ) == 1
