"""Lets a person pick a job to compare with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from vapor_tui.domain.formats import age
from vapor_tui.domain.text import printable
from vapor_tui.ui.keys_in_turn import OPENS
from vapor_tui.ui.screens.pick import PickScreen
from vapor_tui.ui.widgets.pick_list import PickRow

if TYPE_CHECKING:
    from datetime import datetime

    from vapor_tui.domain.jobs import Job
    from vapor_tui.ui.screens.base import VaporScreen

_MOST_LISTED = 500
_NAME_LENGTH = 32


def pick_other(
    screen: VaporScreen[Any], job_ids: Collection[int], picked: Callable[[int], None]
) -> None:
    """Show the jobs that are not among these, those on the same dataset as the first of them."""

    def answered(key: str | None) -> None:
        if key:
            picked(int(key))

    async def ask() -> None:
        from vapor_tui.domain.job_pages import JobFilter
        from vapor_tui.services.jobs import list_jobs

        page = await screen.vapor.ask(list_jobs, JobFilter(limit=_MOST_LISTED))
        if page is None or not screen.is_active:
            return
        others = candidates(page.jobs, job_ids)
        if not others:
            screen.notify("There is no other job to compare with", markup=False)
            return
        now = screen.vapor.clock()

        def search(query: str) -> Sequence[PickRow]:
            return pick_rows(others, query, now)

        screen.app.push_screen(PickScreen("Compare with", search), answered)

    screen.run_worker(ask(), group="pick", exclusive=True, name=OPENS)


def candidates(jobs: Sequence[Job], job_ids: Collection[int]) -> list[Job]:
    """Return the jobs that can be compared with these, the likeliest first."""
    first = next((job for job in jobs if job.id in job_ids), None)
    dataset = first.dataset_id if first else None
    others = [job for job in jobs if job.id not in job_ids]
    return sorted(
        others,
        key=lambda job: (job.dataset_id is None or job.dataset_id != dataset, not job.current_step),
    )


def pick_rows(jobs: Sequence[Job], query: str, now: datetime) -> list[PickRow]:
    """Return those of the jobs that match what was typed, as rows."""
    words = query.casefold().split()
    return [_row(job, now) for job in jobs if all(word in _searched(job) for word in words)]


def _searched(job: Job) -> str:
    facts = (
        f"#{job.id}",
        job.name,
        job.status_word,
        job.base_model or "",
        job.dataset_name or "",
        *job.tags,
    )
    return " ".join(str(fact) for fact in facts).casefold()


def _row(job: Job, now: datetime) -> PickRow:
    return PickRow(
        str(job.id),
        (
            f"#{job.id} {printable(job.name, _NAME_LENGTH)}",
            job.status_word if job.current_step else f"{job.status_word}, no curve",
            printable(job.dataset_name or "", _NAME_LENGTH),
            f"{printable(job.base_model or '', _NAME_LENGTH)}  {age(job.created_at, now)}",
        ),
    )
