"""Opens the app; imports no command line."""

from __future__ import annotations

import contextlib
import gc
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from vapor_tui.cli.settings import Settings, preferences_of
from vapor_tui.ui.terminal import can_be_drawn_on, draws_ascii


def has_terminal() -> bool:
    """Say whether there is a terminal that the app can be drawn on."""
    return _is_terminal() and can_be_drawn_on()


def open_app(
    settings: Settings, *, job_id: int | None = None, configure: dict[str, Any] | None = None
) -> int:
    """Run the app until it is left; return its exit code."""
    if not _is_terminal():
        _refuse("The app needs a terminal. Without one, try: vapor-tui jobs")
    if not can_be_drawn_on():
        _refuse(
            "The app needs a terminal that can be drawn on, and TERM says that this one cannot "
            "be. The commands need none: try vapor-tui jobs"
        )
    gc.disable()  # importing leaves no garbage; the app enables it when all is imported
    from vapor_tui.ui.app import create_app
    from vapor_tui.ui.backend import Backend

    if settings.speed is not None:
        _check_speed(settings.speed)
    preferences = preferences_of(settings)
    backend = Backend(
        settings.database,
        speed=settings.speed,
        runs_worker=settings.runs_worker,
        on_event=preferences.on_event if preferences else (),
        health=preferences.health if preferences else None,
    )
    app = create_app(
        backend,
        job_id=job_id,
        configure=configure,
        preferences=preferences,
        owns_process=True,
        ascii_only=draws_ascii(preferences.ascii if preferences else None),
        directory=Path.cwd(),
    )
    app.run()
    _tell_unfinished(backend.unfinished, settings.database)
    return app.return_code or 0


def _tell_unfinished(job_ids: Sequence[int], database: Path | None) -> None:
    """Say on standard error which jobs no longer run now that the app is left, if any."""
    if not job_ids:
        return
    from vapor_tui.domain.text import printable

    *others, last = map(str, job_ids)
    jobs = f"Jobs {', '.join(others)} and {last} wait" if others else f"Job {last} waits"
    place = ("--db", str(database)) if database is not None else ()
    command = printable(shlex.join(("vapor-tui", *place, "worker")))
    with contextlib.suppress(OSError):  # the terminal may be gone
        sys.stderr.write(
            f"{jobs} for a worker again; nothing is lost. "
            f"Go on with: {command}   or open the app again\n"
        )
        sys.stderr.flush()


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _refuse(sentence: str) -> NoReturn:
    from vapor_tui.cli.output import refuse
    from vapor_tui.domain.results import Refused

    refuse(Refused(sentence))


def _check_speed(speed: str) -> None:
    from vapor_tui.simulation import Pace

    try:
        Pace.parse(speed)
    except ValueError as error:
        _refuse(str(error))
