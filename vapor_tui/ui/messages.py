"""What happens in the background, as messages; only their handlers change what is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual.message import Message

if TYPE_CHECKING:
    from vapor_tui.domain.comparison import Comparison
    from vapor_tui.domain.datasets import Dataset, DatasetPage, ListedDataset, ReadProgress
    from vapor_tui.domain.forecast import Forecast, Silence
    from vapor_tui.domain.history import Detail
    from vapor_tui.domain.job_facts import JobFacts
    from vapor_tui.domain.job_list import JobList
    from vapor_tui.domain.jobs import Job
    from vapor_tui.domain.lifecycle import Action
    from vapor_tui.domain.notifications import NotificationPage
    from vapor_tui.domain.results import Result
    from vapor_tui.services.attach import FoundRuns
    from vapor_tui.services.monitor import News
    from vapor_tui.services.overview import Overview
    from vapor_tui.telemetry import GpuLoad
    from vapor_tui.ui.keymap import Keymap
    from vapor_tui.ui.readings import Reading


class BackendOpened(Message, bubble=False):
    """The database is open and the worker runs."""


class BackendFailed(Message, bubble=False):
    """Opening failed for a reason that a person can mend."""

    def __init__(self, reason: str, *, is_of_catalogue: bool = False) -> None:
        super().__init__()
        self.reason = reason
        self.is_of_catalogue = is_of_catalogue
        """Whether it is a person's own GPUs, models or presets, not the database."""


class KeysKnown(Message, bubble=False):
    """All screens are imported: what a person's own keys mean on each of them is known."""

    def __init__(self, keymap: Keymap) -> None:
        super().__init__()
        self.keymap = keymap


class OverviewRead(Message, bubble=False):
    """Counts and notifications were read; None says that nothing was written since."""

    def __init__(self, overview: Overview | None) -> None:
        super().__init__()
        self.overview = overview


class PageRead(Message, bubble=False):
    """A page of a list was read; a newer one makes those before it pointless."""

    answer: object

    def __init__(self, answer: Any, request: int) -> None:
        super().__init__()
        self.answer = answer
        self.request = request

    def can_replace(self, message: Message) -> bool:
        return type(message) is type(self)


class JobsGlanced(Message, bubble=False):
    """The newest jobs were read while the database is still being opened."""

    def __init__(self, jobs: JobList) -> None:
        super().__init__()
        self.jobs = jobs


class JobsRead(PageRead, bubble=False):
    """A page of the jobs was read."""

    answer: JobList


class NotificationsRead(PageRead, bubble=False):
    """A page of the notifications was read."""

    answer: NotificationPage


class DatasetsListed(PageRead, bubble=False):
    """A page of the datasets was read."""

    answer: DatasetPage[ListedDataset]


class NotificationsMarked(Message, bubble=False):
    """So many notifications were marked read, or unread."""

    def __init__(self, marked: int, *, read: bool) -> None:
        super().__init__()
        self.marked = marked
        self.read = read


class NewsRead(Message, bubble=False):
    """What is new of the job on a monitor; None says that nothing is.

    Points must not be lost, so none of these messages replaces another.
    """

    def __init__(self, news: News | None) -> None:
        super().__init__()
        self.news = news


class DetailRead(Message, bubble=False):
    """A part of the run on a monitor was read more closely; only the latest counts."""

    def __init__(self, detail: Detail) -> None:
        super().__init__()
        self.detail = detail

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, DetailRead)


class ForecastMade(Message, bubble=False):
    """The end of the loss on a monitor was forecast, or there is a reason why not yet."""

    def __init__(self, forecast: Forecast | Silence) -> None:
        super().__init__()
        self.forecast = forecast

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ForecastMade)


class ActionDone(Message, bubble=False):
    """A person's action on a job was answered."""

    def __init__(self, action: Action, job: JobFacts, answer: Result[Job]) -> None:
        super().__init__()
        self.action = action
        self.job = job
        self.answer = answer


