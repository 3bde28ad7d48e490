"""How commands lay out what they print."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.conftest import AddJob
from vapor_tui.cli.output import print_table
from vapor_tui.domain.job_pages import (
    MAXIMUM_LIMIT,
    JobFilter,
)
from vapor_tui.services.exports import job_table
from vapor_tui.services.workspace import Workspace


def test_columns_stand_below_each_other_whatever_the_script(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table(("id", "name", "status"), [(1, "微調整モデル", "running"), (2, "plain", "running")])
    _, wide, narrow = capsys.readouterr().out.splitlines()
    assert cell_len(wide) == cell_len(narrow)


def test_an_export_of_a_page_around_a_job_has_each_job_once(
    workspace: Workspace, add_job: AddJob
) -> None:
    jobs = [add_job() for _ in range(MAXIMUM_LIMIT + 2)]
    table = job_table(workspace, JobFilter(around=jobs[0].id))
    assert sorted(row[0] for row in table.rows) == [job.id for job in jobs]
