"""How the watch over health and the forecast do: on real runs, and on many simulated ones.

    python tests/health_report.py [--runs DIR] [--seeds N] [--first-seed N]

DIR holds CSVs with the header step,epoch,loss,lr,grad_norm,eval_loss (a missing value is empty).
Of each run every finding is printed with the step where it was noticed and where it began. Of
simulated runs, so many of each mode, the share of false alarms and of injected faults that were
noticed, with the delay in logged points.
"""

from __future__ import annotations

import argparse
import csv
import math
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vapor_tui.domain.forecast import LAST_SHARE, Course, Forecast, forecast
from vapor_tui.domain.health.findings import HealthChange, HealthKind, departures
from vapor_tui.domain.health.watch import HealthWatch
from vapor_tui.domain.hyperparameters import Hyperparameters
from vapor_tui.domain.lifecycle import Position, Stage
from vapor_tui.domain.metrics import MetricsBlock
from vapor_tui.runners.base import Progress
from vapor_tui.runners.simulator import BEAT_SECONDS
from vapor_tui.services.forecast import steps_alone
from vapor_tui.simulation import (
    Pace,
    SimulationMode,
    SimulationSpec,
    Timeline,
    evaluate,
    failure_of,
    simulate,
)
from vapor_tui.simulation.disturbed import DisturbedModel
from vapor_tui.simulation.engine import _means, _model_of
from vapor_tui.simulation.failures import Disturbance, DisturbanceKind, disturbances_of
from vapor_tui.simulation.schedule import Schedule
from vapor_tui.ui.charting import smoothed
from vapor_tui.worker.vitals import Vitals

Floats = NDArray[np.float64]

FACTORS = (120, 400, 1000, 3000)
"""Steps of the simulated runs."""
BLOWN_UP = "alpaca_sky"
"""Names of the real runs that blow up begin so."""
OVERFIT = 0.02
"""A simulated eval_loss that truly rises by so much is no false alarm."""


@dataclass(frozen=True)
class Score:
    """How a kind of fault was noticed."""

    noticed: int
    short: int
    """Not noticed, in runs with fewer than 20 points before the fault or 3 of it."""
    missed: int
    delays: tuple[float, ...]
    """In logged points."""

    def __str__(self) -> str:
        whole = self.noticed + self.short + self.missed
        if not self.delays:
            return f"none of {whole} noticed"
        middle = statistics.median(self.delays)
        late = float(np.quantile(self.delays, 0.9))
        return (
            f"{self.noticed} of {whole} noticed, {self.missed} missed, {self.short} too short to "
            f"tell; after {middle:.0f} points, nine in ten within {late:.0f}"
        )


def simulated_course(spec: SimulationSpec) -> Course:
    """Return what a simulated run's law is in: its learning rates, or its steps."""
    if spec.mode is SimulationMode.REALISTIC:
        return Schedule.of(spec.hyperparameters, spec.total_steps)
    return steps_alone(spec.total_steps)


def read_run(path: Path) -> MetricsBlock:
    """Return a logged run; rows without a loss complete the one before with their eval_loss."""
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    points: dict[int, dict[str, float]] = {}
    for number, row in enumerate(rows, 1):
        step = int(float(row["step"])) if row.get("step") else number
        values = {name: float(row[name]) for name in row if name != "step" and row[name]}
        points.setdefault(step, {}).update(values)
    steps = sorted(points)

    def column(name: str) -> Floats | None:
        values = np.array([points[step].get(name, math.nan) for step in steps])
        return values if any(name in points[step] for step in steps) else None

    epoch, loss = column("epoch"), column("loss")
    return MetricsBlock(
        step=np.array(steps, dtype=np.int64),
        epoch=np.zeros(len(steps)) if epoch is None else epoch,
        loss=loss,
        learning_rate=column("lr"),
        grad_norm=column("grad_norm"),
        eval_loss=column("eval_loss"),
    )


def findings(block: MetricsBlock) -> list[HealthChange]:
    """Return what is found in a run whose points come one by one."""
    watch = HealthWatch()
    return [change for point in single_points(block) for change in watch.feed(point)]


def single_points(block: MetricsBlock) -> Iterator[MetricsBlock]:
    """Cut a block into its points; NaN is a value, except of an evaluation or a rate."""

    def missing(name: str, value: float) -> bool:
        return name in ("eval_loss", "learning_rate") and bool(np.isnan(value))

    for i in range(len(block)):
        values = {
            name: None if column is None or missing(name, column[i]) else column[i : i + 1]
            for name in ("loss", "learning_rate", "grad_norm", "eval_loss", "tokens_per_second")
            for column in (block.column(name),)
        }
        yield MetricsBlock(step=block.step[i : i + 1], epoch=block.epoch[i : i + 1], **values)


