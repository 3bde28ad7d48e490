"""The loss of a run: raw, smoothed, evaluated; only the cells that change are sent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from textual import events
from textual.reactive import var

from vapor_tui.ui.charting import (
    Floats,
    Series,
    Smoother,
    axis_top,
    reduced,
    runs,
    whole_span,
    window_span,
)
from vapor_tui.ui.plotting import Picture, Points, draw
from vapor_tui.ui.widgets.lines import Line, LinesView

_FRAME_WIDTH = 6
_SMALLEST_WIDTH, _SMALLEST_HEIGHT = 20, 5
_MOST_EPOCH_LINES = 20


@dataclass(frozen=True, slots=True)
class ChartData:
    """What is charted. `version` tells one state of the series from the next."""

    series: Series
    version: int = 0
    total_steps: int = 0
    steps_per_epoch: float = 0.0
    has_ended: bool = False
    smoothing: float = 0.6
    window: int | None = None
    """How many of the last steps are shown; None shows all."""
    marks: tuple[int, ...] = ()
    """Steps where something was found to be wrong."""


class LossChart(LinesView):
    """Draws `data` when it changes."""

    DEFAULT_CSS = """
    LossChart { height: 1fr; min-height: 3; }
    """

    data: var[ChartData | None] = var(None, init=False)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._smoother = Smoother(0.0)
        self._top: float | None = None

    @property
    def smoothed(self) -> Floats:
        """The smoothed losses of the present data."""
        if self.data is None:
            return np.zeros(0)
        return self._smoother.update(self.data.series.column("loss"))

    def on_resize(self, _event: events.Resize) -> None:
        self._draw()

    def watch_data(self, before: ChartData | None, after: ChartData | None) -> None:
        if after is None:
            return
        if before is None or before.smoothing != after.smoothing:
            self._smoother = Smoother(after.smoothing)
        if before is None or before.window != after.window:
            self._top = None
        self._draw()

    def _draw(self) -> None:
        width, height = self.content_size
        if self.data is None or width < _SMALLEST_WIDTH or height < _SMALLEST_HEIGHT:
            self.show([])
            return
        if not len(self.data.series):
            self.show(_nothing_yet(self.data.has_ended, width, height))
            return
        ascii_only = bool(getattr(self.app, "ascii_only", False))
        picture = self._picture(self.data, width)
        self.show(draw(picture, width, height, ascii_only=ascii_only))

    def _picture(self, data: ChartData, width: int) -> Picture:
        series, last = data.series, data.series.last_step
        if data.window is not None:
            span = window_span(last, data.window)
        else:
            span = whole_span(last, 0 if data.has_ended else data.total_steps)
        buckets = max(width - _FRAME_WIDTH, 1)
        steps, losses = series.step, series.column("loss")
        raw = reduced(steps, losses, span.low, span.high, buckets)
        smooth = reduced(steps, self.smoothed, span.low, span.high, buckets)
        evaluations = _evaluations(series, span.low, span.high)
        self._top = axis_top(_greatest(raw[1], np.array(evaluations[1])), self._top)
        return Picture(
            raw=runs(*raw),
            smooth=runs(*smooth) if data.smoothing > 0 else (),
            evaluations=evaluations,
            epochs=_boundaries(data, span.low, span.high),
            low=span.low,
            high=span.high,
            top=self._top,
            marks=[float(step) for step in data.marks if span.low < step <= span.high],
        )


def _nothing_yet(has_ended: bool, width: int, height: int) -> list[Line]:
    text = "No step was logged" if has_ended else "Waiting for the first step"
    line: Line = ((text.center(width), "dim"),)
    return [*[()] * (height // 2), line, *[()] * (height - height // 2 - 1)]


def _evaluations(series: Series, low: float, high: float) -> Points:
    values = series.column("eval_loss")
    shown = np.isfinite(values) & (series.step >= low) & (series.step <= high)
    return series.step[shown].astype(np.float64).tolist(), values[shown].tolist()


def _boundaries(data: ChartData, low: float, high: float) -> list[float]:
    if data.steps_per_epoch <= 0:
        return []
    count = int(data.total_steps / data.steps_per_epoch)
    found = [n * data.steps_per_epoch for n in range(1, count)]
    shown = [step for step in found if low < step < high]
    return shown if len(shown) <= _MOST_EPOCH_LINES else []


def _greatest(*columns: Floats) -> float:
    values = np.concatenate(columns)
    finite = values[np.isfinite(values)]
    return float(finite.max()) if len(finite) else 0.0
