"""When a learning rate that is too high breaks a run: a hazard per step, summed in closed form.

A step with rate lr has the hazard (lr / lr_crit)^3 / 500, lr_crit = 1e-3 sqrt(batch / 16), and
none below half of lr_crit. (Our own design: no data stands behind these numbers.)
"""

from __future__ import annotations

import math

from vapor_tui.simulation.schedule import Schedule

CRITICAL_RATE, CRITICAL_BATCH = 1e-3, 16
SAFE_SHARE = 0.5
"""Of the critical rate, what never breaks a run."""
_STEPS_AT_CRITICAL = 500.0
_NO_SINE = 1e-9


def critical_rate(batch_size: int) -> float:
    """Return the learning rate at which a run lasts 500 steps on average."""
    return CRITICAL_RATE * math.sqrt(batch_size / CRITICAL_BATCH)


def step_of_break(schedule: Schedule, batch_size: int, threshold: float) -> int | None:
    """Return the first step by which the summed hazard reaches a threshold, or None.

    A threshold of -ln u, with u uniform, makes the hazard what its name says.
    """
    severity = schedule.peak / critical_rate(batch_size)
    if severity < SAFE_SHARE:
        return None
    first, last = _steps_above(schedule, SAFE_SHARE / severity)
    before = _cubes(schedule, first - 1)

    def summed(step: int) -> float:
        return severity**3 / _STEPS_AT_CRITICAL * (_cubes(schedule, step) - before)

    if last < first or summed(last) < threshold:
        return None
    low, high = first, last
    while low < high:
        middle = (low + high) // 2
        if summed(middle) >= threshold:
            high = middle
        else:
            low = middle + 1
    return low


def _steps_above(schedule: Schedule, share: float) -> tuple[int, int]:
    """Return the first and last step whose rate is at least this share of the peak."""
    first = max(1, math.ceil(share * schedule.warmup_steps))
    falling = max(1, schedule.total_steps - schedule.warmup_steps)
    reach = float(falling)
    if schedule.shape == "linear":
        reach *= 1.0 - share
    elif schedule.shape == "cosine":
        reach *= math.acos(2.0 * share - 1.0) / math.pi
    return first, min(schedule.total_steps, schedule.warmup_steps + math.floor(reach))


def _cubes(schedule: Schedule, step: int) -> float:
    """Return the sum over steps 1 .. step of (rate / peak)^3."""
    warmup = schedule.warmup_steps
    warm = min(step, warmup)
    total = _sum_of_cubes(warm) / max(1, warmup) ** 3
    after, falling = max(0, step - warmup), max(1, schedule.total_steps - warmup)
    if schedule.shape == "linear":
        left = _sum_of_cubes(falling - 1) - _sum_of_cubes(falling - after - 1)
        return total + left / falling**3
    if schedule.shape == "cosine":
        # ((1 + cos t) / 2)^3 = (10 + 15 cos t + 6 cos 2t + cos 3t) / 32
        angle = math.pi / falling
        waves = sum(w * _cosines(m * angle, after) for m, w in ((1, 15.0), (2, 6.0), (3, 1.0)))
        return total + (10.0 * after + waves) / 32.0
    return total + after


def _sum_of_cubes(n: int) -> int:
    """Return 1^3 + .. + n^3, exactly."""
    return (n * (n + 1) // 2) ** 2 if n > 0 else 0


def _cosines(angle: float, count: int) -> float:
    """Return cos(angle) + cos(2 angle) + .. + cos(count angle) by Lagrange's identity."""
    sine = math.sin(angle / 2.0)
    if abs(sine) < _NO_SINE:
        return float(count)
    return math.sin(count * angle / 2.0) * math.cos((count + 1) * angle / 2.0) / sine
