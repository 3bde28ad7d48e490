"""Reads the logs of runs as they grow: their formats, where they lie, what the runs were."""

from vapor_tui.runlogs.configuration import describe
from vapor_tui.runlogs.discovery import Discovery, FoundRun, find_runs
from vapor_tui.runlogs.errors import RunLogError, RunLogGoneError
from vapor_tui.runlogs.folders import FoundSource, find_source
from vapor_tui.runlogs.opening import open_source
from vapor_tui.runlogs.reading import Reading, Source

__all__ = [
    "Discovery",
    "FoundRun",
    "FoundSource",
    "Reading",
    "RunLogError",
    "RunLogGoneError",
    "Source",
    "describe",
    "find_runs",
    "find_source",
    "open_source",
]
