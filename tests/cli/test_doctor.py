"""Each thing that doctor can find, with what to do about it."""

from __future__ import annotations

import json
import os
import shlex
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import OWNER, AddJob
from tests.storage.test_schema import _build_first_version
from vapor_tui import paths
from vapor_tui.cli.app import run as run_program
from vapor_tui.processes import this_process
from vapor_tui.services import doctor
from vapor_tui.services.doctor import Surroundings, diagnose
from vapor_tui.services.filesystems import NETWORK, file_system
from vapor_tui.services.findings import Finding, Level
from vapor_tui.services.workspace import Workspace, open_workspace
from vapor_tui.storage import claims, workers
from vapor_tui.telemetry import NO_DRIVER

NOBODY = 2**22 + 1

Look = Callable[..., dict[str, Finding]]


def _mount(point: str, kind: str, source: str = "server:/export") -> str:
    """Return a line as /proc/self/mountinfo has it."""
    return f"36 35 98:0 / {point} rw,noatime master:1 - {kind} {source} rw,errors=continue\n"


@pytest.fixture
def surroundings() -> Surroundings:
    """A machine where all is well."""
    return Surroundings(
        environment={"TERM": "xterm-256color", "COLORTERM": "truecolor"},
        mounts=_mount("/", "ext4"),
        terminal=(120, 40),
        encoding="utf-8",
        free_bytes=10**11,
        gpus=str(NO_DRIVER),
    )


@pytest.fixture
def look(workspace: Workspace, surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch) -> Look:
    """Diagnoses the test's database; keywords are what is different around it."""
    monkeypatch.setattr(paths, "owner", lambda: OWNER)

    def examine(**changes: Any) -> dict[str, Finding]:
        findings = diagnose(workspace.database.path, replace(surroundings, **changes))
        return {finding.what: finding for finding in findings}

    return examine


def test_where_all_is_well_there_is_nothing_to_do(look: Look) -> None:
    findings = look()
    assert {finding.level for finding in findings.values()} == {Level.FINE}
    assert not any(finding.fix for finding in findings.values())
    assert findings["integrity"].found == "sound"
    assert findings["journal"].found == "rollback, synchronous=EXTRA"
    assert "sqlite" in findings["libraries"].found
    assert findings["telemetry"].found == "GPU load: no NVIDIA driver here"


@pytest.mark.parametrize("kind", sorted(NETWORK))
def test_a_network_file_system_is_a_problem(look: Look, tmp_path: Path, kind: str) -> None:
    found = look(mounts=_mount("/", "ext4") + _mount(str(tmp_path.resolve()), kind))["file system"]
    assert found.level is Level.PROBLEM
    assert f"lies on {kind}, a network file system" in found.found
    assert found.fix == "Choose a local disk with --db PATH or VAPOR_TUI_DB"


@pytest.mark.parametrize(
    ("mounts", "kind"),
    [
        (_mount("/", "ext4") + _mount("/home", "nfs4"), "nfs4"),
        (_mount("/", "ext4") + _mount("/home/ada", "nfs") + _mount("/home", "xfs"), "nfs"),
        (_mount("/home", "nfs") + _mount("/home", "tmpfs"), "tmpfs"),
        (_mount("/home/ad", "nfs") + _mount("/", "btrfs"), "btrfs"),
        (_mount(r"/home/ada/my\040jobs", "cifs") + _mount("/", "ext4"), "cifs"),
        ("36 35 98:0 / /home rw shared:1 master:2 propagate_from:3 - ceph s rw\n", "ceph"),
        ("36 35 98:0 / /home rw - fuse.sshfs ada@host:/ rw\n", "fuse.sshfs"),
        ("", None),
        ("not a mount table\n\n - \n36 35 - \n", None),
    ],
)
def test_the_innermost_mount_counts(mounts: str, kind: str | None) -> None:
    assert file_system(Path("/home/ada/my jobs/vapor-tui.db"), mounts) == kind


