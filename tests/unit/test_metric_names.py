"""Every metric is everywhere a metric has to be, or a key finds none where it looks for one."""

from __future__ import annotations

from dataclasses import fields

from vapor_tui.domain.jobs import CurrentMetrics
from vapor_tui.domain.metrics import VALUE_COLUMNS, MetricsBlock
from vapor_tui.domain.run_events import MetricsEvent
from vapor_tui.runlogs import names
from vapor_tui.storage.tables import MetricRow
from vapor_tui.ui.chart_lines import SHORT_NAMES
from vapor_tui.ui.chart_view import METRIC_TABS, STEP_TIME
from vapor_tui.ui.compare_lines import METRIC_NAMES

DRAWN_ON_THE_LOSS = {"eval_loss"}
"""Has no tab of its own."""


def test_every_metric_has_a_tab() -> None:
    assert METRIC_TABS.keys() == {*VALUE_COLUMNS, STEP_TIME} - DRAWN_ON_THE_LOSS


def test_every_tab_has_a_short_name() -> None:
    assert SHORT_NAMES.keys() == METRIC_TABS.keys()


def test_every_metric_can_be_compared() -> None:
    assert METRIC_NAMES.keys() == set(VALUE_COLUMNS)


def test_every_metric_is_carried_from_a_log_to_its_column() -> None:
    metrics = set(VALUE_COLUMNS)
    assert metrics <= {field.name for field in fields(MetricsBlock)}
    assert metrics <= MetricsEvent.model_fields.keys()
    assert metrics <= CurrentMetrics.model_fields.keys()
    assert metrics <= MetricRow.model_fields.keys()
    assert metrics <= names._ALIASES.keys()
