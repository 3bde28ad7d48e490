"""The texts of a comparison: its title, its legend, and the table as lines of fixed columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from vapor_tui.domain.comparison import Axis, Comparison
from vapor_tui.domain.comparison_rows import outcome_rows
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.text import printable
from vapor_tui.ui.curve_styles import styles_of
from vapor_tui.ui.glyphs import (
    CURSOR,
    INJECTED_SHORT,
    SIMULATED,
    SIMULATED_SHORT,
    SIMULATED_STYLE,
    badge,
)
from vapor_tui.ui.table_rows import on_cursor
from vapor_tui.ui.widgets.lines import Line, fitted, joined, line_width

METRIC_NAMES = {
    "loss": "Loss",
    "eval_loss": "Eval loss",
    "accuracy": "Accuracy",
    "learning_rate": "Learning rate",
    "grad_norm": "Gradient norm",
    "tokens_per_second": "Tokens per second",
}
"""In the order in which a key goes through them."""
HEADINGS = 3
"""Lines of the table that stay where they are: the curves, the names, the statuses."""

_AXES = {
    Axis.STEP: "by step",
    Axis.EPOCH: "by epoch",
    Axis.TIME: "by wall-clock time",
    Axis.SIMULATED: "by simulated time",
}
_NAME_LENGTH = 24
_LABEL, _LEAST_COLUMN, _WIDEST_COLUMN = 25, 15, 26


@dataclass(frozen=True, slots=True)
class Columns:
    """Which of the jobs have room beside each other, and how much each has."""

    first: int
    count: int
    width: int


def title_line(metric: str, axis: Axis, smoothing: float, is_log: bool, width: int) -> Line:
    """Return what the chart shows, and how, as far as there is room."""
    smooth = (
        "not smoothed" if smoothing <= 0 or metric == "eval_loss" else f"smooth {smoothing:.2f}"
    )
    parts: list[Line] = [
        ((METRIC_NAMES[metric], "bold foreground"),),
        ((_AXES[axis], "dim"),),
        ((smooth, "dim"),),
        (("log" if is_log else "linear", "dim"),),
    ]
    while len(parts) > 1 and line_width(joined(parts)) > width:
        parts.pop()
    return joined(parts)


def legend_lines(comparison: Comparison, metric: str, width: int) -> list[Line]:
    """Return each curve with its job, in as many lines as that takes."""
    styles = styles_of(comparison.ids)
    lines: list[Line] = []
    for compared in comparison.jobs:
        job = compared.job
        has_curve = compared.trace.has(metric)
        name = (f" #{job.id} {printable(job.name, _NAME_LENGTH)}", "foreground")
        entry: Line = (styles[job.id].sample, name)
        if not has_curve:
            entry = ((f"#{job.id} {printable(job.name, _NAME_LENGTH)}: no curve", "dim"),)
        longer = joined([lines[-1], entry]) if lines else entry
        if lines and line_width(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(fitted(entry, width) if line_width(entry) > width else entry)
    return lines


def columns_for(jobs: int, cursor: int, first: int, width: int) -> Columns:
    """Return the columns that fit, the one under the cursor among them."""
    room = max(width - _LABEL, _LEAST_COLUMN)
    count = max(min(jobs, room // _LEAST_COLUMN), 1)
    first = min(max(first, cursor - count + 1), cursor, max(jobs - count, 0))
    return Columns(first, count, min(room // count, _WIDEST_COLUMN))


def heading_lines(
    comparison: Comparison, columns: Columns, cursor: int, *, has_focus: bool, rows: str = ""
) -> list[Line]:
    """Return the curves, the names and the statuses over the columns.

    `rows` says which of the lines below are seen.
    """
    styles = styles_of(comparison.ids)
    end = columns.first + columns.count
    total = len(comparison.jobs)
    hint = f"jobs {columns.first + 1}-{end} of {total}" if columns.count < total else ""
    lines = [fitted(((text, "dim"),), _LABEL) for text in ("", hint, rows)]
    for place in range(columns.first, end):
        job, is_current = comparison.jobs[place].job, place == cursor
        sample: Line = (styles[job.id].sample, *_mark(job))
        cells = (sample, _name(job), badge(job.status, job.desired))
        margins = (" ", CURSOR if is_current else " ", " ")
        for row, (margin, cell) in enumerate(zip(margins, cells, strict=True)):
            text = fitted(((margin, "bold accent"), *cell), columns.width - 1)
            if is_current and has_focus:
                text = on_cursor(text)
            lines[row] += (*text, (" ", ""))
    return lines


def body_lines(comparison: Comparison, columns: Columns, now: datetime) -> list[Line]:
    """Return the settings that differ, then the results."""
    lines: list[Line] = []
    if comparison.differing:
        lines.append((("Settings that differ", "bold foreground"),))
        lines += [_row(row.label, row.values, columns) for row in comparison.differing]
    else:
        lines.append((("The settings are the same", "bold foreground"),))
    lines += [(), (("Results", "bold foreground"), *_money_note(comparison))]
    lines += [_row(row.label, row.values, columns) for row in outcome_rows(comparison, now)]
    return lines


def _row(label: str, values: Sequence[str], columns: Columns) -> Line:
    line: Line = fitted(((label, "dim"),), _LABEL)
    for value in values[columns.first : columns.first + columns.count]:
        cell: Line = ((f" {printable(value)}", "foreground"),)
        line += (*fitted(cell, columns.width - 1), (" ", ""))
    return line


def _money_note(comparison: Comparison) -> Line:
    if comparison.mixes_money:
        return (("   sim: simulated dollars, not to be held against real ones", "dim"),)
    simulated = any(compared.job.is_simulated for compared in comparison.jobs)
    return ((f"   {SIMULATED}", SIMULATED_STYLE),) if simulated else ()


def _name(job: Job) -> Line:
    return ((f"#{job.id} ", "dim"), (printable(job.name), "bold foreground"))


def _mark(job: Job) -> Line:
    if not job.is_simulated:
        return ()
    return ((f" {INJECTED_SHORT if job.injection else SIMULATED_SHORT}", "dim"),)
