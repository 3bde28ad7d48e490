"""The list of what a person was told: its pages, and what is read of it."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, insert

from tests.conftest import OWNER, AddJob, count_unread
from vapor_tui.domain.notifications import TEST_NOTICE, Notification
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.services.notifications import (
    list_notifications,
    mark_read,
    mark_these_read,
    notification_page,
    write_test,
)
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.notifications import NOTIFICATIONS, notify


@pytest.fixture
def many(workspace: Workspace) -> list[int]:
    """Ten thousand notifications, of which every fourth one is unread."""

    def change(connection: Connection) -> list[int]:
        first = notify(connection, OWNER, TEST_NOTICE)
        values = {"owner": OWNER, "type": "test", "title": "t", "message": "m"}
        rest = {"priority": "low", "metadata": {}, "created_at": _moment(connection, first)}
        rows = [{**values, **rest, "read": bool(number % 4)} for number in range(1, 10_000)]
        connection.execute(insert(NOTIFICATIONS), rows)
        return list(range(first, first + 10_000))

    return workspace.database.write(change)


def _moment(connection: Connection, number: int) -> object:
    return (
        connection.execute(NOTIFICATIONS.select().where(NOTIFICATIONS.c.id == number))
        .one()
        .created_at
    )


def _ids(notes: list[Notification]) -> list[int]:
    return [note.id for note in notes]


def test_pages_are_newest_first(workspace: Workspace, many: list[int]) -> None:
    page = notification_page(workspace, limit=30)
    assert _ids(page.notifications) == many[:-31:-1]
    assert (page.total, page.total_pages) == (10_000, 334)
    second = notification_page(workspace, limit=30, page=2)
    assert _ids(second.notifications) == many[-31:-61:-1]


def test_a_page_behind_the_last_is_the_last(workspace: Workspace, many: list[int]) -> None:
    page = notification_page(workspace, limit=30, page=10**9)
    assert page.page == 334
    assert _ids(page.notifications) == many[9::-1]


def test_only_what_is_unread(workspace: Workspace, many: list[int]) -> None:
    page = notification_page(workspace, unread_only=True, limit=5)
    assert page.total == count_unread(workspace) == 2_500
    assert not any(note.read for note in page.notifications)


def test_nothing_is_one_empty_page(workspace: Workspace) -> None:
    page = notification_page(workspace, page=3)
    assert (page.notifications, page.page, page.total_pages) == ([], 1, 1)


def test_a_notification_names_its_job(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job(name="support-bot")
    [note] = list_notifications(workspace)
    assert (note.job_id, note.job_name, note.simulated) == (job.id, "support-bot", True)
    event = note.event()
    assert event["job_name"] == "support-bot"
    assert event["simulated"] is True
    assert "read" not in event


def test_marking_answers_how_many_changed(workspace: Workspace) -> None:
    first, second = write_test(workspace).id, write_test(workspace).id
    assert mark_these_read(workspace, [first]) == Ok(1)
    assert mark_these_read(workspace, [first, second]) == Ok(1)
    assert count_unread(workspace) == 0
    assert mark_these_read(workspace, [first], read=False) == Ok(1)
    assert mark_read(workspace, read=False) == 1
    assert count_unread(workspace) == 2


def test_of_unknown_numbers_none_is_marked(workspace: Workspace) -> None:
    mine = write_test(workspace).id
    theirs = workspace.database.write(notify, "grace", TEST_NOTICE)
    answer = mark_these_read(workspace, [mine, theirs, 99])
    assert answer == Refused(f"There is no notification {theirs}, 99")
    assert count_unread(workspace) == 1
