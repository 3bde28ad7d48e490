"""What is known of a dataset file once it was read: its facts, shape, statistics and bad lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from vapor_tui.domain.paging import page_count


class DatasetStatus(StrEnum):
    """From added to read."""

    PENDING = "pending"
    VALIDATING = "validating"
    READY = "ready"
    INVALID = "invalid"


class DatasetFormat(StrEnum):
    """The shape of the records. Aliases of the keys lead to one of these five."""

    PROMPT_COMPLETION = "prompt_completion"
    INSTRUCTION = "instruction"
    MESSAGES = "messages"
    CONVERSATIONS = "conversations"
    TEXT = "text"


class DatasetContainer(StrEnum):
    """How the records lie in the file. A JSON object that wraps an array is `json` too."""

    JSONL = "jsonl"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


FORMAT_EXAMPLES = {
    DatasetFormat.PROMPT_COMPLETION: "{prompt, completion}",
    DatasetFormat.INSTRUCTION: "{instruction, input, output}",
    DatasetFormat.MESSAGES: "{messages: [{role, content}]}",
    DatasetFormat.CONVERSATIONS: "{conversations: [{from, value}]}",
    DatasetFormat.TEXT: "{text}",
}
"""How each shape is written, for help and messages."""

MAX_BAD_SHARE = 0.05
"""A dataset with more than this share of bad records is invalid."""

ERRORS_KEPT = 100
SAMPLES_KEPT = 5
DEFAULT_MAX_SEQUENCE_LENGTH = 2048


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class LineError(_Frozen):
    """A bad line (JSONL, CSV) or record (JSON, Parquet; the message says so), counted from 1."""

    line: int
    message: str


class TokenBin(_Frozen):
    """How many records have from `at_least` to `at_most` tokens, both included."""

    at_least: int
    at_most: int
    records: int


class FileFacts(_Frozen):
    """A file as it lay on disk: size and sha256 are those of its bytes before decompression.

    `path` is absolute and free of links.
    """

    path: Path
    file_name: str
    file_size: int
    sha256: str
    container: DatasetContainer
    compressed: bool


class DatasetStatistics(_Frozen):
    """Figures of the training file; everything but `records` and `bad_records` is of valid ones.

    Every message of a conversation is a turn, a system or tool message too. An instruction or
    prompt record has two turns, one more with a system prompt; a text record has one.
    """

    records: int = Field(default=0, description="records found, valid or not")
    bad_records: int = 0
    total_training_pairs: int = 0
    total_validation_pairs: int = 0
    total_tokens: int = 0
    avg_turns_per_conversation: float = 0.0
    avg_tokens_per_turn: float = 0.0
    max_sequence_length: int = DEFAULT_MAX_SEQUENCE_LENGTH
    share_over_max_sequence_length: float = Field(
        default=0.0, description="share (0..1) of the valid records with more tokens than that"
    )
    token_counter: str = Field(description="how tokens were counted, as a person reads it")
    token_histogram: tuple[TokenBin, ...] = Field(
        default=(), description="tokens per record, in bins that double"
    )


class DatasetReport(FileFacts, DatasetStatistics):
    """All that one reading of a dataset found out. `reason` says why it is invalid."""

    status: DatasetStatus = Field(description="ready or invalid")
    reason: str | None = None
    format: DatasetFormat | None = Field(description="None where no record showed a shape")
    validation_errors: tuple[LineError, ...] = Field(
        default=(), description=f"the first {ERRORS_KEPT} bad lines, in the order of the file"
    )
    samples: tuple[dict[str, JsonValue], ...] = Field(
        default=(), description=f"the first {SAMPLES_KEPT} valid records, long texts cut"
    )
    validation_file: FileFacts | None = None


class ReadProgress(_Frozen):
    """How far a reading has come, in bytes of the files as they are (compressed ones too)."""

    bytes_read: int
    bytes_total: int
    records: int


class ListedDataset(_Frozen):
    """What a list shows of a registered dataset."""

    id: int
    owner: str
    name: str
    description: str
    format: DatasetFormat | None
    status: DatasetStatus
    path: str
    file_name: str
    file_size: int
    sha256: str | None
    total_training_pairs: int
    total_validation_pairs: int
    total_tokens: int
    avg_turns_per_conversation: float
    avg_tokens_per_turn: float
    training_ready: bool
    reason: str | None
    validated_at: datetime | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None

    @property
    def is_being_read(self) -> bool:
        """Whether its file has not been read to the end."""
        return self.status in (DatasetStatus.PENDING, DatasetStatus.VALIDATING)

    @property
    def was_interrupted(self) -> bool:
        """Whether its reading was never finished: what is stored of it says little."""
        return self.status is DatasetStatus.INVALID and self.sha256 is None


class Dataset(ListedDataset):
    """A registered dataset as it is stored."""

    validation_errors: list[LineError]
    sample_data: list[dict[str, JsonValue]]
    statistics: DatasetStatistics | None


class DatasetSort(StrEnum):
    """Orders of the list; the newest dataset comes first among equals."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"
    PAIRS = "pairs"
    TOKENS = "tokens"
    SIZE = "size"


ListedT = TypeVar("ListedT", bound=ListedDataset)


@dataclass(frozen=True, slots=True)
class DatasetFilter:
    """Which datasets to list, and which page of them."""

    search: str = ""
    sort: DatasetSort = DatasetSort.NEWEST
    page: int = 1
    limit: int = 10


@dataclass(frozen=True, slots=True)
class DatasetPage(Generic[ListedT]):
    """One page of a list of datasets."""

    datasets: tuple[ListedT, ...]
    page: int
    limit: int
    total: int

    @property
    def total_pages(self) -> int:
        """How many pages there are: one where nothing is listed."""
        return page_count(self.total, self.limit)
