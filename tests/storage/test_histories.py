"""What a monitor holds of a run: bounded, right to the step, read anew where that is cheaper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import Connection

from tests.conftest import AddJob
from vapor_tui.domain.history import RECENT, Detail, History
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.metrics import MetricsBlock, Void
from vapor_tui.domain.traces import MOST_BUCKETS, Lowest
from vapor_tui.services import traces
from vapor_tui.services.traces import detail_size, first_lost_step, history_now, read_detail
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import curves
from vapor_tui.storage.metrics import store_blocks

RNG = np.random.default_rng(0)


def log(workspace: Workspace, job: Job, first: int, losses: np.ndarray, every: int = 1) -> None:
    steps = first + every * np.arange(len(losses))
    block = MetricsBlock(step=steps, epoch=steps / 1000, loss=losses)
    workspace.database.write(store_blocks, job.id, [block])
    at = (steps % 1000 == 0) & np.isfinite(losses)
    if at.any():
        late = MetricsBlock(steps[at], steps[at] / 1000, eval_loss=losses[at] + 0.1)
        workspace.database.write(store_blocks, job.id, [late])


def read(workspace: Workspace, job: Job, known: History | None = None) -> History:
    return workspace.database.read(history_now, job.id, known)


def noise(count: int) -> np.ndarray:
    return 2 + RNG.normal(size=count).round(4) / 10


def ema(losses: np.ndarray, weight: float) -> float:
    last = 0.0
    for value in losses[-2000:].tolist():
        last = last * weight + (1 - weight) * value
    return last


@pytest.mark.parametrize("count", [1, 300, RECENT - 1, RECENT, 9_000, 70_001, 300_000])
def test_a_run_of_any_length_is_held_in_bounds_and_told_to_the_step(
    workspace: Workspace, add_job: AddJob, count: int
) -> None:
    job, losses = add_job(), noise(count)
    losses[count // 3] = 0.5
    log(workspace, job, 1, losses)
    history = read(workspace, job)
    assert len(history) <= 2 * RECENT + MOST_BUCKETS
    assert history.points.count.sum() == count, "every point counts once"
    assert (np.diff(history.points.step) > 0).all()
    lowest = history.lowest("loss")
    assert lowest is not None
    assert (lowest.value, lowest.step) == (0.5, count // 3 + 1)
    for weight in (0.0, 0.6, 0.99):
        found = history.smoothed_last("loss", weight)
        assert found == pytest.approx(ema(losses, weight), rel=1e-6) or count < 2000
    assert len(history.evaluations()) == pytest.approx(count // 1000, abs=count // 50_000)
    tail = history.points.since(len(history) - min(count, RECENT - history.trace.stride))
    assert (tail.count == 1).all(), "the latest points are held one by one"


@pytest.mark.parametrize("start", [10, 5_000, 40_000])
def test_a_history_that_grows_is_what_it_would_be_read_at_once(
    workspace: Workspace, add_job: AddJob, start: int
) -> None:
    job, losses = add_job(), noise(start + 30_000)
    log(workspace, job, 1, losses[:start])
    history, done = read(workspace, job), start
    while done < len(losses):
        piece = int(RNG.integers(1, 4_000))
        log(workspace, job, done + 1, losses[done : done + piece])
        done = min(done + piece, len(losses))
        history = read(workspace, job, history)
        assert len(history) <= 3 * RECENT + MOST_BUCKETS
        assert history.points.count.sum() == done
        assert (np.diff(history.points.step) > 0).all()
    lowest = history.lowest("loss")
    assert lowest is not None
    assert (lowest.value, lowest.step) == (losses.min(), losses.argmin() + 1)
    assert history.smoothed_last("loss", 0.9) == pytest.approx(ema(losses, 0.9), rel=1e-6)
    weights = history.points.count
    mean = np.average(history.points.mean[0], weights=weights)
    assert mean == pytest.approx(losses.mean(), rel=1e-9)


def test_nothing_new_gives_the_same_history_and_an_evaluation_a_new_one(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = add_job()
    log(workspace, job, 1, noise(250))
    history = read(workspace, job)
    assert read(workspace, job, history) is history
    late = MetricsBlock(np.array([250]), np.array([1.0]), eval_loss=np.array([0.765]))
    workspace.database.write(store_blocks, job.id, [late])
    after = read(workspace, job, history)
    assert len(after) == 250
    assert list(after.evaluations()) == [0.765]


def test_only_new_rows_are_read_and_of_a_burst_no_more_than_a_beginning(
    workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = add_job()
    log(workspace, job, 1, noise(200_000))
    history = read(workspace, job)
    rows: list[int] = []

    def counting(name: str) -> None:
        original: Callable[..., object] = getattr(curves, name)

        def counted(connection: Connection, *args: int) -> object:
            points = original(connection, *args)
            rows.append(len(points))  # type: ignore[arg-type]
            return points

        monkeypatch.setattr(traces.curves, name, counted)

    for name in ("points_after", "latest_points", "curve"):
        counting(name)
    log(workspace, job, 200_001, noise(10))
    history = read(workspace, job, history)
    assert rows == [11]
    rows.clear()
    log(workspace, job, 200_011, noise(300_000))
    history = read(workspace, job, history)
    assert sum(rows) < 20_000
    assert history.points.count.sum() == 500_010


def test_a_run_whose_rows_are_gone_is_read_anew(workspace: Workspace, add_job: AddJob) -> None:
    job, other = add_job(), add_job()
    log(workspace, job, 1, noise(300))
    log(workspace, other, 1, noise(40))
    assert len(read(workspace, other, read(workspace, job))) == 40


def test_a_run_that_was_stored_again_is_read_anew(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job()
    log(workspace, job, 1, noise(300))
    history = read(workspace, job)
    workspace.database.write(store_blocks, job.id, [Void()])
    log(workspace, job, 1, np.full(400, 7.0))
    after = read(workspace, job, history)
    assert after.points.mean[0].tolist() == [7.0] * 400, "none of the points before is left"


@pytest.mark.parametrize("count", [300, 70_000])
def test_steps_that_were_logged_again_and_late_evaluations_are_read_anew(
    workspace: Workspace, add_job: AddJob, count: int
) -> None:
    job = add_job()
    log(workspace, job, 1, np.ones(count))
    history = read(workspace, job)
    log(workspace, job, 100, np.full(50, 7.0))
    late = MetricsBlock(np.array([20]), np.array([0.02]), eval_loss=np.array([0.5]))
    workspace.database.write(store_blocks, job.id, [late])
    after = read(workspace, job, history)
    assert np.nanmax(after.points.high[0]) == 7.0
    assert after.lowest("eval_loss") == Lowest(0.5, 20)
    assert read(workspace, job, after) is after


def test_a_detail_of_a_run_that_has_changed_is_no_longer_shown(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = add_job()
    log(workspace, job, 1, np.ones(70_000))
    history = read(workspace, job)
    wanted = history.wanted_detail(100, 900, 100, detail_size)
    assert wanted is not None
    detail = read_detail(workspace, job.id, *wanted)
    log(workspace, job, 500, np.full(5, 7.0))
    after = read(workspace, job, history)
    assert after.with_detail(detail) is after.points
    assert after.resolution(100, 900, detail) == after.trace.stride
    fresh = after.with_detail(read_detail(workspace, job.id, *wanted))
    assert (fresh.count[fresh.high[0] == 7.0] == 1).sum() == 5


def test_a_detail_takes_the_place_of_the_stretches_that_it_shows(
    workspace: Workspace, add_job: AddJob
) -> None:
    job, losses = add_job(), noise(300_000)
    log(workspace, job, 1, losses)
    history = read(workspace, job)
    assert history.wanted_detail(0, 300_000, 100, detail_size) is None
    assert history.wanted_detail(299_000, 300_000, 100, detail_size) is None, "held already"
    for low, high in ((100_000, 100_900), (0, 20_000), (280_000, 299_999)):
        wanted = history.wanted_detail(low, high, 100, detail_size)
        assert wanted is not None
        detail = read_detail(workspace, job.id, *wanted)
        points = history.with_detail(detail)
        assert points.count.sum() == len(losses)
        assert (np.diff(points.step) > 0).all()
        shown = points.up_to(high).behind(low)
        assert len(shown) >= min(100, high - low)
        if detail.size == 1:
            held = detail.points
            np.testing.assert_allclose(held.mean[0], losses[held.step - 1])
        assert history.resolution(low, high, detail) == detail.size
        assert history.resolution(low - 50_000 if low else 0, high + 99_000, detail) > detail.size


def test_no_detail_is_asked_for_that_is_no_finer(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job()
    log(workspace, job, 1, noise(70_000))
    history = read(workspace, job)
    for span in (10, 100, 1_000, 5_000, 20_000, 60_000):
        wanted = history.wanted_detail(1_000, 1_000 + span, 120, detail_size)
        assert (wanted is not None) == (history.trace.stride * 120 > span)
        if wanted:
            detail = Detail(*wanted, detail_size(wanted[1] - wanted[0]), history.points)
            assert detail.size < history.trace.stride


def test_where_the_loss_was_lost_is_found_in_a_long_run(
    workspace: Workspace, add_job: AddJob
) -> None:
    job, losses = add_job(), noise(200_000)
    losses[123_456:] = np.nan
    losses[1_000] = np.inf
    log(workspace, job, 1, losses)
    history = read(workspace, job)
    assert workspace.database.read(first_lost_step, job.id, history) == 123_457
    assert history.points.lost[0][-RECENT:].all()
    early_lost = np.flatnonzero(history.points.lost[0][: 100_000 // 64])
    assert early_lost.tolist() == [1_000 // history.trace.stride]
    early = replace(history, points=history.points.up_to(0))
    assert workspace.database.read(first_lost_step, job.id, early) == 1_001
