"""Numbers, money and durations as people read them."""

from __future__ import annotations

import math
from datetime import UTC, datetime

ABSENT = "-"
"""Shown for a value that does not exist."""


def plain_number(value: float) -> str:
    """Return a number the way a person types it: "2e-4", "0.05", "8", "0.5"."""
    if value == 0 or 1e-3 < abs(value) < 1e7:
        return f"{value:.10g}"
    mantissa, _, exponent = f"{value:.9e}".partition("e")
    return f"{float(mantissa):.10g}e{int(exponent)}"


def several(number: int, what: str) -> str:
    """Return how many there are of what, as "1 job" and "2 jobs"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def count(value: int) -> str:
    """Return a whole number with thousands separated."""
    return f"{value:,}"


def short_count(value: float) -> str:
    """Return a count in at most five characters: "999", "200k", "1.17B"."""
    for size, suffix in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size * 0.9995:
            return f"{value / size:.3g}{suffix}"
    return f"{value:.3g}"


def money(usd: float | None) -> str:
    """Return dollars and cents, rounded half up from the exact figure."""
    if usd is None or not math.isfinite(usd):
        return ABSENT
    return f"${usd:,.2f}"


def percent(share: float) -> str:
    """Return a share of 0 to 1 as whole per cent: "16 %"; "100 %" only when it is all."""
    return f"{int(share * 100 + 1e-9)} %"


def duration(seconds: float | None) -> str:
    """Return a time span in its two largest units: "45s", "12m", "1h 5m", "3d 4h".

    Rounds to the unit shown before splitting, so that "60m" and "2h 60m" cannot appear.
    """
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return ABSENT
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes}m"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours}h {minutes}m" if minutes else f"{hours}h"
    days, hours = divmod(round(seconds / 3600), 24)
    return f"{days}d {hours}h" if hours else f"{days}d"


def fine_duration(seconds: float) -> str:
    """Return a time span in seven characters that tells one a hundredth longer from it.

    "45s", "30m 12s", "99m 5s", "1h 40m", "50h 20m", "5d 4h".
    """
    if not math.isfinite(seconds) or round(seconds) < 60:
        return duration(seconds)
    if round(seconds) < 6_000:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes}m {rest}s"
    minutes = round(seconds / 60)
    return f"{minutes // 60}h {minutes % 60}m" if minutes < 6_000 else duration(seconds)


def loss_text(value: float | None) -> str:
    """Return a loss or another metric: "0.210", "2.410", "1e+03"."""
    if value is None:
        return ABSENT
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.3g}"


def money_range(low: float, high: float) -> str:
    """Return two sums of dollars, or the one that both print as: "$2.10 … $4.00"."""
    first, last = money(low), money(high)
    return first if first == last else f"{first} … {last}"


def age(moment: datetime, now: datetime | None = None) -> str:
    """Return how long ago a moment was, in one unit: "5s", "2m", "3h", "4d"."""
    seconds = max(0.0, ((now or datetime.now(UTC)) - moment).total_seconds())
    for size, suffix in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{suffix}"
    return f"{int(seconds)}s"


def file_size(size: int) -> str:
    """Return a size in bytes with a binary unit: "512 B", "1.4 MiB"."""
    value = float(size)
    for suffix in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {suffix}" if suffix == "B" else f"{value:.1f} {suffix}"
        value /= 1024
    return f"{value:.1f} TiB"
