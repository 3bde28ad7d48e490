"""A run that somebody else started becomes a job, is read, followed, and ends as it says."""

from __future__ import annotations

import asyncio
import json
import math
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import logged_runs as logs
from tests.conftest import OWNER, AddJob
from vapor_tui.domain.forecast import Forecast
from vapor_tui.domain.jobs import (
    Engine,
    Job,
    Placement,
)
from vapor_tui.domain.lifecycle import Action, Status
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.runners.attach import AttachRunner
from vapor_tui.services.attach import attach_run, name_of
from vapor_tui.services.exports import metric_rows, new_log_lines
from vapor_tui.services.forecast import forecast_now
from vapor_tui.services.jobs import apply_action, get_job
from vapor_tui.services.notifications import list_notifications
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.events import history
from vapor_tui.worker.worker import Worker, default_runners

ENTRIES = logs.history(range(10, 210, 10))
DAY = 24 * 3600
MODEL = {
    "num_hidden_layers": 2,
    "num_attention_heads": 1,
    "intermediate_size": 10,
    "vocab_size": 10,
}


def attached(workspace: Workspace, path: Path, **options: str) -> Job:
    answer = attach_run(workspace, path, **options)  # type: ignore[arg-type]
    assert isinstance(answer, Ok), answer
    return answer.value


def stored(workspace: Workspace, job: Job) -> Job:
    found = get_job(workspace, job.id)
    assert found is not None
    return found


def losses(workspace: Workspace, job: Job) -> dict[int, object]:
    return {int(str(row["step"])): row["loss"] for row in metric_rows(workspace, job.id)}


def worker(workspace: Workspace, **options: float) -> Worker:
    runners = {
        **default_runners(),
        Engine.EXTERNAL: lambda: AttachRunner(look_seconds=0.02, **options),  # type: ignore[arg-type]
    }
    return Worker(workspace.database, OWNER, runners=runners)


async def watch(
    workspace: Workspace, job: Job, until: Callable[[Job], bool], **options: float
) -> Job:
    """Let a worker run until the job is as wanted, then let it hand back."""
    stop = asyncio.Event()
    working = asyncio.create_task(worker(workspace, **options).run(stop))
    try:
        async with asyncio.timeout(15):
            while not until(seen := stored(workspace, job)):
                await asyncio.sleep(0.02)
    finally:
        stop.set()
        await working
    return seen


def has_ended(job: Job) -> bool:
    return job.status.has_ended


async def test_how_far_the_epoch_is_follows_from_what_was_logged(
    workspace: Workspace, tmp_path: Path
) -> None:
    entries = logs.history(range(10, 160, 10), per_epoch=100)
    path = logs.written(tmp_path / "run.jsonl", logs.json_lines(entries), 0)
    job = attached(workspace, path)
    read = await watch(workspace, job, lambda seen: seen.current_step == 150)
    assert (read.current_epoch, read.epoch_progress) == (2, pytest.approx(50))


async def test_the_end_of_a_run_is_forecast_from_its_log(
    workspace: Workspace, tmp_path: Path
) -> None:
    entries = logs.history(range(10, 1_510, 10), per_epoch=1_000)
    state = logs.trainer_state(entries, max_steps=3_000)
    job = attached(workspace, logs.written(tmp_path / "run" / "trainer_state.json", state, 0))
    read = await watch(workspace, job, lambda seen: seen.current_step == 1_500)
    made = forecast_now(workspace, read)
    assert isinstance(made, Forecast)
    assert made.low < made.mid < made.high < logs.loss_at(1)


async def test_a_finished_run_is_read_and_has_ended(workspace: Workspace, tmp_path: Path) -> None:
    path = logs.written(
        tmp_path / "llama" / "trainer_state.json", logs.trainer_state(ENTRIES, max_steps=200)
    )
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")}
    job = attached(workspace, path.parent)
    assert (job.engine, job.placement, job.name) == (Engine.EXTERNAL, Placement.ATTACHED, "llama")
    assert job.run_settings == {
        "per_device_batch_size": 4,
        "max_steps": 200,
        "epochs": 3,
        "logging_steps": 10,
    }
    done = await watch(workspace, job, has_ended)

    assert done.status is Status.COMPLETED
    assert (done.progress, done.current_step, done.total_steps) == (100, 200, 200)
    assert (done.current_epoch, done.total_epochs) == (2, 3)
    assert done.current_metrics.loss == logs.loss_at(200)
    assert done.current_metrics.eval_loss == logs.loss_at(200) + 0.1
    assert (done.current_cost, done.final_cost, done.lease_owner) == (0.0, None, None)
    assert done.completed_at == datetime.fromtimestamp(path.stat().st_mtime, UTC)
    assert losses(workspace, job) == {step: logs.loss_at(step) for step in range(10, 210, 10)}
    told = [(note.type, note.message) for note in list_notifications(workspace)]
    assert told == [("job_completed", '"llama" finished')]
    after = {
        file: file.stat().st_mtime_ns for file in tmp_path.rglob("*") if "test.db" not in file.name
    }
    assert {f: t for f, t in before.items() if f in after and f != tmp_path} == {
        f: t for f, t in after.items() if f != tmp_path
    }, "nothing is written beside the log"


