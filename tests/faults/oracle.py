"""What must hold in a database after any fault, whatever was killed when."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection

from tests.conftest import OWNER
from vapor_tui.domain.estimate import final_cost
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import ENDED, HELD, Position, Stage, Status, may_become
from vapor_tui.domain.metrics import VALUE_COLUMNS
from vapor_tui.domain.notifications import Kind
from vapor_tui.runners.base import LogText, Progress, RunControl
from vapor_tui.runners.simulator import SimulatorRunner, simulation_spec, timeline_of
from vapor_tui.simulation import Pace, evaluate, simulate
from vapor_tui.storage.engine import open_database
from vapor_tui.storage.events import JobEvent, history
from vapor_tui.storage.jobs import jobs_by_id
from vapor_tui.storage.logs import lines_after
from vapor_tui.storage.metrics import metrics_after
from vapor_tui.storage.workers import workers


class Harm(Enum):
    """What a fault can do to what was recorded."""

    LOST = "rows lost"
    DOUBLED = "rows doubled"
    FALSE = "false states"


@dataclass
class Verdict:
    """What the oracle found in a database."""

    jobs: int = 0
    rows: int = 0
    findings: list[tuple[Harm, str]] = field(default_factory=list)

    def find(self, harm: Harm, text: str) -> None:
        self.findings.append((harm, text))


@dataclass(frozen=True)
class Seen:
    """What of a job was committed, as somebody who survived has read it."""

    fence: int
    position: tuple[float, ...]
    events: int
    notifications: int
    lines: int


Witness = Mapping[int, Seen]


def witness(path: Path) -> Witness:
    """Read what is committed at present; raises StorageError where that cannot be read."""
    database = open_database(path)
    try:
        return database.read(lambda connection: {j.id: s for j, s in _seen(connection)})
    finally:
        database.close()


def judge(path: Path, seen: Witness | None = None) -> Verdict:
    """Examine every job of a database; `seen` is what it must not be behind."""
    database = open_database(path)
    try:
        return database.read(_judge, seen or {})
    finally:
        database.close()


def _judge(connection: Connection, seen: Witness) -> Verdict:
    verdict = Verdict()
    for pragma, sound in (("integrity_check", [("ok",)]), ("foreign_key_check", [])):
        answer = [tuple(row) for row in connection.exec_driver_sql(f"PRAGMA {pragma}")]
        if answer != sound:
            verdict.find(Harm.LOST, f"{pragma}: {answer}")
    known = {worker.id for worker in workers(connection, OWNER)}
    found = list(_seen(connection))
    for job, now in found:
        verdict.jobs += 1
        _judge_metrics(connection, job, verdict)
        _judge_history(connection, job, verdict)
        _judge_lines(connection, job, verdict)
        _judge_notifications(connection, job, verdict)
        _judge_state(job, known, verdict)
        before = seen.get(job.id)
        if before is not None and _is_behind(now, before):
            verdict.find(Harm.LOST, f"job {job.id} stood at {before} and is at {now}")
    for number in set(seen) - {job.id for job, _ in found}:
        verdict.find(Harm.LOST, f"job {number} is not there any more")
    return verdict


def _seen(connection: Connection) -> Iterator[tuple[Job, Seen]]:
    numbers = [n for (n,) in connection.exec_driver_sql("SELECT id FROM training_jobs")]

    def count(table: str, job: Job) -> int:
        sql = f"SELECT count(*) FROM {table} WHERE job_id = ?"
        return int(connection.exec_driver_sql(sql, (job.id,)).scalar_one())

    for job in jobs_by_id(connection, numbers):
        yield (
            job,
            Seen(
                job.fence,
                _rank(job.position),
                count("job_events", job),
                count("notifications", job),
                count("log_lines", job),
            ),
        )


def _rank(position: Position) -> tuple[float, ...]:
    """Return a position as something that only grows while a job goes on."""
    before_training = position.stage in (Stage.QUEUED, Stage.INITIALIZING)
    stages = list(Stage)
    if before_training:
        return (0, 0, stages.index(position.stage), position.seconds)
    ending = position.stage in (Stage.SAVING, Stage.COMPLETED)
    epoch = position.epoch + 1 if ending else position.epoch
    return (epoch, position.step, stages.index(position.stage), position.seconds)


def _is_behind(now: Seen, before: Seen) -> bool:
    return (
        now.fence < before.fence
        or now.position < before.position
        or now.events < before.events
        or now.notifications < before.notifications
        or now.lines < before.lines
    )


# Metrics: exactly the points up to the durable step, bit for bit what the seed says


def _judge_metrics(connection: Connection, job: Job, verdict: Verdict) -> None:
    stored = metrics_after(connection, job.id)
    steps = stored.step.tolist()
    verdict.rows += len(steps)
    spec = simulation_spec(job)
    expected = simulate(spec, 0, job.current_step)
    missing = set(expected.step.tolist()) - set(steps)
    if missing:
        verdict.find(Harm.LOST, f"job {job.id} at step {job.current_step} lacks {sorted(missing)}")
    if surplus := set(steps) - set(expected.step.tolist()):
        verdict.find(Harm.DOUBLED, f"job {job.id} has steps ahead of it: {sorted(surplus)}")
    if missing or surplus:
        return
    if steps and job.current_metrics.step != steps[-1]:
        verdict.find(Harm.FALSE, f"job {job.id} shows the metrics of another step")
    wanted = {name: expected.column(name) for name in VALUE_COLUMNS}
    wanted["eval_loss"] = np.full(len(steps), np.nan)
    for epoch in range(1, _epochs_done(job) + 1):
        point = evaluate(spec, epoch)
        assert point.eval_loss is not None
        wanted["eval_loss"][steps.index(int(point.step[0]))] = point.eval_loss[0]
    for name, column in wanted.items():
        if not np.array_equal(stored.column(name), column, equal_nan=True):
            verdict.find(Harm.LOST, f"job {job.id}: {name} is not what its seed says")


def _epochs_done(job: Job) -> int:
    """Return how many epochs have been evaluated."""
    position = job.position
    in_epoch = position.stage in (Stage.TRAINING, Stage.VALIDATING)
    return position.epoch - (in_epoch and not _has_validated(job))


def _has_validated(job: Job) -> bool:
    """Say whether a job was stopped where its epoch is over and the next one has not begun."""
    spent = timeline_of(job, simulation_spec(job)).validation_seconds
    is_stopped = job.status is Status.CANCELLED
    return is_stopped and job.position.stage is Stage.VALIDATING and job.position.seconds >= spent


# History: legal, unbroken, under fences that never fall


def _judge_history(connection: Connection, job: Job, verdict: Verdict) -> None:
    events = history(connection, job.id)
    fences = [event.fence for event in events]
    if fences != sorted(fences):
        verdict.find(Harm.FALSE, f"job {job.id}: fences fall: {fences}")
    last = _follow(job, [e for e in events if e.what == "status"], verdict)
    if last != job.status:
        verdict.find(Harm.FALSE, f"job {job.id} is {job.status}, its history says {last}")
    claims = [e.fence for e in events if e.after == Status.INITIALIZING and e.what == "status"]
    if claims != list(range(1, job.fence + 1)):
        verdict.find(Harm.FALSE, f"job {job.id}: claims {claims} under fence {job.fence}")
    _judge_stages(job, [e for e in events if e.what == "stage"], verdict)


def _follow(job: Job, events: list[JobEvent], verdict: Verdict) -> str | None:
    """Walk along the changes of status and return the last one."""
    last: str | None = None
    for event in events:
        if event.before != last:
            verdict.find(Harm.FALSE, f"job {job.id} was {last} and goes on from {event.before}")
        first = event.before is None or event.after is None
        if not first and not may_become(Status(event.before), Status(event.after)):
            verdict.find(Harm.FALSE, f"job {job.id} went from {event.before} to {event.after}")
        last = event.after
    return last


def _judge_stages(job: Job, events: list[JobEvent], verdict: Verdict) -> None:
    """Stages may be passed within one tick and go unmentioned; none comes twice or too early."""
    passed = [_label(Position()), *(str(event.after) for event in events)]
    if [str(event.before) for event in events] != passed[:-1]:
        verdict.find(Harm.LOST, f"job {job.id}: the history of its stages is broken: {passed}")
    way = iter(_way_to(job))
    if not all(stage in way for stage in passed) or passed[-1] != _label(job.position):
        verdict.find(Harm.FALSE, f"job {job.id} at {job.position} has gone through {passed}")


def _way_to(job: Job) -> list[str]:
    """Return the stages that lie between the beginning and a job's position."""
    timeline, position = timeline_of(job, simulation_spec(job)), Position()
    stages = [_label(position)]
    while _rank(following := timeline.next_stage(position)) <= _rank(job.position):
        if following == position:
            break
        position = following
        stages.append(_label(position))
    return stages


