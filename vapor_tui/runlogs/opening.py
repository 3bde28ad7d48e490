"""Opens the log of a run to read it, from its beginning or from where a reading ended."""

from __future__ import annotations

from pathlib import Path

from vapor_tui.domain.sources import LogFormat, SourceState
from vapor_tui.runlogs.captured_output import CapturedOutput
from vapor_tui.runlogs.csv_tables import CsvTable
from vapor_tui.runlogs.event_files import EventFilesSource
from vapor_tui.runlogs.json_lines import OwnEvents, PlainLines, TrainerLog
from vapor_tui.runlogs.lines import LineParser, LineSource
from vapor_tui.runlogs.reading import Source
from vapor_tui.runlogs.trainer_state import TrainerStateSource

_PARSERS: dict[LogFormat, type[LineParser]] = {
    LogFormat.EVENTS: OwnEvents,
    LogFormat.TRAINER_LOG: TrainerLog,
    LogFormat.JSONL: PlainLines,
    LogFormat.CSV: CsvTable,
    LogFormat.OUTPUT: CapturedOutput,
}


def open_source(path: Path, format: LogFormat, state: SourceState | None = None) -> Source:
    """Return the reader of a log; nothing is read yet. `state` says where to go on."""
    match format:
        case LogFormat.TENSORBOARD:
            return EventFilesSource(path, state)
        case LogFormat.TRAINER_STATE:
            return TrainerStateSource(path, state)
        case _:
            return LineSource(path, _PARSERS[format], state)
