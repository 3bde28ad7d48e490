"""Work on files, each in a thread of its own: a slow disk delays nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def in_own_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
    """Start a function that may block for long; the future has what it returns or raises.

    The event loop's own threads are few, and the database needs them: a share that does not
    answer would take one after the other. Nor does leaving the program wait for such a thread.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, error = None, None
        try:
            result = function(*args, **kwargs)
        except BaseException as raised:  # noqa: BLE001 - it is raised where the future is awaited
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any longer
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name=function.__name__, daemon=True).start()
    return future