def _label(where: Position) -> str:
    return f"{where.stage} {where.epoch}" if where.epoch else where.stage.value


# Log lines and notifications: each once


def _judge_lines(connection: Connection, job: Job, verdict: Verdict) -> None:
    lines = lines_after(connection, job.id)
    texts = [line.text for line in lines if not _closes(line.text)]
    ends = [e for e in history(connection, job.id) if e.what == "status" and e.after in ENDED]
    if len(lines) - len(texts) != len(ends):
        verdict.find(Harm.FALSE, f"job {job.id}: its log tells not of each of {len(ends)} ends")
    expected = [
        text
        for rank, text in _undisturbed_lines(job)
        if rank <= _rank(job.position)
        or (_has_validated(job) and text.endswith(f"after epoch {job.position.epoch}"))
    ]
    if [line.number for line in lines] != list(range(1, len(lines) + 1)):
        verdict.find(Harm.LOST, f"job {job.id}: the log's lines are not numbered in order")
    for text, surplus in (Counter(texts) - Counter(expected)).items():
        verdict.find(Harm.DOUBLED, f"job {job.id}: {surplus} times too often in the log: {text}")
    for text in Counter(expected) - Counter(texts):
        verdict.find(Harm.LOST, f"job {job.id}: not in the log: {text}")


