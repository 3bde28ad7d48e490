"""What runs are summed up to: the same whatever pieces they came in."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from tests.conftest import AddJob
from vapor_tui.domain.metrics import VALUE_COLUMNS, MetricsBlock
from vapor_tui.domain.traces import GREATEST, Points
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.curves import curve
from vapor_tui.storage.engine import connect
from vapor_tui.storage.marks import APPLICATION_ID
from vapor_tui.storage.metrics import store_blocks
from vapor_tui.storage.schema import ensure
from vapor_tui.storage.stretches import SMALLEST, read_stretches, size_within
from vapor_tui.storage.upgrade import migrate

LOSS = VALUE_COLUMNS.index("loss")


def _block(steps: Sequence[int], seed: int = 0) -> MetricsBlock:
    """Return losses that depend on the step alone, one in fifty of them not a number."""
    step = np.array(steps, dtype=np.int64)
    loss = 1 + np.sin(step * 0.7 + seed)
    loss[step % 50 == 0] = np.nan
    return MetricsBlock(step=step, epoch=step / 1000, loss=loss, grad_norm=step / 10)


def _summed(workspace: Workspace, job_id: int, size: int) -> Points:
    raw = connect(workspace.database.path)
    try:
        return read_stretches(raw, job_id, size, 0, 10**9)
    finally:
        raw.close()


def _is_what_was_stored(points: Points, steps: Sequence[int], size: int) -> None:
    loss = dict(zip(steps, _block(steps).loss.tolist(), strict=True))  # type: ignore[union-attr]
    last = max(steps)
    keys = sorted({(step - 1) // size for step in steps if (step - 1) // size < last // size})
    assert len(points) == len(keys)
    for place, key in enumerate(keys):
        inside = [step for step in steps if (step - 1) // size == key]
        values = np.array([loss[step] for step in inside])
        assert points.step[place] == inside[-1]
        assert points.count[place] == len(inside)
        finite = values[np.isfinite(values)]
        assert points.lost[LOSS, place] == (len(finite) < len(values))
        if not len(finite):
            assert np.isnan(points.low[LOSS, place])
            continue
        assert points.low[LOSS, place] == finite.min()
        assert points.high[LOSS, place] == finite.max()
        assert points.mean[LOSS, place] == pytest.approx(finite.mean(), rel=0.05)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    sizes=st.lists(st.integers(1, 700), min_size=1, max_size=8),
    stride=st.sampled_from([1, 1, 3, 10, 100]),
)
def test_the_pieces_that_a_run_comes_in_do_not_show(
    workspace: Workspace, add_job: AddJob, sizes: list[int], stride: int
) -> None:
    job_id = add_job().id
    steps = [n * stride for n in range(1, sum(sizes) + 1)]
    begin = 0
    for size in sizes:
        block = _block(steps[begin : begin + size])
        workspace.database.write(store_blocks, job_id, [block])
        begin += size
    for size in (64, 512, 4096):
        _is_what_was_stored(_summed(workspace, job_id, size), steps, size)


def test_an_evaluation_that_comes_later_is_summed_up_too(
    workspace: Workspace, add_job: AddJob
) -> None:
    job_id = add_job().id
    workspace.database.write(store_blocks, job_id, [_block(range(1, 1025))])
    late = MetricsBlock(step=np.array([64]), epoch=np.array([0.064]), eval_loss=np.array([0.25]))
    workspace.database.write(store_blocks, job_id, [late])
    for size in (64, 512):
        summed = _summed(workspace, job_id, size)
        assert summed.mean[VALUE_COLUMNS.index("eval_loss"), 0] == 0.25
        _is_what_was_stored(summed, range(1, 1025), size)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_the_order_that_rows_come_in_does_not_show(
    workspace: Workspace, add_job: AddJob, data: st.DataObject
) -> None:
    job_id = add_job().id
    finite = st.integers(1, 6_000).filter(lambda step: step % 50)
    steps = data.draw(st.lists(finite, min_size=1, max_size=300, unique=True))
    left = list(steps)
    while left:
        part = left[: data.draw(st.integers(1, 40))]
        workspace.database.write(store_blocks, job_id, [_block(sorted(part))])
        left = left[len(part) :]
    for size in (64, 512, 4096):
        _is_what_was_stored(_summed(workspace, job_id, size), sorted(steps), size)


def test_a_late_row_sums_up_no_more_than_its_own_stretches(
    workspace: Workspace, add_job: AddJob
) -> None:
    job_id = add_job().id
    workspace.database.write(store_blocks, job_id, [_block(range(1, 4097))])
    changes = "SELECT count(*) FROM metric_stretches WHERE created_at = 0"
    with closing(connect(workspace.database.path)) as raw:
        raw.execute("UPDATE metric_stretches SET created_at = 0")
        left = raw.execute(changes).fetchone()[0]
        late = MetricsBlock(np.array([70, 3_000]), np.array([0.07, 3.0]), loss=np.array([9.0, 9.0]))
        workspace.database.write(store_blocks, job_id, [late])
        assert left - raw.execute(changes).fetchone()[0] == 2 + 2 + 1


def test_a_loss_that_was_not_logged_is_not_lost(workspace: Workspace, add_job: AddJob) -> None:
    job_id, steps = add_job().id, np.arange(1, 4097)
    every = MetricsBlock(steps, steps / 1000, learning_rate=np.full(4096, 1e-4))
    some = steps[99::100]
    workspace.database.write(store_blocks, job_id, [every])
    workspace.database.write(
        store_blocks, job_id, [MetricsBlock(some, some / 1000, loss=np.ones(len(some)))]
    )
    for size in (64, 512, 4096):
        assert not _summed(workspace, job_id, size).lost.any()
    bad = MetricsBlock(np.array([1000]), np.array([1.0]), loss=np.array([np.nan]))
    workspace.database.write(store_blocks, job_id, [bad])
    for size in (64, 512, 4096):
        lost = _summed(workspace, job_id, size).lost[LOSS]
        assert np.flatnonzero(lost).tolist() == [999 // size]


def test_values_that_add_up_to_more_than_any_number_are_summed_up(
    workspace: Workspace, add_job: AddJob
) -> None:
    job_id, steps = add_job().id, np.arange(1, 600)
    huge = MetricsBlock(steps, steps / 1000, loss=np.full(599, 1.7e308))
    workspace.database.write(store_blocks, job_id, [huge])
    late = MetricsBlock(steps[:1], steps[:1] / 1000, grad_norm=np.ones(1))
    workspace.database.write(store_blocks, job_id, [late])
    for size in (64, 512):
        points = _summed(workspace, job_id, size)
        for values in (points.low, points.high, points.mean):
            assert (np.abs(values[LOSS]) <= GREATEST).all()


def test_a_change_that_fails_sums_nothing_up(workspace: Workspace, add_job: AddJob) -> None:
    job_id = add_job().id

    def fail(connection: object) -> None:
        store_blocks(connection, job_id, [_block(range(1, 200))])  # type: ignore[arg-type]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        workspace.database.write(fail)
    assert len(_summed(workspace, job_id, SMALLEST)) == 0


@pytest.mark.parametrize(
    ("steps", "size"), [(10, None), (100, None), (101, 64), (6_400, 64), (6_401, 512)]
)
def test_stretches_are_as_short_as_can_be(steps: int, size: int | None) -> None:
    assert size_within(steps, 100) == size


def test_a_curve_is_whole_and_bounded_however_long_the_run(
    workspace: Workspace, add_job: AddJob
) -> None:
    job_id, last = add_job().id, 40_123
    workspace.database.write(store_blocks, job_id, [_block(range(1, last + 1))])
    points = workspace.database.read(curve, job_id, 0, last, 500)
    assert len(points) < 500 + 3 * 64
    assert points.step[-1] == last
    assert points.count.sum() == last
    assert (np.diff(points.step) > 0).all()
    part = workspace.database.read(curve, job_id, 20_000, 20_100, 500)
    assert part.step.tolist() == list(range(20_001, 20_101))


def test_an_upgrade_sums_up_what_is_there(
    workspace: Workspace, add_job: AddJob, tmp_path: Path
) -> None:
    job_id, other = add_job().id, add_job().id
    workspace.database.write(store_blocks, job_id, [_block(range(1, 5_000))])
    workspace.database.write(store_blocks, other, [_block(range(10, 900, 10))])
    path = tmp_path / "old.db"
    _copy_to_second_version(workspace.database.path, path)

    ensure(path)

    before, after = _all_stretches(workspace.database.path), _all_stretches(path)
    assert len(before) == len(after) > 80
    for old, new in zip(before, after, strict=True):
        assert old == pytest.approx(new)


def _all_stretches(path: Path) -> list[tuple[object, ...]]:
    with closing(connect(path)) as raw:
        # A migration adds columns behind the others, wherever a new database has them.
        found = raw.execute("SELECT name FROM pragma_table_info('metric_stretches') ORDER BY name")
        names = ", ".join(name for (name,) in found)
        order = "job_id, size, stretch"
        return raw.execute(f"SELECT {names} FROM metric_stretches ORDER BY {order}").fetchall()


def _copy_to_second_version(source: Path, path: Path) -> None:
    """Write the jobs and metrics of a database into one of the schema before stretches."""
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(path))
    with engine.begin() as connection:
        migrate(connection, "0002")
    engine.dispose()
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("ATTACH ? AS source", (str(source),))
        for table in ("datasets", "training_jobs", "training_metrics"):
            names = ", ".join(f'"{row[1]}"' for row in raw.execute(f"PRAGMA table_info({table})"))
            raw.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM source.{table}")
        raw.execute(f"PRAGMA application_id={APPLICATION_ID}")
        raw.execute("PRAGMA user_version=2")


def test_a_gap_among_logged_losses_is_not_lost(workspace: Workspace, add_job: AddJob) -> None:
    job_id = add_job().id
    steps = np.arange(1, 129)
    missing = steps % 2 == 0
    gaps = np.zeros((len(VALUE_COLUMNS), len(steps)), dtype=np.bool_)
    gaps[LOSS] = missing
    loss = np.where(missing, np.nan, 1.5)
    loss[98] = np.nan
    block = MetricsBlock(steps, steps / 100, loss=loss, grad_norm=loss, gaps=gaps)
    workspace.database.write(store_blocks, job_id, [block])
    summed = _summed(workspace, job_id, SMALLEST)
    assert summed.lost[LOSS].tolist() == [False, True]
