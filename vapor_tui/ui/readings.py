"""The dataset files that this app reads at present, whichever screen asked for them."""

from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vapor_tui.domain.text import printable
from vapor_tui.own_thread import in_own_thread
from vapor_tui.ui.messages import ReadingEnded, ReadingProgressed

if TYPE_CHECKING:
    from vapor_tui.domain.datasets import Dataset, ReadProgress
    from vapor_tui.domain.results import Result
    from vapor_tui.services.workspace import Workspace
    from vapor_tui.ui.app import VaporApp

ADD_FAILED = "Failed to add the dataset"
CLOSE_SECONDS = 0.3
"""What has not ended by then is marked as interrupted at the next start."""


@dataclass(frozen=True, slots=True)
class FileToRead:
    """What a person says of a dataset to add."""

    path: Path
    name: str | None = None
    validation: Path | None = None


class Reading:
    """A file that is being read, or has just been."""

    def __init__(self, file: FileToRead) -> None:
        self.file = file
        self.progress: ReadProgress | None = None
        self.is_watched = True
        """Whether a dialog shows how it goes on."""
        self.real_path = str(file.path)
        """As it is stored, once the reading has begun."""
        self._stop = threading.Event()

    @property
    def label(self) -> str:
        """What it is called, safe to show."""
        return printable(self.file.name or self.file.path.name)

    @property
    def share(self) -> float:
        """How much of it is read, of 1."""
        if self.progress is None:
            return 0.0
        return self.progress.bytes_read / max(self.progress.bytes_total, 1)

    @property
    def is_stopping(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        """Let nothing come of it; the end is told as soon as the thread has noticed."""
        self._stop.set()


class Readings:
    """Starts readings and tells every screen how they go on."""

    def __init__(self, app: VaporApp) -> None:
        self._app = app
        self._running: dict[Reading, asyncio.Future[Result[Dataset]]] = {}

    @property
    def running(self) -> tuple[Reading, ...]:
        return tuple(self._running)

    def start(self, file: FileToRead) -> Reading:
        """Read and register a file in a thread of its own."""
        reading = Reading(file)
        workspace = self._app.backend.workspace
        self._running[reading] = in_own_thread(self._read, workspace, reading)
        self._app.run_worker(self._await(reading), group="reading")
        return reading

    def of(self, path: str) -> Reading | None:
        """Return the reading of a file by the path that is stored."""
        return next((reading for reading in self._running if reading.real_path == path), None)

    def take(self, message: ReadingProgressed | ReadingEnded) -> None:
        """Keep how far a reading has come, and tell the screens."""
        reading = message.reading
        if isinstance(message, ReadingProgressed):
            reading.progress = message.progress
        else:
            self._running.pop(reading, None)
            if not reading.is_watched:
                self._toast(reading, message.answer)
        for screen in self._app.screen_stack:
            screen.post_message(message.again())

    async def close(self) -> None:
        """Stop all readings, and give them a moment to leave nothing behind."""
        for reading in self._running:
            reading.stop()
        if self._running:
            await asyncio.wait(self._running.values(), timeout=CLOSE_SECONDS)

    def _read(self, workspace: Workspace, reading: Reading) -> Result[Dataset]:
        """Runs in the thread: reads the file through and stores what it is."""
        from vapor_tui.domain.results import Refused
        from vapor_tui.services.datasets import add_dataset
        from vapor_tui.storage.errors import StorageError

        def tell(progress: ReadProgress) -> None:
            # Posting a message is safe from any thread.
            self._app.post_message(ReadingProgressed(reading, progress))

        file = reading.file
        reading.real_path = os.path.realpath(os.path.expanduser(file.path))
        try:
            return add_dataset(
                workspace,
                file.path,
                name=file.name,
                validation=file.validation,
                progress=tell,
                cancelled=reading._stop.is_set,
            )
        except StorageError as error:
            return Refused(f"{ADD_FAILED}: {error}", is_input=False)

    async def _await(self, reading: Reading) -> None:
        # The worker ends with the app; the thread is then waited for in `close`.
        answer = await asyncio.shield(self._running[reading])
        self._app.post_message(ReadingEnded(reading, answer))

    def _toast(self, reading: Reading, answer: Result[Dataset]) -> None:
        from vapor_tui.domain.results import Ok, Refused

        match answer:
            case Ok(dataset) if dataset.training_ready:
                text = f"{dataset.name} is ready to train on"
            case Ok(dataset):
                text = f"{dataset.name} is not valid: {dataset.reason}"
            case Refused(error=error):
                text = error
        is_well = isinstance(answer, Ok) and answer.value.training_ready
        self._app.notify(
            printable(text),
            severity="information" if is_well or reading.is_stopping else "error",
            markup=False,
        )
