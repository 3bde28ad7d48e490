"""What a person is told about a job, and in which words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from vapor_tui.domain.formats import count, duration, money
from vapor_tui.domain.health.findings import Finding, HealthKind
from vapor_tui.domain.lifecycle import Status
from vapor_tui.domain.paging import page_count


class Kind(StrEnum):
    """Which event a notification tells of."""

    QUEUED = "job_queued"
    STARTED = "job_started"
    COMPLETED = "job_completed"
    FAILED = "job_failed"
    CANCELLED = "job_cancelled"
    PAUSED = "job_paused"
    BUDGET_WARNING = "budget_warning"
    BUDGET_REACHED = "budget_reached"
    DIVERGENCE = "divergence"
    STALLED = "stalled"
    TEST = "test"


class Priority(StrEnum):
    """How much a notification matters; it decides how a toast looks and how long it stays."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification that is about to be written."""

    kind: Kind
    title: str
    message: str
    priority: Priority


class Notification(BaseModel):
    """A notification as it is stored."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    id: int
    owner: str
    type: Kind
    title: str
    message: str
    priority: Priority
    read: bool
    job_id: int | None
    job_name: str | None = None
    simulated: bool = False
    """Whether it tells of a simulated job."""
    metadata: dict[str, Any] = Field(default_factory=dict)
    created_at: datetime

    def event(self) -> dict[str, Any]:
        """Return what a program that is run for it gets to read, as JSON."""
        return self.model_dump(mode="json", exclude={"owner", "read"})


class NotificationPage(BaseModel):
    """One page of a person's notifications, newest first."""

    model_config = ConfigDict(frozen=True)

    notifications: list[Notification]
    page: int
    limit: int
    total: int
    """How many there are on all pages."""

    @property
    def total_pages(self) -> int:
        """How many pages there are: one where there is nothing to be read."""
        return page_count(self.total, self.limit)


TEST_NOTICE = Notice(
    Kind.TEST,
    "Test notification",
    "This is how you are told what happens to your jobs",
    Priority.NORMAL,
)


def queued_notice(dataset_name: str) -> Notice:
    """Return what is said when a job has been created."""
    return Notice(
        Kind.QUEUED,
        "Training job queued",
        f'Your training job for "{dataset_name}" has been queued and will start shortly',
        Priority.LOW,
    )


BUDGET_WARNING_SHARE = 0.8


def budget_notice(name: str, budget: float | None, before: float, after: float) -> Notice | None:
    """Return the warning when spending (USD, with storage) passes four fifths of a budget."""
    if budget is None or not before < BUDGET_WARNING_SHARE * budget <= after:
        return None
    return Notice(
        Kind.BUDGET_WARNING,
        "80 % of the budget is spent",
        f'"{name}" has spent {money(after)} of {money(budget)}',
        Priority.NORMAL,
    )


def budget_reached_notice(name: str, budget: float) -> Notice:
    """Return what is said when a job was stopped at its budget, in USD."""
    return Notice(
        Kind.BUDGET_REACHED,
        "The budget is reached",
        f'"{name}" was saved and stopped: another step would have passed {money(budget)}',
        Priority.HIGH,
    )


_HEALTH_TITLES = {
    HealthKind.NAN: "NaN loss",
    HealthKind.DIVERGENCE: "Training diverges",
    HealthKind.SPIKE: "Loss spike",
    HealthKind.STALLED: "Training stands still",
}


def health_notice(name: str, finding: Finding) -> Notice:
    """Return what is told of a finding; raises KeyError for a kind that is only noted."""
    stalled = finding.kind is HealthKind.STALLED
    return Notice(
        Kind.STALLED if stalled else Kind.DIVERGENCE,
        _HEALTH_TITLES[finding.kind],
        f'"{name}", step {count(finding.step)}: {finding.what}. {finding.advice}',
        Priority.NORMAL if finding.kind is HealthKind.SPIKE else Priority.HIGH,
    )


def status_notice(
    name: str,
    status: Status,
    *,
    reason: str = "",
    seconds: float | None = None,
    cost: float = 0.0,
    is_attached: bool = False,
) -> Notice | None:
    """Return what is told when a job reaches a status; None when nobody needs to know.

    `seconds` is the wall-clock time it took, `cost` in USD, `reason` a sentence.
    `is_attached` says that it only watches, and costs nothing here.
    """
    why = f": {reason}" if reason else ""
    if is_attached:
        return _watching_notice(name, status, why, seconds)
    match status:
        case Status.INITIALIZING:
            return Notice(Kind.STARTED, "Training started", f'"{name}" has started', Priority.LOW)
        case Status.COMPLETED:
            return Notice(
                Kind.COMPLETED,
                "Training completed",
                f'"{name}" finished after {duration(seconds)} for {money(cost)}',
                Priority.NORMAL,
            )
        case Status.FAILED:
            return Notice(Kind.FAILED, "Training failed", f'"{name}" failed{why}', Priority.HIGH)
        case Status.CANCELLED:
            return Notice(
                Kind.CANCELLED,
                "Training cancelled",
                f'"{name}" was cancelled after {money(cost)}{why}',
                Priority.NORMAL,
            )
        case Status.PAUSED:
            return Notice(Kind.PAUSED, "Training paused", f'"{name}" is paused', Priority.LOW)
        case _:
            return None


def _watching_notice(name: str, status: Status, why: str, seconds: float | None) -> Notice | None:
    match status:
        case Status.COMPLETED:
            took = "" if seconds is None else f" after {duration(seconds)}"
            return Notice(
                Kind.COMPLETED, "Training completed", f'"{name}" finished{took}', Priority.NORMAL
            )
        case Status.FAILED:
            return Notice(Kind.FAILED, "Training failed", f'"{name}" failed{why}', Priority.HIGH)
        case Status.CANCELLED:
            return Notice(
                Kind.CANCELLED,
                "Watching has ended",
                f'"{name}" is not watched any more{why}',
                Priority.NORMAL if why else Priority.LOW,
            )
        case _:
            return None
