"""What the list and the monitor say about a job, without a screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.ui.support import NOON, advance, hold, set_times, stored
from vapor_tui.domain.cost_plan import (
    drift,
    planned_cost,
    planned_seconds_left,
    projected_cost,
)
from vapor_tui.domain.health.findings import Finding, HealthKind
from vapor_tui.domain.jobs import (
    CurrentMetrics,
    Job,
)
from vapor_tui.domain.lifecycle import Desired, Position, Stage, Status
from vapor_tui.domain.notifications import (
    Kind,
    Notification,
    Priority,
    health_notice,
    queued_notice,
)
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.domain.totals import Tally, Totals
from vapor_tui.services.overview import overview
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.notifications import notify
from vapor_tui.ui.job_actions import objection_to
from vapor_tui.ui.job_layout import check_columns, heading_line, job_line, layout_for
from vapor_tui.ui.job_rows import COLUMNS
from vapor_tui.ui.monitor_blocks import detail_lines, progress_block, side_lines
from vapor_tui.ui.monitor_lines import (
    Figures,
    brief_lines,
    identity_line,
    speed_line,
    title_line,
    values_line,
)
from vapor_tui.ui.notices import totals_line
from vapor_tui.ui.notification_rows import LAYOUTS, Cell, full_lines
from vapor_tui.ui.toasting import folded
from vapor_tui.ui.toasts import toasts_of
from vapor_tui.ui.widgets.lines import Line, line_width

AddJob = Callable[..., Job]
EVIL = "a\x1b]52;c;AAAA\x07b[red]c[/]\u202ed"
FIGURES = Figures(0.931, 0.874, 441, (1.02, 0.99), None, 4.4)


def plain(*lines: Line) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


@pytest.fixture
def job(workspace: Workspace, add_job: AddJob) -> Job:
    """A job at step 457 of 750."""
    return advance(workspace, hold(workspace, add_job, budget=10), 457)


@pytest.mark.parametrize("width", [56, 60, 76, 80, 116, 120, 156, 250])
def test_a_row_fills_its_width_exactly(job: Job, width: int) -> None:
    layout = layout_for(width)
    line = job_line(job, (3.0, 2.0, 1.0), NOON, layout, width, is_current=True, has_focus=True)
    assert line_width(line) == line_width(heading_line(layout, width)) == width
    assert "support-bot" in plain(line)
    assert "running" in plain(line)


@pytest.mark.parametrize("width", [56, 80, 116])
def test_names_that_differ_in_their_ends_alone_are_told_apart(job: Job, width: int) -> None:
    layout = layout_for(width)
    lines = {
        plain(job_line(named, (), NOON, layout, width, is_current=False, has_focus=False))
        for end in ("", "-2", "-13")
        for named in [job.model_copy(update={"name": f"support-chats-lfm2-350m{end}"})]
    }
    assert len(lines) == 3


@pytest.mark.parametrize("width", [10, 30, 58, 78, 118, 158, 300])
def test_chosen_columns_fit_or_the_last_are_left_out(job: Job, width: int) -> None:
    chosen = ("status", "name", *(name for name in COLUMNS if name not in ("status", "name")))
    layout = layout_for(width, chosen)
    line = job_line(job, (3.0, 2.0), NOON, layout, width, is_current=False, has_focus=True)
    assert line_width(line) == line_width(heading_line(layout, width)) == width
    assert layout.columns == tuple(n for n in chosen if n in layout.columns), "in their order"
    assert "name" in layout.columns
    if width >= 58:
        assert layout.columns[0] == "status"
        assert "support-" in plain(line)
    assert (len(layout.columns) == len(COLUMNS)) is (width >= 158)


def test_columns_are_known_by_name() -> None:
    assert check_columns(()) == Ok(())
    assert check_columns(("cost", "cost", "id")) == Ok(("name", "cost", "id"))
    wrong = check_columns(("id", "prise"))
    assert isinstance(wrong, Refused)
    assert wrong.error.startswith('There is no column "prise"; there are id, name, status')


def test_tags_stand_behind_the_name_where_there_is_room(job: Job) -> None:
    tagged = job.model_copy(update={"tags": ["first", "second-one"]})

    def row(width: int, *columns: str) -> str:
        layout = layout_for(width, columns)
        return plain(job_line(tagged, (), NOON, layout, width, is_current=False, has_focus=False))

    assert "support-bot #first #second-one " in row(170)
    assert "#" not in row(78)
    assert "support-bot  " in row(120, "name", "tags")
    assert "first, second-one" in row(120, "name", "tags")
    assert "#first #second-one" in plain(identity_line(tagged, 150))


def test_a_note_is_cut_where_it_is_long(job: Job) -> None:
    noted = job.model_copy(update={"notes": "\n".join(f"line {n}" for n in range(9))})
    side = plain(*side_lines(noted, NOON, FIGURES, 48, 60))
    assert "line 3\n… N shows all of it" in side
    assert "note line 0" in plain(*brief_lines(noted, NOON, FIGURES, 80))


def test_sums_of_real_and_simulated_jobs_stand_apart() -> None:
    totals = Totals(
        real=Tally({Status.RUNNING: 1}, 11.2, 1234.5), simulated=Tally({Status.QUEUED: 2}, 2.41, 9)
    )
    wide = plain(totals_line(totals, 150))
    assert "real 1 running  0 queued      $11.20 today  $1,234.50 this month" in wide
    assert "simulated 0 running  2 queued       $2.41 today      $9.00 this month" in wide
    assert "$13.61" not in wide
    for width in (54, 74, 114):
        assert line_width(totals_line(totals, width)) <= width
    middle, narrow = totals_line(totals, 74), totals_line(totals, 54)
    assert plain(middle) == "real $11.20 today $1,234.50 month   sim $2.41 today $9.00 month"
    assert plain(narrow) == "real $11.20 today   sim $2.41 today"


def test_a_row_never_shows_what_a_terminal_obeys(job: Job) -> None:
    evil = job.model_copy(
        update={
            "name": EVIL,
            "base_model": EVIL,
            "dataset_name": EVIL,
            "tags": [EVIL],
            "notes": f"{EVIL}\n{EVIL}",
        }
    )
    tagged = layout_for(250, tuple(COLUMNS))
    shown = plain(
        job_line(evil, (), NOON, layout_for(250), 250, is_current=False, has_focus=False),
        job_line(evil, (), NOON, tagged, 250, is_current=False, has_focus=False),
        identity_line(evil, 250),
        title_line(evil, "12:00", 200),
        *brief_lines(evil, NOON, FIGURES, 200),
        *side_lines(evil, NOON, FIGURES, 60, 60),
        *side_lines(
            evil.model_copy(update={"status": Status.FAILED, "error_message": EVIL}),
            NOON, FIGURES, 60, 60,
        ),
    )  # fmt: skip
    assert "[red]" in shown
    assert not any(character in shown for character in "\x1b\x07\u202e")


def test_money_of_a_simulated_job_is_marked(job: Job) -> None:
    row = job_line(job, (), NOON, layout_for(120), 120, is_current=False, has_focus=False)
    assert "sim" in plain(row)
    assert "simulated" in plain(*side_lines(job, NOON, FIGURES, 48, 60))
    assert "sim" in plain(*brief_lines(job, NOON, FIGURES, 80))
    for line in (identity_line(job, 116), title_line(job, "12:00", 78)):
        assert "SIMULATED" in plain(line)


def test_a_long_reason_leaves_room_in_a_narrow_terminal(job: Job) -> None:
    failed = job.model_copy(update={"status": Status.FAILED, "error_message": "no room " * 60})
    told = [line for line in brief_lines(failed, NOON, FIGURES, 56) if "no room" in plain(line)]
    assert len(told) == 2


def test_a_loss_that_is_not_finite_is_named() -> None:
    for mark, text in (("nan", "NaN"), ("inf", "inf"), ("-inf", "-inf")):
        metrics = CurrentMetrics(step=3, loss=None, non_finite={"loss": mark})
        assert metrics.shown("loss") == text


@pytest.mark.parametrize("width", [56, 78, 118])
def test_lines_keep_to_their_width(job: Job, width: int) -> None:
    for line in (
        identity_line(job, width),
        title_line(job, "12:00", width),
        values_line(job, FIGURES, width),
        *brief_lines(job, NOON, FIGURES, width),
    ):
        assert line_width(line) <= width


def test_the_title_gives_way_in_the_right_order(job: Job) -> None:
    assert "training, epoch 2 of 3" in plain(title_line(job, "12:00", 80))
    narrow = plain(title_line(job, "12:00", 58))
    assert "support-bot" in narrow
    assert "training" not in narrow


def test_blocks_are_shown_whole_or_not_at_all(job: Job) -> None:
    for height in range(40):
        lines = side_lines(job, NOON, FIGURES, 48, height)
        assert len(lines) <= height
        assert ("Cost" in plain(*lines)) == ("budget" in plain(*lines))


def test_the_side_of_a_running_job_says_where_it_is(job: Job) -> None:
    shown = plain(*side_lines(job, NOON, FIGURES, 48, 60))
    for text in ("60 %", "457 of 750", "4.4/s", "3,540 tok/s", "41s", "12:00", "rank 16"):
        assert text in shown
    assert "1.020, 0.990  falling" in shown


@pytest.mark.parametrize(
    ("evaluated", "words"),
    [
        ((1.2,), "1.200"),
        ((1.2, 1.1), "1.200, 1.100  falling"),
        ((1.2, 1.1, 1.105), "1.200, 1.100, 1.105  level"),
        ((1.1, 3.9, 4.8, 2.4), "3.900, 4.800, 2.400  above its best 1.100"),
    ],
)
def test_evaluations_are_judged_by_the_best(
    job: Job, evaluated: tuple[float, ...], words: str
) -> None:
    shown = plain(*side_lines(job, NOON, replace(FIGURES, evaluations=evaluated), 48, 60))
    line = next(line for line in shown.splitlines() if line.startswith("eval"))
    assert line.removeprefix("eval").strip() == words


def test_details_begin_with_what_a_small_terminal_shows_nowhere_else(job: Job) -> None:
    for height in range(40):
        shown = plain(*detail_lines(job, NOON, FIGURES, 56, height))
        assert len(shown.splitlines()) <= height
        if height >= 6:
            assert shown.startswith("Health")


@pytest.mark.parametrize("width", [48, 57])
@pytest.mark.parametrize("total", [1_000, 20_000, 100_000, 1_000_000])
def test_steps_and_speed_are_whole_and_stay_in_their_place(
    job: Job, total: int, width: int
) -> None:
    columns = set()
    for step in (1, total // 9, total):
        known = job.model_copy(update={"current_step": step, "total_steps": total})
        lines = progress_block(known, NOON, FIGURES, width)
        shown = [line for line in lines if re.match("step|speed", plain(line))]
        assert all(line_width(line) <= width for line in shown)
        assert re.fullmatch(
            rf"step +{step:,} of {total:,}(\s+|\nspeed +)4.4/s +3,540 tok/s", plain(*shown)
        )
        columns.add(plain(shown[-1]).index("4.4/s"))
    assert len(columns) == 1


@pytest.mark.parametrize("width", [56, 76])
@pytest.mark.parametrize("total", [750, 20_000, 1_000_000])
@pytest.mark.parametrize("days", [0, 1, 9])
def test_steps_and_time_left_of_long_runs_are_whole_in_a_narrow_terminal(
    job: Job, total: int, width: int, days: int
) -> None:
    ends = NOON + timedelta(days=days, hours=1)
    update = {"current_step": 457, "total_steps": total, "estimated_completion_at": ends}
    first, *rest = brief_lines(job.model_copy(update=update), NOON, FIGURES, width)
    shown = plain(first)
    assert f"457/{total:,} " in shown
    assert line_width(first) <= width
    assert "left " in shown
    assert shown.rstrip().endswith(("13:00",) if width == 76 else ("13:00", "1h", "25h", "9d"))
    assert all(line_width(line) <= width for line in rest)


@pytest.mark.parametrize(
    ("pace", "said"), [(4.4, "4.4/s"), (1234.0, "1,234/s"), (0.0333, "0.033/s"), (None, "-/s")]
)
def test_the_speed_has_a_blank_after_it(job: Job, pace: float | None, said: str) -> None:
    line = plain(speed_line(job, replace(FIGURES, steps_per_second=pace)))
    assert line == f"{said:<8}3,540 tok/s"


@pytest.mark.parametrize("stands", [Status.PAUSED, Status.QUEUED, "quiet"])
def test_what_stands_still_has_no_speed(job: Job, stands: Status | str) -> None:
    is_quiet = stands == "quiet"
    known = job if is_quiet else job.model_copy(update={"status": stands})
    assert plain(speed_line(known, replace(FIGURES, is_quiet=is_quiet))).strip() == "-/s"


def test_a_failure_is_told_with_what_can_be_done(workspace: Workspace, add_job: AddJob) -> None:
    job = advance(
        workspace, hold(workspace, add_job), 33, status=Status.FAILED, reason="loss is NaN"
    )
    set_times(workspace, job, 30)
    shown = plain(*side_lines(stored(workspace, job.id), NOON, FIGURES, 48, 60))
    assert "loss is NaN" in shown
    assert "new job with these settings" in shown
    assert "ended 11:31" in shown


def test_a_wish_on_its_way_is_shown(job: Job) -> None:
    stopping = job.model_copy(update={"desired": Desired.STOP})
    line = job_line(stopping, (), NOON, layout_for(120), 120, is_current=False, has_focus=False)
    assert "stopping" in plain(line)
    assert "STOPPING" in plain(identity_line(stopping, 118))


def test_the_plan_by_now_counts_what_comes_before_the_first_step(job: Job) -> None:
    """Of 1980 s, initialisation takes 600 and each of three evaluations and saving 300."""
    assert job.estimate is not None
    rate = job.estimate.hourly_rate / 3600

    def planned(position: Position) -> float:
        moved = job.model_copy(
            update={
                "current_stage": position.stage,
                "current_epoch": position.epoch,
                "stage_seconds": position.seconds,
                "current_step": position.step,
            }
        )
        return (planned_cost(moved) or 0.0) / rate

    per_step = job.estimate.seconds_per_step
    assert planned(Position()) == 0
    assert planned(Position(Stage.INITIALIZING, 0, 60.0, 0)) == pytest.approx(60)
    assert planned(Position(Stage.TRAINING, 1, 0.0, 0)) == pytest.approx(600)
    assert planned(Position(Stage.VALIDATING, 1, 100.0, 250)) == pytest.approx(
        600 + 250 * per_step + 100
    )
    assert planned(Position(Stage.TRAINING, 2, 0.0, 260)) == pytest.approx(
        600 + 260 * per_step + 300
    )
    assert planned(Position(Stage.COMPLETED, 3, 0.0, 750)) == pytest.approx(job.estimate.seconds)


def test_the_projection_goes_on_drifting(job: Job) -> None:
    assert job.estimate is not None
    planned = planned_cost(job)
    assert planned is not None
    on_plan = job.model_copy(update={"current_cost": planned})
    assert projected_cost(on_plan) == pytest.approx(job.estimate.total_cost)
    dear = job.model_copy(update={"current_cost": planned * 1.1})
    assert projected_cost(dear) == pytest.approx(job.estimate.compute_cost * 1.1 + 0.5)
    assert drift(2.41, 2.36) == "+2 %"
    assert drift(2.36, 2.36) == "±0 %"
    assert drift(1.0, 0.0) == "-"


def test_a_job_that_is_to_stop_is_planned_up_to_the_end_of_its_epoch(job: Job) -> None:
    """The whole takes 1980 s: 600, three epochs of 60 s and an evaluation of 300, and saving."""
    assert job.estimate is not None
    stopping = job.model_copy(update={"desired": Desired.STOP_AFTER_EPOCH})
    assert (job.ends_at_step, stopping.ends_at_step) == (750, 500)
    all_of_it, less = planned_seconds_left(job), planned_seconds_left(stopping)
    assert all_of_it is not None
    assert less is not None
    assert all_of_it - less == pytest.approx(250 * job.estimate.seconds_per_step + 600)

    on_plan = stopping.model_copy(update={"current_cost": planned_cost(stopping)})
    at_end = job.estimate.cost_at(1200 + 500 * job.estimate.seconds_per_step) + 0.5
    assert projected_cost(on_plan) == pytest.approx(at_end)
    saving = {"current_stage": Stage.SAVING, "current_step": 750, "current_epoch": 3}
    assert stopping.model_copy(update=saving).ends_at_step == 750
    first = {"current_stage": Stage.INITIALIZING, "current_step": 0, "current_epoch": 0}
    assert stopping.model_copy(update=first).ends_at_step == 250


def note(number: int, priority: Priority, job_id: int | None = 1) -> Notification:
    return Notification(
        id=number,
        owner="ada",
        type=Kind.FAILED if priority is Priority.HIGH else Kind.STARTED,
        title=f"News {number}",
        message=EVIL,
        priority=priority,
        read=False,
        job_id=job_id,
        created_at=NOON - timedelta(minutes=1),
    )


def test_toasts_tell_what_matters_and_do_not_flood() -> None:
    assert toasts_of([note(1, Priority.LOW, job_id=3)], watched=3) == []
    assert [t.title for t in toasts_of([note(1, Priority.LOW, job_id=3)], watched=4)] == [
        "#3 News 1"
    ]
    many = [note(n, Priority.LOW) for n in range(1, 9)] + [note(9, Priority.HIGH)]
    told = toasts_of(many, watched=None)
    assert [toast.title for toast in told] == ["#1 News 9", "#1 News 1", "More news"]
    assert told[0].severity == "error"
    assert "7 more" in told[-1].message
    assert "\x1b" not in told[0].message
    (only,) = toasts_of(many, watched=None, most=1)
    assert only.title == "#1 News 9, and 8 more"


def test_a_toast_says_which_job_and_is_short() -> None:
    name = "support-chats-lfm2-350m-long"
    finding = Finding(HealthKind.NAN, 100, "The loss is NaN")
    told = note(1, Priority.HIGH, job_id=2).model_copy(
        update={
            "message": health_notice(name, finding).message,
            "metadata": {"health": "nan", "step": 100},
            "job_name": name,
            "title": "NaN loss",
        }
    )
    (toast,) = toasts_of([told], watched=None)
    assert toast.title == "#2 NaN loss"
    assert toast.message == '"support-chats-lfm2-350m…", step 100: The loss is NaN'


def test_a_long_word_of_a_toast_is_broken_between_its_parts() -> None:
    path = "/home/ada/llama-runs/long-name/vapor-jobs.csv"
    assert folded(f"In {path}", 20) == "In /home/ada/llama-\nruns/long-name/\nvapor-jobs.csv"
    assert folded("a short text", 20) == "a short text"
    assert folded("x" * 30, 20) == "x" * 30


def test_news_without_a_job_pop_up_where_no_job_is_watched() -> None:
    assert len(toasts_of([note(1, Priority.LOW, job_id=None)], watched=None)) == 1


def test_the_most_important_of_many_news_are_told_and_all_are_counted(
    workspace: Workspace,
) -> None:
    before = overview(workspace)
    failed = replace(queued_notice("first"), priority=Priority.HIGH, title="It failed")
    for notice in (failed, *(queued_notice(f"job {n}") for n in range(99))):
        workspace.database.write(notify, workspace.owner, notice)
    after = overview(workspace, before)
    assert after is not None
    assert after.news_count == 100
    assert [n.id for n in after.news] == sorted(n.id for n in after.news)
    told = toasts_of(after.news, None, after.news_count)
    assert told[0].title == "It failed"
    assert told[-1].message == "98 more notifications"


@pytest.mark.parametrize("width", [60, 74, 114, 154])
def test_a_notification_of_wide_characters_has_room(width: int) -> None:
    told = note(1, Priority.HIGH).model_copy(update={"message": "训练 job 在第二轮结束" * 40})
    lines = full_lines(told, NOON, width, 5)
    assert len(lines) == 5
    assert max(map(line_width, lines)) <= width
    assert plain(lines[-1]).endswith("…")
    for layout in LAYOUTS:
        row = layout.row(Cell(told, NOON), width, is_current=True, has_focus=True)
        assert line_width(row) == width


def test_figures_of_nothing_are_absent() -> None:
    metrics = CurrentMetrics()
    job = Job.model_construct(current_metrics=metrics)
    assert plain(values_line(job, Figures(), 80)) == "loss -"


@pytest.mark.parametrize("key", ["resume", "retry"])
def test_what_would_fail_again_is_answered_in_the_same_way_by_both_keys(job: Job, key: str) -> None:
    failed = job.model_copy(update={"status": Status.FAILED, "error_repeats": True})
    assert "would fail in the same way again" in (objection_to(key, failed) or "")
    assert objection_to(key, failed.model_copy(update={"error_repeats": False})) is None


@pytest.mark.parametrize("status", [Status.RUNNING, Status.COMPLETED, Status.CANCELLED])
def test_the_status_stays_whole_beside_the_mark_of_a_fault(job: Job, status: Status) -> None:
    hurt = job.model_copy(update={"status": status, "injection": "spike@60"})
    narrow = plain(title_line(hurt, "12:00", 58))
    assert status.value.upper() in narrow
    assert "INJECTED" in narrow
    assert "SIMULATED, INJECTED spike@60" in plain(title_line(hurt, "12:00", 78))
