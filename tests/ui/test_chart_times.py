"""Times are offered only of a run whose points have any."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import AddJob
from tests.ui.support import advance, frozen_app, hold, session
from vapor_tui.domain.comparison import Axis
from vapor_tui.domain.metrics import MetricsBlock, Void
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.metrics import store_blocks
from vapor_tui.ui.chart_view import STEP_TIME
from vapor_tui.ui.screens.monitor import MonitorScreen


@pytest.mark.parametrize("known", [0, 1, 60])
async def test_a_log_without_times_has_no_axis_of_time(
    workspace: Workspace, add_job: AddJob, known: int
) -> None:
    job = advance(workspace, hold(workspace, add_job), 60)
    steps = np.arange(1, 61)
    at = np.where(steps > 60 - known, 1.8e9 + steps, 0.0)
    untimed = MetricsBlock(steps, steps / 250, loss=2.0 - steps / 60, at=at)
    workspace.database.write(store_blocks, job.id, [Void(), untimed])
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("60 of 750", "Loss  Accuracy  Rate")
        screen = app.top(MonitorScreen)
        assert (STEP_TIME in screen.present) is (known > 1)
        axes = []
        for _ in range(3):
            await app.press("X")
            axes.append(screen.view.axis)
        assert (Axis.TIME in axes) is (known > 0)
