"""What a person can do to a job, the same on every screen that shows one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from vapor_tui.domain.lifecycle import Action, Desired, may_apply
from vapor_tui.domain.text import printable
from vapor_tui.ui.messages import ActionDone
from vapor_tui.ui.screens.base import ResultT, VaporScreen
from vapor_tui.ui.screens.confirm import Answer, ConfirmScreen

if TYPE_CHECKING:
    from vapor_tui.domain.jobs import Job

_ACTIONS = {
    "stop": Action.CANCEL,
    "pause": Action.PAUSE,
    "resume": Action.RESUME,
    "retry": Action.RETRY,
    "delete": Action.DELETE,
}
_NAME_LENGTH = 40


GO_ON: tuple[BindingType, ...] = (
    Binding("r", "resume", "resume", id="job.resume", tooltip="Go on with this job"),
    Binding(
        "r",
        "retry",
        "retry",
        id="job.retry",
        tooltip="Queue this job again; it goes on after its last stored step",
    ),
)
"""One key, of which the job's status allows one meaning at most."""


class JobScreen(VaporScreen[ResultT]):
    """A screen with a job in the foreground; keys that do not apply to it are hidden."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pause", "pause", id="job.pause", tooltip="Pause this job"),
        *GO_ON,
        Binding("s", "stop", "stop…", id="job.stop", tooltip="Stop this job, now or soon"),
        Binding(
            "y", "clone", "clone", id="job.clone", tooltip="Plan a new job with these settings"
        ),
        Binding("d,delete", "delete", "delete…", id="job.delete", tooltip="Delete this job"),
    ]

    @property
    def subject(self) -> Job | None:
        """The job that the keys act on."""
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "clone":
            return self.subject is not None and self.subject.hyperparameters is not None
        if action not in _ACTIONS:
            return super().check_action(action, parameters)
        job = self.subject
        if job is None or not may_apply(_ACTIONS[action], job.status):
            return False
        if action == "retry" and job.error_repeats:
            return False  # it would fail in the same way: cloning is what helps
        return not (action == "pause" and job.desired is not Desired.RUN)

    def action_pause(self) -> None:
        self._apply(Action.PAUSE)

    def action_resume(self) -> None:
        self._apply(Action.RESUME)

    def action_retry(self) -> None:
        self._apply(Action.RETRY)

    def action_stop(self) -> None:
        job = self.subject
        if job is None:
            return
        answers = [Answer("y", "Stop now", Action.CANCEL, is_dangerous=True)]
        if may_apply(Action.CANCEL_AFTER_EPOCH, job.status):
            answers.append(
                Answer("e", "Stop after this epoch", Action.CANCEL_AFTER_EPOCH, is_dangerous=True)
            )
        self._confirm(
            job,
            f"Stop {title_of(job)}?",
            "What was stored stays. A stopped job cannot be resumed, only cloned; "
            "pause it to go on later.",
            answers,
        )

    def action_delete(self) -> None:
        if job := self.subject:
            self._confirm(
                job,
                f"Delete {title_of(job)}?",
                "Its metrics, its log and its history go with it, for good.",
                [Answer("y", "Delete it", Action.DELETE, is_dangerous=True)],
            )

    def action_clone(self) -> None:
        if job := self.subject:
            self.vapor.open_configure(clone=job)

    def _confirm(self, job: Job, question: str, explanation: str, answers: list[Answer]) -> None:
        def answered(value: str | None) -> None:
            if value:
                self._apply(Action(value), job)

        self.app.push_screen(ConfirmScreen(question, explanation, answers), answered)

    def _apply(self, action: Action, job: Job | None = None) -> None:
        job = job or self.subject
        if job is not None:
            self._ask_for(action, job)

    @work(group="action")
    async def _ask_for(self, action: Action, job: Job) -> None:
        from vapor_tui.services.jobs import apply_action

        answer = await self.vapor.ask(apply_action, action, job.id)
        if answer is not None:
            self.post_message(ActionDone(action, job, answer))

    @on(ActionDone)
    def _tell(self, message: ActionDone) -> None:
        from vapor_tui.domain.results import Refused

        self.vapor.backend.wake_worker()
        if isinstance(message.answer, Refused):
            self.notify(printable(message.answer.error), severity="warning", markup=False)
        elif message.action is Action.DELETE:
            self.notify(f"Deleted {title_of(message.job)}", markup=False)
        self.action_was_done(message)

    def action_was_done(self, message: ActionDone) -> None:
        """Take up what an action on a job led to."""


def title_of(job: Job) -> str:
    """Return how a job is called in a sentence."""
    return f"#{job.id} {printable(job.name, _NAME_LENGTH)}"