class MarkedRead(Message, bubble=False):
    """The marked jobs were read as they are now, for what a key does to them."""

    def __init__(self, key_action: str, job_ids: Sequence[int], jobs: Sequence[Job]) -> None:
        super().__init__()
        self.key_action = key_action
        self.jobs = jobs
        self.gone = frozenset(job_ids) - {job.id for job in jobs}
        """Numbers of those that were marked and are no longer there."""


class ActionsDone(Message, bubble=False):
    """A person's action on several jobs was answered, job by job."""

    def __init__(
        self,
        wanted: Mapping[int, Action],
        answers: Mapping[int, Result[Job]],
        left_out: Mapping[int, str],
    ) -> None:
        super().__init__()
        self.wanted = wanted
        self.answers = answers
        self.left_out = left_out
        """Why nothing was asked of these jobs, by their numbers."""


class TagsRead(Message, bubble=False):
    """The tags that there are, for changing those of a job."""

    def __init__(self, job: JobFacts, tags: Sequence[str]) -> None:
        super().__init__()
        self.job = job
        self.tags = tags


class Annotated(Message, bubble=False):
    """A name, tags or a note were stored, or refused."""

    def __init__(self, answer: Result[Job]) -> None:
        super().__init__()
        self.answer = answer


class RunsFound(Message, bubble=False):
    """Runs that were started elsewhere were looked for; a newer look replaces an older one."""

    def __init__(self, answer: Result[FoundRuns]) -> None:
        super().__init__()
        self.answer = answer

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, RunsFound)


class RunAttached(Message, bubble=False):
    """A run is watched now, or it was refused."""

    def __init__(self, answer: Result[Job], others: str = "") -> None:
        """`others` says what else could be watched there."""
        super().__init__()
        self.answer = answer
        self.others = others


class RehearsalReady(Message, bubble=False):
    """The sample dataset was added and a job created on it, or it was refused."""

    def __init__(self, answer: Result[Job]) -> None:
        super().__init__()
        self.answer = answer


class ComparisonRead(Message, bubble=False):
    """Jobs were read to be compared, or one of them is not there; None says that nothing is new."""

    def __init__(self, answer: Result[Comparison] | None) -> None:
        super().__init__()
        self.answer = answer


class ReadingProgressed(Message, bubble=False):
    """How far the reading of a dataset file has come; only the latest counts."""

    def __init__(self, reading: Reading, progress: ReadProgress) -> None:
        super().__init__()
        self.reading = reading
        self.progress = progress

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ReadingProgressed) and message.reading is self.reading

    def again(self) -> ReadingProgressed:
        """Return the same news for another receiver."""
        return ReadingProgressed(self.reading, self.progress)


class ReadingEnded(Message, bubble=False):
    """A dataset file was read through and stored, or it was refused or stopped."""

    def __init__(self, reading: Reading, answer: Result[Dataset]) -> None:
        super().__init__()
        self.reading = reading
        self.answer = answer

    def again(self) -> ReadingEnded:
        """Return the same news for another receiver."""
        return ReadingEnded(self.reading, self.answer)


class GpusRead(Message, bubble=False):
    """The GPUs of this machine were read, or they cannot be."""

    def __init__(self, load: GpuLoad) -> None:
        super().__init__()
        self.load = load


class DatasetRead(Message, bubble=False):
    """One dataset was read in full; None when there is none of that number any more."""

    def __init__(self, dataset_id: int, dataset: Dataset | None) -> None:
        super().__init__()
        self.dataset_id = dataset_id
        self.dataset = dataset


class DatasetDeleted(Message, bubble=False):
    """A dataset was deleted, or that was refused."""

    def __init__(self, answer: Result[Dataset]) -> None:
        super().__init__()
        self.answer = answer


class SampleAdded(Message, bubble=False):
    """The dataset that comes with the program was registered, or refused."""

    def __init__(self, answer: Result[Dataset]) -> None:
        super().__init__()
        self.answer = answer