def healthy_spec(seed: int, mode: SimulationMode, injection: str | None = None) -> SimulationSpec:
    """Return one of the configurations that people use, drawn from a seed."""
    draw = np.random.default_rng(seed)
    steps, epochs = int(draw.choice(FACTORS)), int(draw.choice([1, 3, 5]))
    hyperparameters = Hyperparameters(
        batch_size=int(draw.choice([1, 2, 4, 8, 16, 32])),
        epochs=epochs,
        learning_rate=float(draw.choice([3e-5, 5e-5, 1e-4, 2e-4])),
        lr_scheduler_type=str(draw.choice(["constant", "linear", "cosine"])),
        logging_steps=int(draw.choice([1, 1, 5, 10])),
        warmup_ratio=float(draw.choice([0.0, 0.03, 0.1])),
    )
    return SimulationSpec(
        hyperparameters=hyperparameters,
        total_steps=steps,
        steps_per_epoch=-(-steps // epochs),
        seed=seed,
        data_seed=seed + 1,
        mode=mode,
        injection=injection,
        tokens_per_second=3600.0,
    )


def whole_run(spec: SimulationSpec) -> MetricsBlock:
    """Return a simulated run with its evaluations, in one block."""
    block = simulate(spec, 0, spec.total_steps)
    evaluated = np.full(len(block), np.nan)
    for epoch in range(1, spec.epochs + 1):
        point = evaluate(spec, epoch)
        place = int(np.searchsorted(block.step, point.step[0]))
        if place < len(block) and point.eval_loss is not None:
            evaluated[place] = point.eval_loss[0]
    return replace(block, eval_loss=evaluated)


def overfits(spec: SimulationSpec) -> bool:
    """Say whether a healthy run's eval_loss truly ends above its best."""
    values = [float(evaluate(spec, e).eval_loss[0]) for e in range(1, spec.epochs + 1)]
    return max(values[values.index(min(values)) :]) > min(values) * (1 + OVERFIT)


def report_real(folder: Path) -> None:
    """Print every finding of the logged runs of a folder."""
    print(f"Real runs in {folder.name}")
    for path in sorted(folder.glob("*.csv")):
        block = read_run(path)
        changes = findings(block)
        print(f"  {path.stem}: {len(block)} points, {'nothing' if not changes else ''}")
        for change in changes:
            found, since = change.finding, change.finding.since
            late = (
                "" if since is None else f" (began at {since}, {found.step - since} steps before)"
            )
            word = "over" if change.is_over else "FOUND"
            print(f"    {word:<5} {found.kind:<11} at {found.step}{late}: {found.what}")


def report_healthy(seeds: range) -> None:
    """Print the share of healthy simulated runs in which something was found."""
    print(f"Healthy simulated runs, {len(seeds)} seeds of each mode")
    for mode in SimulationMode:
        specs = [healthy_spec(seed, mode) for seed in seeds]
        healthy = [spec for spec in specs if not disturbances_of(spec)]
        points, false, true = 0, [], 0
        for spec in healthy:
            block = whole_run(spec)
            points += len(block)
            kinds = {c.finding.kind for c in findings(block) if not c.is_over}
            if HealthKind.EVAL_RISING in kinds and overfits(spec):
                kinds.discard(HealthKind.EVAL_RISING)
                true += 1
            if kinds:
                false.append((spec.seed, *sorted(kinds)))
        print(
            f"  {mode}: {len(false)} false alarms in {len(healthy)} runs, {points:,} points; "
            f"{true} overfitting runs noticed {false[:5] or ''}"
        )


def report_faults(seeds: range) -> None:
    """Print how injected faults were noticed."""
    print(f"Faults in simulated runs, {len(seeds)} seeds")
    for mode in SimulationMode:
        for kind in DisturbanceKind:
            wanted = {
                DisturbanceKind.SPIKE: {HealthKind.SPIKE, HealthKind.DIVERGENCE},
                DisturbanceKind.RISE: {HealthKind.SPIKE, HealthKind.DIVERGENCE},
                DisturbanceKind.NAN: {HealthKind.NAN},
            }[kind]
            print(f"  {mode}, {kind}: {_score(seeds, mode, kind, wanted)}")


def _score(
    seeds: range, mode: SimulationMode, kind: DisturbanceKind, wanted: set[HealthKind]
) -> Score:
    noticed, short, missed, delays = 0, 0, 0, []
    for seed in seeds:
        spec = healthy_spec(seed, mode)
        if disturbances_of(spec):
            continue
        at, interval = int(0.6 * spec.total_steps), spec.hyperparameters.logging_steps
        steps = [
            change.finding.step
            for change in findings(disturbed(spec, kind, at))
            if change.finding.kind in wanted and not change.is_over and change.finding.step >= at
        ]
        fading = max(4.0, 0.01 * spec.total_steps)
        if steps:
            noticed += 1
            delays.append(max(0, (steps[0] - at) // interval))
        elif at / interval < 20 or fading / interval < 1:
            short += 1
        else:
            missed += 1
    return Score(noticed, short, missed, tuple(delays))


def disturbed(spec: SimulationSpec, kind: DisturbanceKind, at: int) -> MetricsBlock:
    """Return a healthy run with a break of middling size at a step."""
    whole = simulate(spec, 0, spec.total_steps)
    model = DisturbedModel(_model_of(spec), Disturbance(kind, at, 0.5, True), spec.total_steps)
    rows, interval = model.rows(1, spec.total_steps), spec.hyperparameters.logging_steps
    size = len(whole)
    loss, norm = _means(rows.loss, interval)[:size], _means(rows.grad_norm, interval)[:size]
    return replace(whole, loss=loss, grad_norm=norm)


def report_stalls(seeds: range) -> None:
    """Print how stalls are noticed in runs at the automatic pace, by the clock of the wall."""
    false, delays, missed = 0, [], 0
    for seed in seeds:
        spec = healthy_spec(seed, SimulationMode.REALISTIC)
        if disturbances_of(spec):
            continue
        false += bool(list(stalls(spec)))
        at = int(0.6 * spec.total_steps)
        noticed = list(stalls(replace(spec, injection=f"stall@{at}")))
        missed += not noticed
        delays += noticed[:1]
    middle = statistics.median(delays) if delays else math.nan
    whole = len(delays) + missed
    print(f"Stalls: {false} false alarms in {whole} runs, {len(delays)} of {whole} noticed, ")
    print(f"  after {middle:.0f} s, the latest after {max(delays, default=math.nan):.0f} s")


def stalls(spec: SimulationSpec) -> Iterator[float]:
    """Drive a run on a made-up clock; yield how long each stall had lasted when noticed."""
    timeline = Timeline(spec, seconds_per_step=spec.hyperparameters.batch_size * 200 / 3600)
    clock, watched, position = Pace().clock(timeline), Vitals(), Position()
    last, now = 0.0, 0.0
    while position.stage is not Stage.COMPLETED:
        now += BEAT_SECONDS
        following = timeline.advance(position, clock.simulated_at(now))
        if following != position:
            event = Progress(following, billed_seconds=timeline.seconds_at(following))
            watched.take(position, event, now)
            last, position = now, following
        watched.look(now)
        for change in watched.changes:
            if not change.is_over:
                yield now - last
        watched.stored(len(watched.changes))


def report_forecasts(folder: Path | None, seeds: range) -> None:
    """Print how the forecast does on endings that it has not seen."""
    print("Forecast of the final loss after 30, 50 and 70 % of the points")
    if folder is not None:
        runs = [(p.stem, read_run(p)) for p in sorted(folder.glob("*.csv"))]
        cases = [case for name, run in runs for case in endings(name, run, logged_course(run))]
        for case in cases:
            print(f"    {case}")
        print(f"  real: {_summary(cases)}")
        calm = [case for case in cases if not case.name.startswith(BLOWN_UP)]
        print(f"  real without blow-ups: {_summary(calm)}")
    for mode in SimulationMode:
        cases = []
        for seed in seeds:
            spec = healthy_spec(seed, mode)
            if not disturbances_of(spec):
                epochs = spec.steps_per_epoch if spec.epochs > 1 else 0
                cases += endings(str(seed), whole_run(spec), (simulated_course(spec), epochs))
        print(f"  {mode}: {_summary(cases)}")


@dataclass(frozen=True)
class Ending:
    """A forecast held against what came."""

    name: str
    share: float
    made: Forecast
    came: float
    smoothed: float
    """The last smoothed value when the forecast was made."""

    @property
    def is_covered(self) -> bool:
        return self.made.low <= self.came <= self.made.high

    def __str__(self) -> str:
        made = f"{self.made.low:.3f} {self.made.mid:.3f} {self.made.high:.3f}"
        word = "inside" if self.is_covered else "OUTSIDE"
        return f"{self.name:<16} {self.share:.0%}: {made}, came {self.came:.3f} {word}"


def _summary(cases: list[Ending]) -> str:
    if not cases:
        return "none long enough"
    covered = sum(case.is_covered for case in cases)
    ours = [abs(case.made.mid / case.came - 1) for case in cases]
    last = [abs(case.smoothed / case.came - 1) for case in cases]
    width = statistics.median(case.made.high / case.made.low - 1 for case in cases)
    return (
        f"80 % band covers {covered} of {len(cases)} ({covered / len(cases):.0%}), width "
        f"{width:.0%}; error mean {statistics.mean(ours):.1%}, median "
        f"{statistics.median(ours):.1%}; of the last smoothed value {statistics.mean(last):.1%}, "
        f"{statistics.median(last):.1%}"
    )


def endings(name: str, run: MetricsBlock, course: tuple[Course, float]) -> Iterator[Ending]:
    """Cut a run at three places and forecast its end; a cut too early for that gives none."""
    assert run.loss is not None
    known = np.isfinite(run.loss)
    steps, losses = run.step[known], run.loss[known]
    last = max(3, round(LAST_SHARE * len(losses)))
    changes = findings(run)
    for share in (0.3, 0.5, 0.7):
        cut = round(share * len(losses))
        now = int(steps[cut - 1])
        seen = [change for change in changes if change.finding.step <= now]
        made = forecast(steps[:cut], losses[:cut], *course, departures(seen, now))
        if isinstance(made, Forecast):
            before = float(smoothed(losses[:cut], 0.6)[-1])
            yield Ending(name, share, made, float(losses[-last:].mean()), before)


@dataclass(frozen=True)
class LoggedCourse:
    """Learning rates as a run has logged them: they were planned, not found out."""

    steps: Floats
    rates: Floats

    @property
    def peak(self) -> float:
        return float(self.rates.max())

    @property
    def total_steps(self) -> int:
        return int(self.steps[-1])

    def cumulative(self, steps: Floats) -> Floats:
        sums = np.cumsum(self.rates * np.diff(self.steps, prepend=0.0))
        return np.interp(steps, np.append(0.0, self.steps), np.append(0.0, sums))


def logged_course(run: MetricsBlock) -> tuple[LoggedCourse, float]:
    """Return the course of a run and its steps per epoch, 0 for a single one."""
    assert run.loss is not None
    known = np.isfinite(run.loss)
    steps = run.step[known].astype(np.float64)
    rates = np.ones(len(steps)) if run.learning_rate is None else run.learning_rate[known]
    epochs = float(run.epoch[known][-1])
    per_epoch = float(steps[-1]) / epochs if epochs > 1.05 else 0.0
    return LoggedCourse(steps, np.nan_to_num(rates)), per_epoch


def report_cost() -> None:
    """Print what judging costs: point by point, and in the blocks of a run that never waits."""
    spec = replace(healthy_spec(1, SimulationMode.REALISTIC), total_steps=1_000_000)
    assert failure_of(spec) is None
    block = simulate(replace(spec, steps_per_epoch=spec.total_steps), 0, 20_000)
    points = list(single_points(block))
    for name, blocks in (("one by one", points), ("in a block", [block])):
        watch = HealthWatch()
        begun = time.process_time()
        for part in blocks:
            watch.feed(part)
        each = (time.process_time() - begun) / len(block) * 1e6
        print(f"Judging, points {name}: {each:.2f} µs a point")
    begun = time.process_time()
    whole = simulate(replace(spec, steps_per_epoch=spec.total_steps), 0, 500_000)
    assert whole.loss is not None
    begun = time.process_time()
    forecast(whole.step, whole.loss, simulated_course(spec), 100_000)
    print(f"Forecast from half a million points: {(time.process_time() - begun) * 1e3:.1f} ms")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Score health and forecast.")
    parser.add_argument("--runs", type=Path, help="folder of real runs")
    parser.add_argument("--seeds", type=int, default=300, help="simulated runs of each mode")
    parser.add_argument("--first-seed", type=int, default=0, help="for an independent sample")
    options = parser.parse_args(arguments)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    if options.runs is not None:
        report_real(options.runs)
    report_healthy(seeds)
    report_faults(seeds)
    report_stalls(seeds)
    report_forecasts(options.runs, seeds)
    report_cost()
    return 0


if __name__ == "__main__":
    sys.exit(main())
