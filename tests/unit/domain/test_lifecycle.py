"""Which change of a job may follow which."""

from __future__ import annotations

from itertools import product

import pytest

from vapor_tui.domain.lifecycle import (
    Action,
    Stage,
    Status,
    may_apply,
    may_become,
    objection,
    refusal,
    stage_label,
)

Q, N, R, P = Status.QUEUED, Status.INITIALIZING, Status.RUNNING, Status.PAUSED
C, F, X = Status.COMPLETED, Status.FAILED, Status.CANCELLED

ALLOWED = {
    *((Q, N), (N, R), (R, C)),
    *((s, X) for s in (Q, N, R, P)),
    *((s, F) for s in (N, R)),
    *((s, P) for s in (Q, N, R)),
    (P, Q),
    *((s, Q) for s in (N, R)),
    (F, Q),
}


@pytest.mark.parametrize(("before", "after"), list(product(Status, Status)))
def test_exactly_the_changes_of_the_table_are_allowed(before: Status, after: Status) -> None:
    assert may_become(before, after) is ((before, after) in ALLOWED)


def test_completed_and_cancelled_are_final() -> None:
    assert {status for status in Status if status.is_final} == {C, X}


@pytest.mark.parametrize(
    ("action", "statuses"),
    [
        (Action.PAUSE, {Q, N, R}),
        (Action.RESUME, {P}),
        (Action.CANCEL, {Q, N, R, P}),
        (Action.CANCEL_AFTER_EPOCH, {N, R}),
        (Action.RETRY, {F}),
        (Action.FAIL, {N, R}),
        (Action.DELETE, {C, F, X}),
    ],
)
def test_actions_fit_their_statuses(action: Action, statuses: set[Status]) -> None:
    assert {status for status in Status if may_apply(action, status)} == statuses


def test_a_refusal_names_job_status_and_what_it_would_take() -> None:
    assert refusal(Action.RESUME, 3, R) == "Job 3 is running and can't be resumed: it is not paused"


@pytest.mark.parametrize(
    ("action", "status", "sentence"),
    [
        (Action.DELETE, R, "A running job can't be deleted: stop it first"),
        (Action.DELETE, P, "A paused job can't be deleted: stop it first"),
        (Action.DELETE, N, "An initializing job can't be deleted: stop it first"),
        (Action.CANCEL, C, "A completed job can't be stopped: it has ended"),
        (Action.PAUSE, P, "A paused job can't be paused: it is already"),
        (Action.RESUME, F, "A failed job can't be resumed: retry it instead"),
        (Action.RETRY, P, "A paused job can't be retried: resume it instead"),
        (Action.RETRY, X, "A cancelled job can't be retried: clone it instead"),
        (Action.RETRY, Q, "A queued job can't be retried: it has not failed"),
        (Action.FAIL, Q, "A queued job can't be made to fail: no worker holds it"),
        (
            Action.CANCEL_AFTER_EPOCH,
            P,
            "A paused job can't be stopped after its epoch: no worker holds it",
        ),
    ],
)
def test_an_objection_says_what_to_do_instead(
    action: Action, status: Status, sentence: str
) -> None:
    assert objection(action, status) == sentence


def test_stage_labels() -> None:
    assert stage_label(R, Stage.TRAINING, 2, 3) == "training, epoch 2 of 3"
    assert stage_label(R, Stage.SAVING, 3, 3) == "saving"
    assert stage_label(N, Stage.QUEUED, 0, 3) == "initializing"
    assert stage_label(P, Stage.TRAINING, 2, 3) == "paused"
