"""A page of jobs as a list shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vapor_tui.domain.job_facts import JobFacts
    from vapor_tui.domain.job_pages import JobPage


@dataclass(frozen=True, slots=True)
class JobList:
    """One page of jobs with the shape of each one's loss."""

    page: JobPage[JobFacts]
    curves: Mapping[int, tuple[float, ...]]
    """By the job's number; only of jobs whose step differs from the known one."""