def test_little_space_is_a_problem(look: Look) -> None:
    found = look(free_bytes=doctor.LEAST_FREE_BYTES - 1)["disk space"]
    assert (found.level, found.fix) == (Level.PROBLEM, "Free some space")
    assert look(free_bytes=doctor.LEAST_FREE_BYTES)["disk space"].level is Level.FINE


@pytest.mark.parametrize(
    ("changes", "what", "fix"),
    [
        ({"terminal": (59, 40)}, "size", "Make it 60 x 18 or larger"),
        ({"terminal": (60, 17)}, "size", "Make it 60 x 18 or larger"),
        ({"encoding": "ascii"}, "encoding", "Set LC_ALL=C.UTF-8 to see every character"),
        ({"environment": {}}, "terminal", "can move the cursor"),
        ({"environment": {"TERM": "dumb"}}, "terminal", "can move the cursor"),
    ],
)
def test_a_terminal_that_shows_less_is_noted(
    look: Look, changes: dict[str, Any], what: str, fix: str
) -> None:
    found = look(**changes)[what]
    assert found.level is Level.NOTE
    assert fix in found.fix


def test_a_database_that_is_not_there_is_not_made(
    tmp_path: Path, surroundings: Surroundings
) -> None:
    path = tmp_path / "deep" / "none.db"
    findings = {f.what: f for f in diagnose(path, surroundings)}
    assert findings["database"].level is Level.NOTE
    assert findings["database"].fix == "Any command makes it"
    assert not path.parent.exists()


def test_a_wrong_catalogue_is_a_problem(look: Look, config_directory: Path) -> None:
    (config_directory / "gpus.toml").write_text("[[gpu]]\ntype = 1\n")
    found = look()["catalogue"]
    assert found.level is Level.PROBLEM
    assert "gpus.toml, line 2" in found.found
    assert found.fix == "Correct that line of the file"


def _spoil(path: Path, at: int, piece: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(piece)


def test_damage_is_a_problem(look: Look, workspace: Workspace, add_job: AddJob) -> None:
    add_job()
    workspace.close()
    path = workspace.database.path
    with closing(sqlite3.connect(path)) as connection:
        [page] = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = ?",
            ("ix_training_jobs_owner_status_queued_at",),
        ).fetchone()
    # The only entry of the index, which lies at the end of its page.
    at = path.read_bytes().index(b"adaqueued", (page - 1) * 4096)
    _spoil(path, at, b"eve")
    found = look()["integrity"]
    assert found.level is Level.PROBLEM
    assert "missing from index" in found.found
    assert ".recover" in found.fix


def test_rows_that_refer_to_nothing_are_a_problem(look: Look, workspace: Workspace) -> None:
    with closing(sqlite3.connect(workspace.database.path)) as connection, connection:
        connection.execute(
            "INSERT INTO training_metrics (job_id, step, epoch, created_at) VALUES (77, 1, 0.1, 0)"
        )
    found = look()["integrity"]
    assert (found.level, found.found) == (Level.PROBLEM, "1 broken references")


