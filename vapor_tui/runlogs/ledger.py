"""Gathers what a parser finds in a log: points of metrics, and facts about the run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from vapor_tui.domain.metrics import VALUE_COLUMNS, MetricsBlock, Void
from vapor_tui.domain.run_events import LARGEST_STEP
from vapor_tui.domain.sources import Outcome, Rise, RunFacts
from vapor_tui.runlogs import names
from vapor_tui.runlogs.starts import Starts

LONGEST_LINE_KEPT = 2_000
"""Characters of a printed line."""
_LONGEST_RUN = 1e9
"""Seconds: thirty years."""
_MOST_LINES = 500
"""Printed lines of one reading; a run that prints more is followed from its end."""

_MOST_POINTS = 4096
"""Of one block, so that taking it does not take long."""

_Row = dict[str, float]
"""Metrics by their column, the epoch, and when it was logged: 0 where that is not known."""


class Ledger:
    """What has been read and not been handed on yet, and the facts so far.

    A point for a step that is there completes or replaces the one before: several ranks may log
    into one file. Where the run was started again, points from that step on are void.
    """

    def __init__(self, facts: RunFacts) -> None:
        self._facts: dict[str, Any] = dict(facts)
        self._starts = Starts(facts.rise)
        self._rows: dict[int, _Row] = {}
        """Points by step since the run was last started."""
        self._blocks: list[MetricsBlock | Void] = []
        self._lines: list[str] = []

    @property
    def facts(self) -> RunFacts:
        """What is known of the run, as far as it has been read."""
        return RunFacts(**{**self._facts, "rise": self._starts.rise})

    @property
    def step(self) -> int:
        """The last step that was read."""
        return int(self._facts["step"])

    def point(
        self,
        step: int,
        epoch: float | None,
        values: Mapping[str, float],
        at: float | None = None,
    ) -> None:
        """Take what was measured at a step, and logged at a moment in seconds since 1970.

        Steps count from 1: what is logged at 0 is left out.
        """
        if step < 1:
            return
        if "loss" in values and self._starts.take(step, at):
            self._start_again(step)
        if epoch is not None and 0 <= epoch <= LARGEST_STEP:
            self._facts["epoch"] = epoch
        row = self._rows.setdefault(step, {})
        row[names.EPOCH] = self._facts["epoch"]
        row[names.TIME] = row.get(names.TIME) or at or 0.0
        row.update(values)
        self._reveal_nan(step, row, values)
        self._facts["step"] = step

    def _reveal_nan(self, step: int, row: _Row, values: Mapping[str, float]) -> None:
        """Put back the NaN that the Trainer's logging_nan_inf_filter has replaced by 0."""
        facts = self._facts
        if "loss" in values:
            facts["zero_loss_step"] = step if values["loss"] == 0 else 0
        if "grad_norm" in values:
            facts["nan_grad_step"] = step if math.isnan(values["grad_norm"]) else 0
        if facts["zero_loss_step"] == facts["nan_grad_step"] == step:
            row["loss"] = math.nan

    def record(self, record: Mapping[str, object], step: int | None = None) -> bool:
        """Take a record of named values; say whether it told something of the run.

        `step` is where it belongs unless it says so itself. The summary that the Trainer logs
        last is not a point: its train_loss is the mean of the whole run.
        """
        found = names.by_role(record)
        at = names.whole(found.get(names.STEP, step))
        if (total := names.whole(found.get(names.TOTAL_STEPS))) is not None:
            self.total(steps=total)
        if (logged_at := names.moment(found.get(names.TIME))) is not None:
            self.at(logged_at)
        if "train_runtime" in record:
            self.ran(names.number(record["train_runtime"]))
            self.end(Outcome.COMPLETED)
            return True
        values = {
            name: value
            for name in VALUE_COLUMNS
            if (value := names.number(found.get(name))) is not None
        }
        if at is None or not values:
            return False
        self.point(at, names.number(found.get(names.EPOCH)), values, logged_at)
        return True

    def total(self, *, steps: int = 0, epochs: int = 0) -> None:
        """Take note of how long the run is going to be; 0 says nothing.

        More epochs than steps are none that a run can have: they are unknown then.
        """
        if steps > 0:
            self._facts["total_steps"] = steps
        if epochs > 0:
            self._facts["total_epochs"] = epochs
        if 0 < self._facts["total_steps"] < self._facts["total_epochs"]:
            self._facts["total_epochs"] = 0

    def at(self, seconds: float) -> None:
        """Take note of when something was logged, in seconds since the epoch."""
        moment = datetime.fromtimestamp(seconds, UTC)
        self._facts["latest_at"] = moment
        first = self._facts["started_at"]
        self._facts["started_at"] = moment if first is None else min(first, moment)

    def ran(self, seconds: float | None) -> None:
        """Take note of how long the run has taken so far."""
        if seconds is not None and 0 <= seconds < _LONGEST_RUN:
            self._facts["elapsed_seconds"] = seconds

    def end(self, outcome: Outcome, reason: str = "", artifact: str | None = None) -> None:
        """Take note that the run says it has ended."""
        self._facts.update(outcome=outcome, reason=reason, artifact=artifact)

    def goes_on(self) -> None:
        """Take back an end: the same log tells of another start."""
        self._facts.update(outcome=None, reason="", artifact=None)

    def announce(self, at: float | None = None) -> None:
        """Take note that a program begins to log here, which may be the same run's once more."""
        self._starts.announce(at)

    def void(self) -> None:
        """Withdraw all points so far: what follows tells of the run from its beginning."""
        self._starts = Starts(Rise())
        self._withdraw(1)

    def _withdraw(self, since: int) -> None:
        self._rows = {step: row for step, row in self._rows.items() if step < since}
        self._close()
        if self._blocks and isinstance(before := self._blocks[-1], Void):
            since = min(since, before.since)
            self._blocks.pop()
        self._blocks.append(Void(since))

    def _start_again(self, step: int) -> None:
        first_at = self._starts.rise.first_at
        self._withdraw(step)
        self.goes_on()
        if self._starts.begin(step):
            begun = None if first_at is None else datetime.fromtimestamp(first_at, UTC)
            self._facts.update(started_at=begun, elapsed_seconds=None)

    def line(self, text: str) -> None:
        """Keep a line that the run printed."""
        self._lines.append(text[:LONGEST_LINE_KEPT])

    def take_blocks(self) -> list[MetricsBlock | Void]:
        """Hand on the points so far, in blocks to be stored one after the other."""
        self._close()
        blocks, self._blocks = self._blocks, []
        return blocks

    def take_lines(self) -> list[str]:
        """Hand on the lines so far, the latest of them."""
        lines, self._lines = self._lines[-_MOST_LINES:], []
        return lines

    def _close(self) -> None:
        """Turn the points so far into blocks, in the order of their steps."""
        steps = sorted(self._rows)
        self._blocks += [
            self._block(steps[start : start + _MOST_POINTS])
            for start in range(0, len(steps), _MOST_POINTS)
        ]
        self._rows = {}

    def _block(self, steps: list[int]) -> MetricsBlock:
        rows = [self._rows[step] for step in steps]
        gaps = np.array([[name not in row for row in rows] for name in VALUE_COLUMNS])
        columns = {
            name: np.array([row.get(name, math.nan) for row in rows])
            for name, missing in zip(VALUE_COLUMNS, gaps, strict=True)
            if not missing.all()
        }
        return MetricsBlock(
            step=np.array(steps, dtype=np.int64),
            epoch=np.array([row[names.EPOCH] for row in rows]),
            at=np.array([row[names.TIME] for row in rows]),
            gaps=gaps,
            **columns,
        )
