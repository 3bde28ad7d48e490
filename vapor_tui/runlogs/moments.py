"""When files were written, as moments that can be reckoned with."""

from __future__ import annotations

import os
from datetime import UTC, datetime

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC).timestamp()
_LATEST = datetime(9998, 1, 1, tzinfo=UTC).timestamp()
"""A year before the last that a datetime can hold: room for zones and time spans."""


def moment_of(status: os.stat_result) -> datetime:
    """Return when a file was written; file systems hold moments that a datetime cannot."""
    return datetime.fromtimestamp(min(max(status.st_mtime, _EARLIEST), _LATEST), UTC)
