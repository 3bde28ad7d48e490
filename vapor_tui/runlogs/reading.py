"""What every reader of a run's log gives, and how it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vapor_tui.domain.metrics import MetricsBlock, Void
from vapor_tui.domain.sources import SourceState


@dataclass(frozen=True, slots=True)
class Reading:
    """What is new in a log since the reading before."""

    state: SourceState
    """Where the next reading goes on, this one included."""
    blocks: tuple[MetricsBlock | Void, ...] = ()
    """To be taken one after the other: where a step comes again, the later value counts.

    There is a Void among them where the run was started again in the same log.
    """
    lines: tuple[str, ...] = ()
    """What the run printed, as it came."""
    is_anew: bool = False
    """The log was emptied or replaced: what was read before it is void."""
    has_more: bool = False
    """There is more to read at once: one reading is of bounded size."""


class Source(Protocol):
    """The log of one run, read a piece at a time. Constructed with the state to go on from."""

    path: Path

    def read(self) -> Reading:
        """Read what has come since.

        Raises RunLogGoneError when nothing is there any more, RunLogError when it cannot be
        read; both leave the state as it was, so that reading can be tried again.
        """
        ...
