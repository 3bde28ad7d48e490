"""Progress bars of a running job for a terminal, plain lines for everything else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from vapor_tui.domain.formats import duration, money
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.text import printable

_LINES_EVERY = 10.0
"""Percent between two plain lines."""


@contextmanager
def run_display(job: Job) -> Iterator[Callable[[Job], None]]:
    """Yield a function that shows a job's present state on standard error."""
    if sys.stderr.isatty():
        with _bars(job) as show:
            yield show
    else:
        yield _PlainLines()


@contextmanager
def _bars(job: Job) -> Iterator[Callable[[Job], None]]:
    typer.echo(
        f"Job {job.id} {printable(job.name)}"
        f"{' (simulated)' if job.is_simulated else ''}, Ctrl-C hands it back",
        err=True,
    )
    progress = Progress(
        TextColumn("{task.description:<8}", markup=False),
        BarColumn(bar_width=32),
        TextColumn("{task.percentage:>3.0f} %", markup=False),
        TextColumn("{task.fields[words]}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )
    with progress:
        overall = progress.add_task("overall", total=100, words="")
        epoch = progress.add_task("epoch", total=100, words="")
        yield lambda current: _show(progress, overall, epoch, current)


def _show(progress: Progress, overall: TaskID, epoch: TaskID, job: Job) -> None:
    left = job.seconds_left()
    progress.update(
        overall,
        completed=job.progress,
        words=f"{job.current_step}/{job.total_steps}  left {duration(left)}  "
        f"{money(job.current_cost)}",
    )
    progress.update(
        epoch,
        completed=job.epoch_progress,
        words=f"loss {job.current_metrics.shown('loss')}  {job.stage_label}",
    )


class _PlainLines:
    """Prints a line when the stage changes and at every tenth of the way."""

    def __init__(self) -> None:
        self._shown: tuple[str, int] | None = None

    def __call__(self, job: Job) -> None:
        state = (job.stage_label, int(job.progress // _LINES_EVERY))
        if state == self._shown:
            return
        self._shown = state
        typer.echo(
            f"{job.stage_label}: {job.progress:.0f} %, step {job.current_step} of "
            f"{job.total_steps}, loss {job.current_metrics.shown('loss')}, "
            f"{money(job.current_cost)}",
            err=True,
        )