def _closes(text: str) -> bool:
    return text.partition(":")[0] in list(ENDED) or text.startswith("stopped after epoch")


_lines_of: dict[str, list[tuple[tuple[float, ...], str]]] = {}


def _undisturbed_lines(job: Job) -> list[tuple[tuple[float, ...], str]]:
    """Return what a run that nothing disturbs prints, and at which position."""
    key = repr(simulation_spec(job))
    if key not in _lines_of:
        fresh = {"current_stage": Stage.QUEUED, "current_epoch": 0, "stage_seconds": 0.0}
        begun = job.model_copy(update={**fresh, "current_step": 0})
        # In a thread, for a test may have an event loop of its own.
        with ThreadPoolExecutor(1) as pool:
            _lines_of[key] = pool.submit(lambda: asyncio.run(_printed(begun))).result()
    return _lines_of[key]


async def _printed(job: Job) -> list[tuple[tuple[float, ...], str]]:
    lines, rank = [], _rank(job.position)
    async for event in SimulatorRunner(Pace.parse("max")).run(job, RunControl()):
        if isinstance(event, Progress):
            rank = _rank(event.position)
        elif isinstance(event, LogText):
            lines.append((rank, event.text))
    return lines


_TOLD_ONCE = {
    Kind.COMPLETED: Status.COMPLETED,
    Kind.CANCELLED: Status.CANCELLED,
}


def _judge_notifications(connection: Connection, job: Job, verdict: Verdict) -> None:
    sql = "SELECT type, count(*) FROM notifications WHERE job_id = ? GROUP BY type"
    told: dict[str, int] = {
        str(kind): int(number) for kind, number in connection.exec_driver_sql(sql, (job.id,))
    }
    expected = {kind: int(job.status is status) for kind, status in _TOLD_ONCE.items()}
    expected[Kind.STARTED] = int(job.fence > 0)
    for kind, number in expected.items():
        if (counted := told.get(kind, 0)) != number:
            harm = Harm.DOUBLED if counted > number else Harm.LOST
            verdict.find(harm, f"job {job.id}, {job.status}, was told {kind} {counted} times")


# What the row says about the job


def _judge_state(job: Job, known_workers: set[int], verdict: Verdict) -> None:
    assert job.estimate is not None
    timeline = timeline_of(job, simulation_spec(job))
    cost = job.estimate.cost_at(timeline.seconds_at(job.position))
    if job.current_cost != cost:
        verdict.find(Harm.FALSE, f"job {job.id} costs {job.current_cost}, should be {cost}")
    final = final_cost(cost) if job.status.has_ended else None
    if job.final_cost != final:
        verdict.find(Harm.FALSE, f"job {job.id} ended at {job.final_cost}, should be {final}")
    if job.progress != 100 * job.current_step / job.total_steps:
        verdict.find(Harm.FALSE, f"job {job.id} at step {job.current_step}: {job.progress} %")
    if (job.status in HELD) != (job.lease_owner in known_workers):
        verdict.find(Harm.FALSE, f"job {job.id} is {job.status}, held by {job.lease_owner}")
    done = job.current_stage is Stage.COMPLETED and job.current_step == job.total_steps
    if job.status is Status.COMPLETED and not done:
        verdict.find(Harm.FALSE, f"job {job.id} is completed at {job.position}")


# Two runs of one job


def content(path: Path) -> dict[str, list[Any]]:
    """Return all that a run leaves, but for times and for who did it under which fence."""
    database = open_database(path)
    try:
        return database.read(_content)
    finally:
        database.close()


def _content(connection: Connection) -> dict[str, list[Any]]:
    metrics = ", ".join(("job_id", "step", "epoch", *VALUE_COLUMNS, "non_finite"))
    kept = {
        "training_metrics": f"SELECT {metrics} FROM training_metrics ORDER BY job_id, step",
        "log_lines": "SELECT job_id, number, text FROM log_lines ORDER BY job_id, number",
        "training_jobs": "SELECT id, status, current_stage, current_epoch, stage_seconds, "
        "current_step, progress, current_metrics, current_cost, final_cost, error_message "
        "FROM training_jobs ORDER BY id",
    }
    return {
        name: [tuple(row) for row in connection.exec_driver_sql(sql)] for name, sql in kept.items()
    }
