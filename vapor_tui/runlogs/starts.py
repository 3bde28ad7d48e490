"""Tells by the steps of a log whether its run was started again: anew, or from a checkpoint."""

from __future__ import annotations

from dataclasses import replace

from vapor_tui.domain.sources import Rise

_FAR = 8
"""Points that the ranks of one run may lie apart in a log that they share."""
_SURE = 3
"""Points that rise far behind the others: a single one may be a stray."""


class Starts:
    """Follows the steps at which a training loss was logged."""

    def __init__(self, rise: Rise) -> None:
        self.rise = rise
        self._is_announced = False

    def announce(self, at: float | None = None) -> None:
        """Take note that a program begins to log here, at a moment if it is known.

        One that began while another was still logging is another rank, not another start.
        """
        self._is_announced = at is None or at >= self.rise.latest

    def take(self, step: int, at: float | None) -> bool:
        """Take the next point; say whether it belongs to a later start than those before it.

        What was logged from its step on no longer counts then. `at` is in seconds since 1970.
        """
        rise, announced = self.rise, self._is_announced
        self._is_announced = False
        latest = rise.latest if at is None else max(rise.latest, at)
        if step >= rise.top:
            every = step - rise.top or rise.every
            self.rise = Rise(top=step, every=every, latest=latest)
            return False
        if at is not None and at < rise.latest:
            return False  # logged before what has been read: by another rank
        goes_on = rise.behind > 0 and step > rise.last
        if rise.behind and not goes_on and rise.last - step <= _FAR * rise.every:
            return False
        if not goes_on and not announced and rise.top - step <= _FAR * rise.every:
            self.rise = replace(rise, behind=0, latest=latest)
            return False
        behind = rise.behind + 1 if goes_on else 1
        first, first_at = (rise.first, rise.first_at) if goes_on else (step, at)
        self.rise = replace(
            rise, behind=behind, first=first, first_at=first_at, last=step, latest=latest
        )
        return announced or behind >= _SURE

    def begin(self, step: int) -> bool:
        """Go on from a step of a later start; say whether that one began at the beginning."""
        rise = self.rise
        self.rise = Rise(top=step, every=rise.every, latest=rise.latest)
        return rise.first <= rise.every
