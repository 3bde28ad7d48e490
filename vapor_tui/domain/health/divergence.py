"""Notices a loss that leaves its own band: a spike that recovers, or a rise that lasts.

All in log space, where the noise of a loss does not depend on its height. The band is a running
level, which follows falls faster than rises and no outlier far, with a running noise, taken from
how far points lie off the line through their neighbours, so that a steep fall is no noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, auto

_LEAST_POINTS = 8
"""Before so many points no band is known."""
_DOWN, _UP = 0.15, 0.05
"""Weight of a point below the level, and of one above it."""
_NOISE_WEIGHT, _BEND = 0.06, 0.512
"""Mean |x[k] - 2 x[k-1] + x[k-2]| times sqrt(pi / 12) is the standard deviation of one point."""
_LEAST_NOISE = 0.01
_CLIP = 3.0
"""Sigmas beyond which a point pulls the level no further."""
_GRADIENT_WEIGHT, _GRADIENT_NOISE = 0.05, 0.25
_GRADIENT_SIGMAS = 4.0
"""Gradient norms are heavy-tailed: nearer than this they say nothing."""
_MOST_EVIDENCE = 3.0
"""What one point, of the loss or of the gradient norm, can add."""
_BEYOND_DOUBT = 3.0
"""Times the usual sigmas at which one point is believed without a second."""
_QUIET_POINTS = 3
"""So many points within the band end a spike."""
_BACK = 2.5
"""Sigmas of the mean of those points within which the loss counts as back."""
_STILL_HIGH = 0.6
"""Of the greatest rise, what is left of one that lasts."""
_LONGEST_SPIKE = 5
"""Times the points of a lasting rise, after which anything lasts."""
_MOST_LOG = 600.0
_ANYTHING = math.exp(_MOST_LOG)
_SLOW = 0.03
"""Weight of a point in the level that notices a creeping rise."""


class Turn(Enum):
    """What a point changes."""

    SPIKES = auto()
    LASTS = auto()
    RECOVERS = auto()


@dataclass(slots=True)
class _Level:
    """A running level of log values with its noise."""

    level: float = 0.0
    noise: float = 0.0
    points: int = 0
    last: float = 0.0
    slope: float = 0.0
    """From the point before the last to the last."""

    def follow(self, x: float) -> None:
        self.points += 1
        if self.points == 1:
            self.level = self.last = x
            return
        slope = x - self.last
        apart = abs(slope - self.slope) * _BEND
        self.last, self.slope = x, slope
        settling = 1.0 / self.points
        if self.points > _LEAST_POINTS:
            apart = min(apart, 4.0 * max(self.noise, _LEAST_NOISE))
        self.noise += max(_NOISE_WEIGHT, settling) * (apart - self.noise)
        off = x - self.level
        if off > 0:
            most = _CLIP * max(self.noise, _LEAST_NOISE)
            self.level += max(_UP, settling) * (off if off < most else most)
        else:
            self.level += max(_DOWN, settling) * off


class DivergenceDetector:
    """Fed with every logged loss and gradient norm; all of its memory is a few numbers."""

    def __init__(self, sigmas: float, rise: float, lasting_points: int) -> None:
        self._sigmas = sigmas
        self._least_rise = math.log1p(rise)
        self._lasting_points = lasting_points
        self._band = _Level()
        self._gradient = 0.0
        self._gradient_noise = _GRADIENT_NOISE
        self._gradients = 0
        self._evidence = 0.0
        self._first = 0
        self._rises: list[float] = []
        self._slow: float | None = None
        self._lowest = math.inf
        self._lowest_step = 0
        self._active_points = 0
        self._rise = 0.0
        self._greatest = 0.0
        self._quiet = 0
        self._creeps = False
        self.is_lasting = False
        self.since = 0
        """The step where the present or latest departure began."""
        self.peak = 0.0
        """The greatest loss of the present or latest departure."""

    @property
    def is_active(self) -> bool:
        """Whether the loss is out of its band."""
        return self._active_points > 0

    @property
    def level(self) -> float:
        """The loss that would be usual."""
        return math.exp(self._lowest if self._creeps else self._band.level)

    @property
    def now(self) -> float:
        """The loss that has been usual lately, in a rise or not."""
        return self.level * math.exp(self._rise) if self.is_active else self.level

    @property
    def limit(self) -> float:
        """The loss up to which a point shows nothing; while out of the band, any does."""
        if self.is_active or self._evidence > 0 or self._band.points < _LEAST_POINTS:
            return _ANYTHING if self.is_active else 0.0
        sigma = max(self._band.noise, _LEAST_NOISE)
        off = max(0.5 * self._sigmas * sigma, 0.5 * self._least_rise)
        return math.exp(min(self._band.level + off, _MOST_LOG))

    def take(self, step: int, loss: float, grad_norm: float | None) -> Turn | None:
        """Judge a logged point; `loss` is finite, a gradient norm that is not counts as huge."""
        x = math.log(loss) if loss > 1e-9 else -20.0
        if self.is_active:
            return self._watch_departure(x, loss)
        return self._watch_band(step, x, loss, self._surge(grad_norm))

    def _surge(self, grad_norm: float | None) -> float:
        """Return by how many sigmas a gradient norm is above its usual one, 0 at least."""
        if grad_norm is None:
            return 0.0
        if not math.isfinite(grad_norm):
            return _GRADIENT_SIGMAS + _MOST_EVIDENCE
        if grad_norm <= 0.0:
            return 0.0
        x = math.log(grad_norm)
        self._gradients += 1
        if self._gradients == 1:
            self._gradient = x
            return 0.0
        off = x - self._gradient
        sigma = max(self._gradient_noise, _GRADIENT_NOISE)
        surge = off / sigma if self._gradients > _LEAST_POINTS else 0.0
        weight = max(_GRADIENT_WEIGHT, 1.0 / self._gradients)
        clipped = min(max(off, -_CLIP * sigma), _CLIP * sigma)
        self._gradient += weight * clipped
        self._gradient_noise += weight * (1.25 * abs(clipped) - self._gradient_noise)
        return max(surge, 0.0)

    def _watch_band(self, step: int, x: float, loss: float, surge: float) -> Turn | None:
        band = self._band
        if band.points >= _LEAST_POINTS:
            # A noise known from few points may be too small by half.
            sigma = max(band.noise, _LEAST_NOISE) * (1.0 + _LEAST_POINTS / band.points)
            off = x - band.level
            # Alone, one point is enough only when it is out of all proportion.
            most = 1.0 if off > _BEYOND_DOUBT * self._sigmas * sigma else 0.75
            by_loss = min(max(off / sigma - 0.5 * self._sigmas, -3.0), most * self._sigmas)
            by_gradient = min(max(surge - _GRADIENT_SIGMAS, 0.0), _MOST_EVIDENCE)
            added = by_loss + (by_gradient if off > sigma else 0.0)
            if added > 0 and self._evidence <= 0:
                self._first, self._rises = step, []
                self.peak = 0.0
            self._evidence = max(0.0, self._evidence + added)
            if self._evidence > 0:
                self._rises = [*self._rises[-2:], off]
                self.peak = max(self.peak, loss)
                recent = sum(self._rises) / len(self._rises)
                if self._evidence >= self._sigmas and recent > self._least_rise:
                    return self._depart(recent)
                # What may be a departure does not belong into the band yet.
                if self._evidence > 0.5 * self._sigmas and off > self._least_rise:
                    return None
        band.follow(x)
        return self._watch_creeping(step, x)

    def _watch_creeping(self, step: int, x: float) -> Turn | None:
        """Notice a rise so slow that the band goes with it."""
        band = self._band
        if self._slow is None:
            self._slow = x
        self._slow += max(_SLOW, 1.0 / band.points) * (x - self._slow)
        if band.points < 3 / _SLOW:
            return None
        if self._slow < self._lowest:
            self._lowest, self._lowest_step = self._slow, step
        # An average of weight w has sd sigma sqrt(w / 2); both of its ends waver.
        wavering = max(band.noise, _LEAST_NOISE) * math.sqrt(_SLOW)
        if self._slow - self._lowest > max(2 * self._least_rise, 9.0 * wavering):
            self._first, self._creeps = self._lowest_step, True
            self._active_points = self._lasting_points
            self._rise = self._greatest = self._slow - self._lowest
            self.since, self.is_lasting = self._lowest_step, True
            return Turn.LASTS
        return None

    def _depart(self, rise: float) -> Turn:
        self.since = self._first
        self.is_lasting = False
        self._active_points = 1
        self._rise = self._greatest = rise
        self._quiet = 0
        return Turn.SPIKES

    def _watch_departure(self, x: float, loss: float) -> Turn | None:
        self._active_points += 1
        self.peak = max(self.peak, loss)
        sigma = max(self._band.noise, _LEAST_NOISE)
        off = x - (self._lowest if self._creeps else self._band.level)
        self._rise += 0.3 * (off - self._rise)
        self._greatest = max(self._greatest, self._rise)
        is_back = off < max(_BACK * sigma, 0.5 * self._least_rise)
        self._quiet = self._quiet + 1 if is_back else 0
        if self._quiet >= _QUIET_POINTS:
            return self._recover(x)
        if self.is_lasting or self._active_points < self._lasting_points:
            return None
        stays = self._rise > _STILL_HIGH * self._greatest
        if stays or self._active_points >= _LONGEST_SPIKE * self._lasting_points:
            self.is_lasting = True
            return Turn.LASTS
        return None

    def _recover(self, x: float) -> Turn:
        self._active_points = self._quiet = 0
        self._evidence = 0.0
        self.is_lasting = self._creeps = False
        self._slow = self._band.level
        self._lowest = math.inf
        self._band.last, self._band.slope = x, 0.0
        return Turn.RECOVERS
