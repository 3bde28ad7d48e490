"""Lists that are given out page by page; pages count from 1."""

from __future__ import annotations

import math


def page_count(total: int, limit: int) -> int:
    """Return how many pages so many things take, `limit` to a page: one where there are none."""
    return max(1, math.ceil(total / limit))
