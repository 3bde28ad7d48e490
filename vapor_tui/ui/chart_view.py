"""What part of a run a chart shows, and how; pure, so that no key can lead out of the run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vapor_tui.domain.comparison import Axis
from vapor_tui.ui.charting import Span, whole_span, window_span

STEP_TIME = "step_time"
"""Seconds between steps, worked out from when they were logged."""
METRIC_TABS = {
    "loss": "Loss",
    "accuracy": "Accuracy",
    "learning_rate": "Rate",
    "grad_norm": "Gradient",
    "tokens_per_second": "Tokens/s",
    STEP_TIME: "Step time",
}
"""In the order in which a key goes through them."""
_SCHEDULED = frozenset({"learning_rate"})
"""Set by a schedule, not measured: there is no noise to smooth."""
AXES = (Axis.STEP, Axis.EPOCH, Axis.TIME)
SMOOTHING_STEPS = (0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.99)
WINDOW_STEPS = 200
LEAST_STEPS = 8
"""No closer look than at so many."""


@dataclass(frozen=True, slots=True)
class ChartView:
    """One look at a run. The part that is shown is in steps, whatever the axis."""

    metric: str = "loss"
    axis: Axis = Axis.STEP
    smoothing: float = 0.6
    is_log: bool = False
    is_clipped: bool = False
    """Whether the y axis leaves out the highest and the lowest hundredth of the values."""
    width: int | None = None
    """How many steps are shown; None shows all."""
    end: int | None = None
    """The last step that is shown; None follows the run."""

    @property
    def weight(self) -> float:
        """How much the metric is smoothed: a schedule is not."""
        return 0.0 if self.metric in _SCHEDULED else self.smoothing

    @property
    def follows(self) -> bool:
        return self.end is None

    @property
    def is_close(self) -> bool:
        """Whether a part is shown that a person has chosen."""
        return self.end is not None or self.width not in (None, WINDOW_STEPS)

    def span(self, last: int, total: int = 0) -> Span:
        """Return what is shown of a run that has come to a step; `total` is 0 where it is unknown.

        No window is wider than the run.
        """
        if self.width is None or (self.follows and last <= total <= self.width):
            return whole_span(last, total)
        if self.end is None:
            return window_span(last, self.width)
        high = max(min(self.end, last), min(self.width, last), 1)
        return Span(max(high - self.width, 0), high)

    def zoomed(
        self, factor: float, last: int, around: float | None = None, total: int = 0
    ) -> ChartView:
        """Return a look at so many times as many steps, around one that stays in its place.

        Without one, it is the end while the run is followed, and the middle elsewhere.
        """
        now = self._within(last) if around is None else self.span(last, total)
        wide = now.high - now.low
        width = max(round(wide * factor), LEAST_STEPS)
        if width >= last:
            return self.whole()
        if around is None and self.follows:
            return replace(self, width=width)
        middle = (now.low + now.high) / 2 if around is None else around
        middle = min(max(middle, now.low), now.high)
        share = (middle - now.low) / wide
        return self._ending(round(middle + (1 - share) * width), width, last)

    def panned(self, share: float, last: int) -> ChartView:
        """Return a look further on, or back, by a share of what is shown."""
        if self.width is None:
            return self
        shift = max(round(abs(share) * self.width), 1)
        high = self._within(last).high + (shift if share > 0 else -shift)
        return self._ending(round(high), self.width, last)

    def at_start(self, last: int) -> ChartView:
        """Return a look at the first steps of the run, as many as are shown now."""
        return self if self.width is None else self._ending(0, self.width, last)

    def following(self) -> ChartView:
        """Return a look at the latest steps."""
        return replace(self, end=None)

    def windowed(self) -> ChartView:
        """Return a look at the last steps, or at all of them when there is a part in view."""
        return replace(self, width=WINDOW_STEPS if self.width is None else None, end=None)

    def whole(self) -> ChartView:
        """Return a look at all steps."""
        return replace(self, width=None, end=None)

    def smoother(self, direction: int) -> ChartView:
        """Return a look at a curve that is smoothed more, or less."""
        return replace(self, smoothing=next_smoothing(self.smoothing, direction))

    def _within(self, last: int) -> Span:
        """Return what is shown, without what is still to come."""
        if self.width is None:
            return Span(0, max(last, 1))
        span = self.span(last)
        high = min(span.high, max(last, 1))
        return Span(min(max(high - self.width, 0), high - 1), high)

    def _ending(self, high: int, width: int, last: int) -> ChartView:
        """Return a look at this many steps; at the end of the run it goes on with it."""
        high = max(high, width)
        return replace(self, width=width, end=None if high >= last else high)


def next_smoothing(present: float, direction: int) -> float:
    """Return the next one of the steps in which smoothing is turned."""
    steps = [step for step in SMOOTHING_STEPS if (step - present) * direction > 0]
    return min(steps, key=lambda step: abs(step - present), default=present)


def next_metric(metric: str, direction: int, present: frozenset[str]) -> str:
    """Return the next metric of those that were measured; the loss is always among them."""
    shown = [name for name in METRIC_TABS if name in present or name in ("loss", metric)]
    return shown[(shown.index(metric) + direction) % len(shown)]
