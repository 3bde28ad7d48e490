"""The load of GPUs in lines: one each beside the chart, one for all in a narrow terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from vapor_tui.domain.formats import ABSENT
from vapor_tui.domain.text import printable
from vapor_tui.telemetry import GpuReading, Unavailable
from vapor_tui.ui.glyphs import levels, percent
from vapor_tui.ui.gpu_watch import KEPT_READINGS, GpuHistory, uses_gpus_here
from vapor_tui.ui.widgets.lines import Line, fitted, joined, line_width
from vapor_tui.ui.wrapping import wrapped

if TYPE_CHECKING:
    from vapor_tui.domain.jobs import Job

GpuState: TypeAlias = Sequence[GpuHistory] | Unavailable | None

_GB = 2**30
"""What makers of GPUs call one."""
_MOST_GPUS = 8
_LEAST_CURVE, _GOOD_CURVE = 3, 8
_NAME_LENGTH = 30
_LONGEST_REASON = 3


def gpu_block(job: Job, gpus: GpuState, width: int) -> list[Line]:
    """Return a line per GPU of this machine while a run may train on it, or why there is none."""
    if not gpus or not uses_gpus_here(job):
        return []
    if isinstance(gpus, Unavailable):
        said = wrapped(printable(gpus.sentence), max(width, 10), _LONGEST_REASON)
        return [((part, "dim"),) for part in said]
    shown = gpus[:_MOST_GPUS]
    lines: list[Line] = [
        (("GPU load here", "bold foreground"), (f"  {_names(gpus)}", "dim")),
        *_gpu_lines(shown, width),
    ]
    if rest := gpus[_MOST_GPUS:]:
        known = [g.latest.utilisation for g in rest if g.latest.utilisation is not None]
        mean = percent(sum(known) / len(known)) if known else ABSENT
        lines.append(((f"and {len(rest)} more, on average {mean.strip()}", "dim"),))
    return lines


def gpu_line(job: Job, gpus: GpuState, width: int) -> Line:
    """Return all GPUs in one line, the first ones where there is not the room for all."""
    if not gpus or not uses_gpus_here(job):
        return ()
    if isinstance(gpus, Unavailable):
        return ((printable(gpus.sentence), "dim"),)
    heat = (_temperature, _power) if len(gpus) == 1 else ()
    parts: list[Line] = []
    for gpu in gpus:
        texts = [of(gpu.latest) for of in (_utilisation, _memory, *heat)]
        part: Line = ((f"GPU {gpu.latest.index} ", "dim"), ("  ".join(texts), "foreground"))
        left_out = len(gpus) - len(parts) - 1
        more = len(f"   +{left_out}") if left_out else 0
        if parts and line_width(joined([*parts, part])) + more > width:
            break
        parts.append(part)
    hidden = len(gpus) - len(parts)
    return joined([*parts, ((f"+{hidden}", "dim"),) if hidden else ()])


def _gpu_lines(gpus: Sequence[GpuHistory], width: int) -> list[Line]:
    """Return index, both curves with their values, temperature and power, in columns."""
    rows = [
        [of(gpu.latest) for of in (_index, _utilisation, _memory, _temperature, _power)]
        for gpu in gpus
    ]
    limited = [[*row[:-1], _power_of_limit(g.latest)] for row, g in zip(rows, gpus, strict=True)]
    if _curve_width(limited, width) >= _GOOD_CURVE:
        rows = limited
    sizes = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    curve = min(_curve_width(rows, width), KEPT_READINGS)
    lines: list[Line] = []
    for gpu, row in zip(gpus, rows, strict=True):
        index, *values = (text.rjust(size) for text, size in zip(row, sizes, strict=True))
        work, memory, *heat = values
        line: Line = (
            (f"{index} ", "dim"),
            (_curve(gpu.utilisation, curve), "chart-line"),
            (f" {work}  ", "foreground"),
            (_curve(gpu.memory, curve), "chart-eval"),
            (f" {'  '.join((memory, *heat))}", "foreground"),
        )
        lines.append(fitted(line, width))
    return lines


def _curve_width(rows: Sequence[Sequence[str]], width: int) -> int:
    """Return the cells that are left for each of the two curves."""
    taken = sum(max(len(row[i]) for row in rows) for i in range(len(rows[0])))
    gaps = 3 * len("  ") + 3 * len(" ")
    return max((width - taken - gaps) // 2, _LEAST_CURVE)


def _curve(shares: Sequence[float | None], width: int) -> str:
    """Return a curve that comes in from the right, as its cells stand for times."""
    return levels((*([None] * (KEPT_READINGS - len(shares))), *shares), width)


def _index(gpu: GpuReading) -> str:
    return str(gpu.index)


def _utilisation(gpu: GpuReading) -> str:
    return percent(gpu.utilisation) if gpu.utilisation is not None else f"{ABSENT:>5}"


def _memory(gpu: GpuReading) -> str:
    if gpu.memory_used is None or not gpu.memory_total:
        return ABSENT
    total = f"{gpu.memory_total / _GB:.0f}"
    return f"{gpu.memory_used / _GB:>{len(total) + 2}.1f}/{total} GB"


def _temperature(gpu: GpuReading) -> str:
    return f"{f'{gpu.temperature:.0f}' if gpu.temperature is not None else ABSENT:>3} °C"


def _power(gpu: GpuReading) -> str:
    return f"{f'{gpu.power:.0f}' if gpu.power is not None else ABSENT:>3} W"


def _power_of_limit(gpu: GpuReading) -> str:
    if gpu.power is None or gpu.power_limit is None:
        return _power(gpu)
    limit = f"{gpu.power_limit:.0f}"
    return f"{gpu.power:>{len(limit)}.0f}/{limit} W"


def _names(gpus: Sequence[GpuHistory]) -> str:
    counted = Counter(gpu.latest.name or "unnamed" for gpu in gpus)
    return ", ".join(
        f"{count} × {printable(name, _NAME_LENGTH)}" for name, count in counted.items()
    )