@pytest.mark.parametrize("size", [None, 10**30, 10**200])
def test_a_base_model_that_makes_no_sense_keeps_no_run_from_being_followed(
    workspace: Workspace, tmp_path: Path, size: int | None
) -> None:
    model = logs.written(
        tmp_path / "model" / "config.json", json.dumps(MODEL | {"hidden_size": size})
    )
    named = "a\0b" if size is None else str(model.parent)
    logs.written(
        tmp_path / "run" / "adapter_config.json",
        json.dumps({"base_model_name_or_path": named, "r": 8}),
    )
    logs.written(tmp_path / "run" / "loss.csv", "step,loss\n1,2\n2,1\n")
    job = attached(workspace, tmp_path / "run")
    assert (job.name, job.run_settings["lora_rank"]) == ("run", 8)  # type: ignore[index]


async def test_a_live_run_is_followed_across_workers(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "live.jsonl"
    path.write_text(logs.json_lines(ENTRIES[:5]))
    job = attached(workspace, path)
    seen = await watch(workspace, job, lambda job: job.current_step == 50)
    assert seen.status is Status.RUNNING
    assert seen.progress == 0.0
    assert seen.seconds_left() is None
    waiting = stored(workspace, job)
    assert waiting.status is Status.QUEUED
    assert waiting.source_offset == path.stat().st_size

    path.write_text(logs.json_lines(ENTRIES[:5]) + logs.json_lines(ENTRIES[5:]))
    await watch(workspace, job, lambda job: job.current_step == 200)
    assert list(losses(workspace, job)) == list(range(10, 210, 10))
    lines = [line.text for line in new_log_lines(workspace, job.id, 0)]
    assert lines == [f"watching {path}"]


async def test_state_and_rows_are_stored_together(workspace: Workspace, tmp_path: Path) -> None:
    path = logs.written(tmp_path / "m.csv", logs.csv_table(logs.history(range(1, 60_001))))
    job = attached(workspace, path)
    seen = await watch(workspace, job, lambda job: job.current_step > 5_000)
    state = stored(workspace, job).source_state
    assert state is not None
    rows = losses(workspace, job)
    assert max(rows) >= state.facts.step >= seen.current_step
    await watch(workspace, job, lambda job: job.current_step == 60_000)
    assert list(losses(workspace, job)) == list(range(1, 60_001))


async def test_a_resumed_run_has_its_later_values(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    first = [{"step": 1, "loss": 0.0, "grad_norm": math.nan}, {"step": 2, "loss": 3.0}]
    again = [{"step": 1, "loss": 1.0, "grad_norm": 1.0}, {"step": 2, "loss": math.inf}]
    path.write_text(logs.json_lines(first))
    job = attached(workspace, path)
    await watch(workspace, job, lambda job: job.current_step == 2)
    before = list(metric_rows(workspace, job.id))
    assert before[0]["non_finite"] == {"loss": "nan", "grad_norm": "nan"}
    with path.open("a") as file:
        file.write(logs.json_lines(again))
    await watch(workspace, job, lambda job: "loss" in job.current_metrics.non_finite)
    one, two = metric_rows(workspace, job.id)
    assert (one["loss"], one["grad_norm"], one["non_finite"]) == (1.0, 1.0, None)
    assert (two["loss"], two["non_finite"]) == (None, {"loss": "inf"})


async def test_a_log_that_is_replaced_is_read_anew(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text(logs.json_lines(ENTRIES))
    job = attached(workspace, path)
    await watch(workspace, job, lambda job: job.current_step == 200)
    path.write_text(logs.json_lines(logs.history([3, 6])))
    await watch(workspace, job, lambda job: job.current_step == 6)
    assert list(losses(workspace, job)) == [3, 6]
    lines = [line.text for line in new_log_lines(workspace, job.id, 0)]
    assert lines[-1] == "JSONL was emptied or replaced: it is read anew"


async def test_a_failure_that_the_run_tells_of(workspace: Workspace, tmp_path: Path) -> None:
    events = [
        {"type": "metrics", "time": 1.7e9, "step": 5, "loss": 2.0},
        {"type": "end", "time": 1.7e9 + 3600, "outcome": "failed", "reason": "out of memory"},
    ]
    path = tmp_path / "run" / "events.jsonl"
    logs.written(path, logs.json_lines(events), seconds_ago=0)
    job = attached(workspace, path.parent)
    done = await watch(workspace, job, has_ended)
    assert (done.status, done.error_message) == (Status.FAILED, "out of memory")
    assert done.elapsed() == 3600
    assert done.started_at == datetime.fromtimestamp(1.7e9, UTC)
    answer = apply_action(workspace, Action.RETRY, job.id)
    assert isinstance(answer, Refused)
    assert "only watches a run" in answer.error


CRASH = """Traceback (most recent call last):
  File "train.py", line 12, in <module>
torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB
"""


async def test_output_that_ends_in_an_error_is_a_failure(
    workspace: Workspace, tmp_path: Path
) -> None:
    text = logs.captured_output(ENTRIES[:3]) + CRASH
    job = attached(workspace, logs.written(tmp_path / "llama.log", text))
    done = await watch(workspace, job, has_ended)
    assert (done.status, done.current_step) == (Status.FAILED, 30)
    assert done.error_message == CRASH.splitlines()[-1]
    [note] = list_notifications(workspace)
    assert (note.type, note.title) == ("job_failed", "Training failed")
    assert note.message == f'"llama" failed: {done.error_message}'


async def test_an_error_is_believed_when_no_step_has_followed_for_a_while(
    workspace: Workspace, tmp_path: Path
) -> None:
    bars = [f"\r {n}%|█| {n}/100 [{n:02}:00<99:00, 60s/it]" for n in range(4)]
    slow = f"{''.join(bars)}\r{ {'loss': 2.0, 'epoch': 0.1} }\n{bars[-1]}"
    path = logs.written(tmp_path / "train.log", slow + CRASH, 120)
    job = attached(workspace, path)
    await watch(workspace, job, lambda job: job.total_steps == 100)
    assert stored(workspace, job).status is Status.QUEUED, "five steps take five minutes"
    logs.written(path, slow + CRASH, 360)
    assert (await watch(workspace, job, has_ended)).status is Status.FAILED


async def test_a_run_that_says_nothing_for_a_day_is_not_waited_for(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = logs.written(tmp_path / "m.csv", logs.csv_table(ENTRIES), 3 * DAY)
    job = attached(workspace, path)
    done = await watch(workspace, job, has_ended)
    assert done.status is Status.CANCELLED
    assert done.status_word == done.stage_label == "detached"
    assert done.current_step == 200, "what there is was read"
    assert done.error_message is not None
    assert "Nothing was written for 3d" in done.error_message
    [note] = list_notifications(workspace)
    assert note.title == "Watching has ended"
    again = attached(workspace, path)
    assert (again.id, again.status) == (job.id, Status.CANCELLED), "it would end so again"


async def test_a_log_that_goes_on_after_its_end_is_watched_again_as_the_same_job(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = logs.written(tmp_path / "m.csv", logs.csv_table(ENTRIES[:5]), 3 * DAY)
    job = attached(workspace, path)
    assert (await watch(workspace, job, has_ended)).current_step == 50
    path.write_text(logs.csv_table(ENTRIES))
    again = attached(workspace, path, name="goes on")
    assert (again.id, again.name, again.error_message) == (job.id, "goes on", None)
    seen = await watch(workspace, job, lambda job: job.current_step == 200)
    assert (seen.status, seen.completed_at) == (Status.RUNNING, None)
    assert list(losses(workspace, job)) == list(range(10, 210, 10))


async def test_a_failure_is_taken_back_when_the_run_goes_on(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = logs.written(tmp_path / "llama.log", logs.captured_output(ENTRIES[:3]) + CRASH)
    job = attached(workspace, path)
    assert (await watch(workspace, job, has_ended)).status is Status.FAILED
    with path.open("a") as file:
        file.write("".join(map(logs.bar, range(31, 35))) + "\n")
    assert attached(workspace, path).id == job.id
    seen = await watch(workspace, job, lambda job: job.status is Status.RUNNING)
    assert seen.error_message is None


async def test_watching_that_was_stopped_by_hand_can_be_taken_up_again(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = logs.written(tmp_path / "m.csv", logs.csv_table(ENTRIES))
    job = attached(workspace, path)
    assert isinstance(apply_action(workspace, Action.CANCEL, job.id), Ok)
    assert (attached(workspace, path).id, stored(workspace, job).status) == (job.id, Status.QUEUED)
    assert (await watch(workspace, job, lambda job: job.current_step == 200)).id == job.id


async def test_another_run_in_the_place_of_a_log_is_another_job(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = logs.written(tmp_path / "m.csv", logs.csv_table(ENTRIES), 3 * DAY)
    job = attached(workspace, path)
    await watch(workspace, job, has_ended)
    path.write_text(logs.csv_table(logs.history([3, 6])))
    again = attached(workspace, path)
    assert again.id != job.id
    assert list(losses(workspace, job)) == list(range(10, 210, 10))


def test_a_name_for_what_is_watched_already_renames_it(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = logs.written(tmp_path / "m.csv", logs.csv_table(ENTRIES))
    job = attached(workspace, path)
    assert attached(workspace, path, name=" mine ").name == "mine"
    assert attached(workspace, path).name == "mine"
    [event] = [e for e in workspace.database.read(history, job.id) if e.what == "name"]
    assert (event.before, event.after) == (job.name, "mine")


async def test_a_log_that_vanishes_is_a_sentence(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text(logs.json_lines(ENTRIES))
    job = attached(workspace, path)
    await watch(workspace, job, lambda job: job.current_step == 200)
    path.unlink()
    done = await watch(workspace, job, has_ended, gone_seconds=0.1)
    assert done.status is Status.CANCELLED
    assert done.error_message == f"{path} is not there any more. Watching has ended"
    lines = [line.text for line in new_log_lines(workspace, job.id, 0)]
    assert lines[-1] == f"{path} is not there any more", "told at once, before it is given up"


async def test_watching_is_stopped_and_nothing_else(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text(logs.json_lines(ENTRIES))
    job = attached(workspace, path)
    for action in (Action.PAUSE, Action.CANCEL_AFTER_EPOCH, Action.FAIL):
        assert isinstance(apply_action(workspace, action, job.id), Refused)
    stopped = False

    def ask(job: Job) -> bool:
        nonlocal stopped
        if job.current_step == 200 and not stopped:
            stopped = isinstance(apply_action(workspace, Action.CANCEL, job.id), Ok)
        return job.status.has_ended

    done = await watch(workspace, job, ask)
    assert (done.status, done.error_message) == (Status.CANCELLED, None)
    assert isinstance(apply_action(workspace, Action.DELETE, job.id), Ok)


async def test_what_is_only_watched_takes_no_place_of_what_is_trained(
    workspace: Workspace, tmp_path: Path, add_job: AddJob
) -> None:
    for name in ("a", "b"):
        (tmp_path / f"run-{name}.jsonl").write_text(logs.json_lines(ENTRIES))
        attached(workspace, tmp_path / f"run-{name}.jsonl")
    training = [add_job(speed="1") for _ in range(2)]
    stop = asyncio.Event()
    one = Worker(workspace.database, OWNER, concurrency=1)
    working = asyncio.create_task(one.run(stop))
    try:
        async with asyncio.timeout(10):
            while stored(workspace, training[0]).status is Status.QUEUED:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.5)
        held = [stored(workspace, job).status for job in training]
        assert held == [Status.INITIALIZING, Status.QUEUED]
        late = tmp_path / "late.jsonl"
        late.write_text(logs.json_lines(ENTRIES))
        job = attached(workspace, late)
        async with asyncio.timeout(10):
            while stored(workspace, job).current_step != 200:
                await asyncio.sleep(0.02)
    finally:
        stop.set()
        await working


def test_the_same_path_twice_is_the_same_job(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "my-run"
    path = logs.written(folder / "trainer_log.jsonl", logs.trainer_log([10, 20]))
    job = attached(workspace, path)
    os.symlink(folder, tmp_path / "link")
    assert attached(workspace, folder).id == job.id
    assert attached(workspace, tmp_path / "link" / "trainer_log.jsonl").id == job.id


def test_what_cannot_be_followed_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    other = logs.written(tmp_path / "people.csv", "name,age\nada,36\n")
    good = logs.written(tmp_path / "m.csv", logs.csv_table(ENTRIES))
    for path, name, sentence in (
        (other, None, "text without steps and losses"),
        (tmp_path / "nothing", None, "There is no file or folder"),
        (good, "x", "Name must be at least 3 characters"),
    ):
        answer = attach_run(workspace, path, name=name)
        assert isinstance(answer, Refused)
        assert sentence in answer.error


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("out/llama-lora/trainer_log.jsonl", "llama-lora"),
        ("alpaca.raw.json", "alpaca"),
        ("out/gemma/runs/Nov22_10-11-12_host/events.out.tfevents.1", "gemma"),
        ("work/runs/llama-lora/trainer_log.jsonl", "llama-lora"),
        ("work/runs/exp1/events.out.tfevents.1", "exp1"),
        ("work/logs/train.log", "work"),
        ("work/runs/2026-11-22/train.log", "work"),
        ("x/ab/metrics.csv", "run ab"),
    ],
)
def test_names_of_runs(tmp_path: Path, path: str, name: str) -> None:
    file = logs.written(tmp_path / path, "")
    if "tfevents" in path:
        assert name_of(file.parent) == name
    else:
        assert name_of(file) == name


def test_several_starts_below_one_folder_have_names_of_their_own(tmp_path: Path) -> None:
    starts = [tmp_path / "gemma" / "runs" / f"Nov22_10-11-1{n}_host" for n in (1, 2)]
    for start in starts:
        logs.written(start / "events.out.tfevents.1", b"")
    assert [name_of(start) for start in starts] == [f"gemma {start.name}" for start in starts]


def test_a_start_is_named_where_its_folder_cannot_be_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = tmp_path / "gemma" / "runs" / "Nov22_10-11-12_host"
    logs.written(start / "events.out.tfevents.1", b"")

    def refuse(_folder: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "scandir", refuse)
    assert name_of(start) == "gemma"


async def test_settings_that_appear_later_are_taken_up(
    workspace: Workspace, tmp_path: Path
) -> None:
    log = logs.written(tmp_path / "x" / "trainer_log.jsonl", logs.trainer_log([10]), 0)
    job = attached(workspace, log)
    assert job.run_settings == {}
    await watch(workspace, job, lambda job: job.current_step == 10)
    adapter = {"base_model_name_or_path": "meta-llama/Llama-3.1-8B", "r": 8}
    logs.written(log.parent / "adapter_config.json", json.dumps(adapter))
    logs.written(log, logs.trainer_log([10, 300]))
    done = await watch(workspace, job, has_ended)
    assert done.status is Status.COMPLETED
    assert done.base_model == "meta-llama/Llama-3.1-8B"
    assert done.run_settings == {"base_model": "meta-llama/Llama-3.1-8B", "lora_rank": 8}


async def test_the_time_left_is_known_at_once_where_the_log_gives_times(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = logs.written(tmp_path / "trainer_log.jsonl", logs.trainer_log([10, 50]), 0)
    job = attached(workspace, path)
    left: list[float | None] = []

    def seen(job: Job) -> bool:
        if job.current_step == 50:
            left.append(job.seconds_left())
        return job.current_step == 50

    await watch(workspace, job, seen)
    assert left[0] is not None
    assert 240 < left[0] <= 250, "50 steps took 50 s, and 250 are left"


async def test_a_disk_that_does_not_answer_keeps_nobody_waiting(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()
    monkeypatch.setattr("vapor_tui.runners.attach._open", lambda job: answered.wait(30))
    jobs = []
    for number in range(12):
        path = tmp_path / f"slow-{number}.jsonl"
        path.write_text(logs.json_lines(ENTRIES))
        jobs.append(attached(workspace, path))
    try:
        await watch(workspace, jobs[-1], lambda job: job.status is Status.INITIALIZING)
        assert stored(workspace, jobs[0]).status is Status.QUEUED, "handed back at once"
        assert isinstance(apply_action(workspace, Action.CANCEL, jobs[0].id), Ok)
    finally:
        answered.set()


async def test_settings_beside_the_log_are_kept(workspace: Workspace, tmp_path: Path) -> None:
    logs.written(tmp_path / "x" / "trainer_log.jsonl", logs.trainer_log([10]))
    adapter = {"base_model_name_or_path": "LFM2-1.2B", "r": 16, "lora_alpha": 32}
    logs.written(tmp_path / "x" / "adapter_config.json", json.dumps(adapter))
    job = attached(workspace, tmp_path / "x", name="mine")
    assert (job.name, job.base_model, job.model_parameters) == ("mine", "LFM2-1.2B", 1_170_340_608)
    assert job.run_settings == {"base_model": "LFM2-1.2B", "lora_rank": 16, "lora_alpha": 32}
    assert "source_state" not in job.model_dump(mode="json")
