"""Nobody else reads a person's own database, wherever their umask stands."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.storage.test_schema import _build_first_version
from vapor_tui import paths
from vapor_tui.services.workspace import open_workspace
from vapor_tui.storage.engine import connect
from vapor_tui.storage.upgrade import backup_path


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """What the person lets others do with new files."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_a_new_database_at_the_default_place_is_private() -> None:
    open_workspace().close()
    path = paths.default_database()
    assert (_mode(path.parent), _mode(path)) == (0o700, 0o600)


@pytest.mark.usefixtures("umask")
def test_its_journal_is_private() -> None:
    open_workspace().close()
    path = paths.default_database()
    connection = connect(path)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("CREATE TABLE t (n)")
    assert _mode(path.with_name(f"{path.name}-journal")) == 0o600
    connection.execute("ROLLBACK")
    connection.close()


def test_a_place_that_was_open_to_others_is_closed() -> None:
    open_workspace().close()
    path = paths.default_database()
    path.chmod(0o644)
    path.parent.chmod(0o755)
    open_workspace().close()
    assert (_mode(path.parent), _mode(path)) == (0o700, 0o600)


@pytest.mark.usefixtures("umask")
def test_the_copy_before_an_upgrade_is_private() -> None:
    path = paths.default_database()
    path.parent.mkdir(parents=True)
    _build_first_version(path)
    open_workspace().close()
    assert _mode(backup_path(path, 1)) == 0o600


def test_a_place_of_the_persons_choice_is_left_to_them(tmp_path: Path) -> None:
    """A database that several share has the permissions that they gave it."""
    folder, path = tmp_path / "shared", tmp_path / "shared" / "jobs.db"
    folder.mkdir()
    folder.chmod(0o2775)
    open_workspace(path).close()
    path.chmod(0o664)
    open_workspace(path).close()
    assert (_mode(folder), _mode(path)) == (0o2775, 0o664)