@pytest.mark.parametrize(
    ("at", "piece", "sentence"),
    [
        (0, bytes(100), "not an SQLite database"),
        (68, b"them", "a database of another program"),
        (60, b"\0\0\1\0", "written by a newer version"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_problem(
    look: Look, workspace: Workspace, at: int, piece: bytes, sentence: str
) -> None:
    workspace.close()
    path = workspace.database.path
    _spoil(path, at, piece)
    before = path.read_bytes()
    found = look()["database"]
    assert found.level is Level.PROBLEM
    assert sentence in found.found
    assert "together with its -journal file" in found.fix
    assert path.read_bytes() == before


def test_an_older_schema_is_noted_and_left(tmp_path: Path, surroundings: Surroundings) -> None:
    path = tmp_path / "old.db"
    _build_first_version(path)
    findings = {f.what: f for f in diagnose(path, surroundings)}
    assert findings["schema"].level is Level.NOTE
    assert findings["schema"].fix == "It is upgraded when it is opened"
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_another_journal_is_a_problem(look: Look, workspace: Workspace) -> None:
    workspace.close()
    with closing(sqlite3.connect(workspace.database.path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    found = look()["journal"]
    assert (found.level, found.found) == (Level.PROBLEM, "wal instead of delete")
    assert "PRAGMA journal_mode=DELETE" in found.fix


def test_a_database_that_others_can_read_is_noted(surroundings: Surroundings) -> None:
    open_workspace().close()
    path = paths.default_database()
    path.chmod(0o644)
    findings = {f.what: f for f in diagnose(None, surroundings)}
    assert findings["permissions"].level is Level.NOTE
    assert findings["permissions"].fix == f"chmod 600 {path}"


def test_a_database_that_cannot_be_written_is_a_problem(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    found = look()["permissions"]
    assert found.level is Level.PROBLEM
    assert found.fix.startswith("chmod u+rw ")


def test_workers_alive_and_gone(look: Look, workspace: Workspace, add_job: AddJob) -> None:
    add_job()
    write = workspace.database.write
    waiting = look()["workers"]
    assert (waiting.level, waiting.found) == (Level.NOTE, "none, and 1 job waits")
    assert waiting.fix == "Start one: vapor-tui worker, or open the app"

    process = this_process()
    dead = write(workers.register, OWNER, replace(process, pid=NOBODY), "1", True)
    write(claims.claim, OWNER, dead, 1)
    orphaned = look()["orphaned jobs"]
    assert orphaned.level is Level.PROBLEM
    assert orphaned.fix.endswith("vapor-tui worker --once")

    write(workers.register, OWNER, process, "1", True)
    alive = look()["workers"]
    assert (alive.level, alive.found) == (
        Level.FINE,
        f"pid {process.pid} on {process.hostname}",
    )


def test_jobs_of_a_worker_without_a_row_are_orphaned(
    look: Look, workspace: Workspace, add_job: AddJob
) -> None:
    job, process = add_job(), this_process()
    gone = workspace.database.write(workers.register, OWNER, process, "1", True)
    workspace.database.write(claims.claim, OWNER, gone, 1)
    with closing(sqlite3.connect(workspace.database.path)) as connection, connection:
        connection.execute("DELETE FROM workers")
    findings = look()
    found = findings["orphaned jobs"].found
    assert found == f"held by a worker that is not registered: {job.id}"
    assert findings["integrity"].level is Level.FINE


def test_jobs_of_an_engine_that_is_not_here_are_noted(
    look: Look, workspace: Workspace, add_job: AddJob
) -> None:
    add_job()
    workspace.database.write(
        lambda connection: connection.exec_driver_sql("UPDATE training_jobs SET engine = 'hf'")
    )
    findings = look()
    assert findings["engines"].level is Level.NOTE
    assert "1 queued job has an engine" in findings["engines"].found
    assert findings["workers"].found == "none"


def test_the_command_prints_every_finding_and_its_fix(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(workspace.database.path)
    assert run_program(["--db", path, "doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[:2] == ["ok", "integrity"] for line in lines)

    assert run_program(["--db", path, "doctor", "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert {"level", "what", "found", "fix"} == set(findings[0])


def test_the_command_fails_where_there_is_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(b"not a database" * 100)
    assert run_program(["--db", str(path), "doctor"]) == 1
    captured = capsys.readouterr()
    assert "PROBLEM" in captured.out
    assert "Traceback" not in captured.out + captured.err


def _by_hand(workspace: Workspace, *statements: str) -> None:
    with closing(sqlite3.connect(workspace.database.path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_rows_that_cannot_be_read_are_a_problem(
    look: Look, workspace: Workspace, add_job: AddJob
) -> None:
    add_job()
    bad = add_job()
    _by_hand(workspace, f"UPDATE training_jobs SET tags = '?', estimate = 1 WHERE id = {bad.id}")
    found = look()["rows"]
    assert found.level is Level.PROBLEM
    assert found.found == "1 job cannot be read as a whole (job 2: estimate, tags)"
    assert found.fix.endswith("vapor-tui delete 2")


@pytest.mark.parametrize(
    ("statement", "described"),
    [
        ("DROP TRIGGER training_jobs_life_cycle", "training_jobs_life_cycle is missing"),
        ("DROP TABLE log_lines", "log_lines is missing"),
        ("ALTER TABLE workers ADD COLUMN more", "workers is another"),
        (
            "DROP INDEX ix_training_jobs_owner_deleted_at_completed_at",
            "ix_training_jobs_owner_deleted_at_completed_at is missing",
        ),
    ],
)
def test_a_schema_that_was_changed_by_hand_is_a_problem(
    look: Look, workspace: Workspace, statement: str, described: str
) -> None:
    _by_hand(workspace, statement)
    found = look()["schema"]
    assert found.level is Level.PROBLEM
    assert found.found == f"not as this program makes it: {described}"


def test_what_somebody_added_is_no_problem(look: Look, workspace: Workspace) -> None:
    _by_hand(workspace, "CREATE VIEW mine AS SELECT 1", "CREATE INDEX my ON workers (pid)")
    assert look()["integrity"].level is Level.FINE


def test_workers_elsewhere_may_be_gone(look: Look, workspace: Workspace, add_job: AddJob) -> None:
    elsewhere = replace(this_process(), hostname="node7", pid=12)
    workspace.database.write(workers.register, OWNER, elsewhere, "1", True)
    idle = look()["workers"]
    assert idle.level is Level.FINE
    told = "pid 12 on node7 (registered; whether it still runs can't be told from here)"
    assert idle.found == told
    add_job()
    waiting = look()["workers"]
    assert (waiting.level, waiting.found) == (Level.NOTE, f"{told}, and 1 job waits")


def test_what_a_killed_creator_left_is_noted(look: Look, workspace: Workspace) -> None:
    left = workspace.database.path.with_name(f".{workspace.database.path.name}.x.new")
    left.touch()
    assert "leftovers" not in look()
    os.utime(left, (0, 0))
    found = look()["leftovers"]
    assert found.level is Level.NOTE
    assert found.fix == f"Remove them: rm {left}"


def test_commands_to_copy_hold_for_any_path(tmp_path: Path) -> None:
    place = tmp_path / "my runs; it's"
    place.mkdir()
    database = place / "a b.db"
    open_workspace(database).close()
    with closing(sqlite3.connect(database)) as by_hand:
        by_hand.execute("PRAGMA journal_mode=WAL")
    [found] = [each for each in diagnose(database) if each.what == "journal"]
    assert str(database) in shlex.split(found.fix)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "ok"),
        ('theme = "vapor-light"', "ok"),
        ("refresh_seconds = 0", 'line 1, "refresh_seconds"'),
        ('theme = "pink"', "no such theme"),
        ('[keys]\n"jobs.nw" = "x"', "did you mean jobs.new?"),
        ('[keys]\n"jobs.new" = "f6"', "ok"),
        ('[jobs]\ncolumns = ["nam"]', 'no column "nam"'),
        ('[jobs]\nsort = "wealth"', 'no order "wealth"'),
        ("theme", "not valid TOML"),
    ],
)
def test_mistakes_in_the_preferences_are_found(
    config_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    paths.config_file().write_text(text)
    code = run_program(["--db", str(tmp_path / "none.db"), "doctor"])
    line = next(line for line in capsys.readouterr().out.splitlines() if "preferences" in line)
    assert told in line
    assert code == (0 if told == "ok" else 1)


def test_a_key_that_was_given_a_second_meaning_is_noted(
    config_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths.config_file().write_text('[keys]\n"jobs.new" = "p"')
    assert run_program(["--db", str(tmp_path / "none.db"), "doctor"]) == 0
    shown = capsys.readouterr().out.splitlines()
    [place] = [place for place, line in enumerate(shown) if "preferences" in line]
    assert shown[place].startswith("note ")
    assert "two meanings of p: job.pause and jobs.new" in shown[place]
    assert shown[place + 1].strip() == "Give one of the two another key"
