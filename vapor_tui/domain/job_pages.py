"""Lists of jobs: which of them, in which order, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from vapor_tui.domain.job_facts import JobFacts
from vapor_tui.domain.lifecycle import Status
from vapor_tui.domain.paging import page_count
from vapor_tui.domain.results import Ok, Refused, Result

FactsT_co = TypeVar("FactsT_co", bound=JobFacts, covariant=True)

DEFAULT_LIMIT = 10
MAXIMUM_LIMIT = 1000


class Sort(StrEnum):
    """Orders of the list; the newest job comes first among equals, what has no value last."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"
    STATUS = "status"
    MODEL = "model"
    PROGRESS = "progress"
    LOSS = "loss"
    LEFT = "left"
    COST = "cost"
    AGE = "age"
    DURATION = "duration"

    def falls(self, is_reversed: bool = False) -> bool:
        """Say whether the largest value comes first."""
        return (self in _LARGEST_FIRST) is not is_reversed


_LARGEST_FIRST = frozenset({Sort.NEWEST, Sort.PROGRESS, Sort.COST, Sort.DURATION})


def parse_sort(text: str) -> Result[tuple[Sort, bool]]:
    """Return the order that a word names and whether it is reversed, as in "-cost"."""
    name = text.removeprefix("-")
    if name not in list(Sort):
        sentence = f'There is no order "{name}"; there are {", ".join(Sort)}'
        return Refused(sentence, {"sort": sentence})
    return Ok((Sort(name), text != name))


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs to list, and which page of them."""

    status: Status | None = None
    search: str = ""
    tag: str | None = None
    """Only jobs with exactly this tag, in whatever case."""
    sort: Sort = Sort.NEWEST
    is_reversed: bool = False
    page: int = 1
    limit: int = DEFAULT_LIMIT
    around: int | None = None
    """A job whose page is wanted in place of `page`, where it is in the list at all."""


@dataclass(frozen=True, slots=True)
class JobPage(Generic[FactsT_co]):
    """One page of a list of jobs, whole ones or what lists show of them."""

    jobs: Sequence[FactsT_co]
    page: int
    limit: int
    total: int

    @property
    def total_pages(self) -> int:
        """How many pages there are: one where nothing is listed."""
        return page_count(self.total, self.limit)
