"""The program's own log, in the state directory."""

from __future__ import annotations

import logging
from pathlib import Path

_BYTES = 1_000_000
_FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


def log_file() -> Path:
    """Return where the log is kept, in the directory for state."""
    from vapor_tui import paths

    return paths.state_directory() / "vapor-tui.log"


class _FileWhenNeeded(logging.Handler):
    """Opens the log with the first record: most commands have nothing to say."""

    def __init__(self) -> None:
        super().__init__()
        self._file: logging.Handler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self._file is None:
            self._file = _open()
        self._file.emit(record)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()


def start_logging() -> None:
    """Send what the program logs to its file; without one where that cannot be written."""
    root = logging.getLogger("vapor_tui")
    if root.handlers:
        return
    root.propagate = False
    root.setLevel(logging.INFO)
    root.addHandler(_FileWhenNeeded())


def _open() -> logging.Handler:
    from logging.handlers import RotatingFileHandler

    class QuietFile(RotatingFileHandler):
        def handleError(self, record: logging.LogRecord) -> None:
            """Drop what a full disk does not take; its lack is told where it matters."""

    try:
        log_file().parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = QuietFile(
            log_file(), maxBytes=_BYTES, backupCount=1, encoding="utf-8"
        )
    except OSError:
        return logging.NullHandler()
    handler.setFormatter(logging.Formatter(_FORMAT))
    return handler
