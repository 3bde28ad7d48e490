"""Which notifications a person's program is still to be run for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection

from tests.conftest import OWNER
from vapor_tui.domain.notifications import TEST_NOTICE, Notification, queued_notice
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import deliveries
from vapor_tui.storage.notifications import notify


def _write(workspace: Workspace, count: int = 1, owner: str = OWNER) -> list[int]:
    def change(connection: Connection) -> list[int]:
        return [notify(connection, owner, queued_notice("chats")) for _ in range(count)]

    return workspace.database.write(change)


def _claim(workspace: Workspace, known: int = 0) -> int | None:
    note: Notification | None = workspace.database.write(deliveries.claim_next, OWNER, known)
    return None if note is None else note.id


def _listen(workspace: Workspace) -> int:
    return workspace.database.write(deliveries.listen, OWNER)


def test_what_was_told_before_anybody_listened_is_not_delivered(workspace: Workspace) -> None:
    _write(workspace, 3)
    _listen(workspace)
    [new] = _write(workspace)
    assert workspace.database.read(deliveries.waits, OWNER)
    assert [_claim(workspace), _claim(workspace)] == [new, None]
    assert not workspace.database.read(deliveries.waits, OWNER)


def test_what_waits_is_claimed_oldest_first_by_whoever_comes(workspace: Workspace) -> None:
    known = _listen(workspace)
    written = _write(workspace, 3)
    assert _listen(workspace) == known, "a second listener goes on where the first one is"
    assert [_claim(workspace) for _ in range(4)] == [*written, None]


def test_two_claimers_never_get_the_same(workspace: Workspace) -> None:
    _listen(workspace)
    written = _write(workspace, 40)

    def take_all() -> list[int]:
        taken = []
        while (number := _claim(workspace)) is not None:
            taken.append(number)
        return taken

    with ThreadPoolExecutor(4) as pool:
        found = [number for taken in pool.map(lambda _: take_all(), range(4)) for number in taken]
    assert sorted(found) == written


def test_others_notifications_are_not_ours(workspace: Workspace) -> None:
    _listen(workspace)
    _write(workspace, 2, owner="grace")
    assert _claim(workspace) is None


def test_a_test_is_left_to_whoever_wrote_it(workspace: Workspace) -> None:
    _listen(workspace)
    workspace.database.write(notify, OWNER, TEST_NOTICE)
    assert not workspace.database.read(deliveries.waits, OWNER)
    [after] = _write(workspace)
    assert _claim(workspace) == after


@pytest.mark.parametrize("remembers", [True, False])
def test_listening_that_was_ended_begins_anew(workspace: Workspace, remembers: bool) -> None:
    known = _listen(workspace)
    workspace.database.write(deliveries.stop_listening, OWNER)
    assert not workspace.database.read(deliveries.is_listening, OWNER)
    [between] = _write(workspace)
    if remembers:
        assert _claim(workspace, known) == between
    else:
        assert _listen(workspace) == between
        assert _claim(workspace) is None
