"""Reading dataset files as streams: shape, bad lines and statistics in constant memory."""

from vapor_tui.datasets.errors import DatasetFileError, ReadingCancelledError
from vapor_tui.datasets.reader import read_dataset
from vapor_tui.domain.datasets import (
    FORMAT_EXAMPLES,
    DatasetContainer,
    DatasetFormat,
    DatasetReport,
    DatasetStatistics,
    DatasetStatus,
    FileFacts,
    LineError,
    ReadProgress,
    TokenBin,
)

__all__ = [
    "FORMAT_EXAMPLES",
    "DatasetContainer",
    "DatasetFileError",
    "DatasetFormat",
    "DatasetReport",
    "DatasetStatistics",
    "DatasetStatus",
    "FileFacts",
    "LineError",
    "ReadProgress",
    "ReadingCancelledError",
    "TokenBin",
    "read_dataset",
]
