"""What a person can do to a job, the same on every screen that shows one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.binding import Binding, BindingType

from vapor_tui.domain.lifecycle import Action, may_apply
from vapor_tui.domain.text import printable
from vapor_tui.ui.job_actions import KEY_ACTIONS, QUESTIONS, objection_to, obstacle, title_of
from vapor_tui.ui.keys_in_turn import OPENS
from vapor_tui.ui.messages import ActionDone, Annotated, TagsRead
from vapor_tui.ui.screens.base import VaporScreen
from vapor_tui.ui.screens.finishing import ResultT

if TYPE_CHECKING:
    from vapor_tui.domain.job_facts import JobFacts
    from vapor_tui.ui.screens.confirm import Answer

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
    """A screen with a job in the foreground; keys that do not apply to it are hidden.

    Pressed all the same, they are answered with why they do not.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pause", "pause", id="job.pause", tooltip="Pause this job"),
        *GO_ON,
        Binding("s", "stop", "stop…", id="job.stop", tooltip="Stop this job, now or soon"),
        Binding(
            "y", "clone", "clone", id="job.clone", tooltip="Plan a new job with these settings"
        ),
        Binding("d,delete", "delete", "delete…", id="job.delete", tooltip="Delete this job"),
        Binding(
            "e",
            "stop_after_epoch",
            "stop after epoch…",
            show=False,
            id="job.stop_after_epoch",
            tooltip="Stop this job when its present epoch is over",
        ),
        Binding(
            "number_sign",
            "tags",
            "tags…",
            show=False,
            id="job.tags",
            tooltip="Change the tags of this job",
        ),
        Binding(
            "ctrl+r", "rename", "rename…", show=False, id="job.rename", tooltip="Rename this job"
        ),
        Binding("N", "note", "note…", show=False, id="job.note", tooltip="Write a note on it"),
        Binding(
            "F",
            "fail",
            "fail…",
            show=False,
            id="job.fail",
            tooltip="Let this job fail, to try what happens then",
        ),
    ]

    @property
    def subject(self) -> JobFacts | None:
        """The job that the keys act on."""
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in KEY_ACTIONS:
            return self.check_key_action(action)
        match action:
            case "clone":
                return self.subject is not None and self.subject.hyperparameters is not None
            case "rename" | "tags" | "note":
                return self.subject is not None
        return super().check_action(action, parameters)

    def check_key_action(self, action: str) -> bool | None:
        """Say whether an action applies; None where its key is to be answered with why not."""
        job = self.subject
        if job is None:
            return False
        if action in ("resume", "retry"):
            # They share a key: the one that applies has it, the first one if neither does.
            if obstacle(KEY_ACTIONS[action][0], job) is None:
                return True
            return None if action == "resume" and objection_to(action, job) else False
        return objection_to(action, job) is None or None

    def on_key(self, event: events.Key) -> None:
        """Say why the key of an action does nothing."""
        found = self.active_bindings.get(event.key)
        if found is None or found.enabled or found.node is not self:
            return
        if (sentence := self.why_not(found.binding.action)) is not None:
            event.stop()
            self.notify(sentence, severity="warning", markup=False)

    def why_not(self, action: str) -> str | None:
        """Return why the action of a key cannot be done now, safe to show."""
        job = self.subject
        return None if job is None or action not in KEY_ACTIONS else objection_to(action, job)

    def action_pause(self) -> None:
        self._apply(Action.PAUSE)

    def action_resume(self) -> None:
        self._apply(Action.RESUME)

    def action_retry(self) -> None:
        self._apply(Action.RETRY)

    def action_stop(self) -> None:
        from vapor_tui.ui.screens.confirm import Answer

        if job := self.subject:
            if job.is_attached:
                self._confirm(job, "stop_watching")
                return
            also = []
            if may_apply(Action.CANCEL_AFTER_EPOCH, job.status):
                text, value = QUESTIONS["stop_after_epoch"].answer, Action.CANCEL_AFTER_EPOCH
                also.append(Answer("e", text, value, is_dangerous=True))
            self._confirm(job, "stop", also)

    def action_stop_after_epoch(self) -> None:
        if job := self.subject:
            self._confirm(job, "stop_after_epoch")

    def action_fail(self) -> None:
        if job := self.subject:
            self._confirm(job, "fail")

    def action_delete(self) -> None:
        if job := self.subject:
            self._confirm(job, "delete")

    def action_clone(self) -> None:
        job = self.subject
        if job is None:
            return
        try:
            whole = job.whole()
        except ValueError:  # of a row that was listed before the store could judge it
            self.notify(f"{title_of(job)} can't be read", severity="warning", markup=False)
            return
        self.vapor.open_configure(clone=whole)

    def _confirm(self, job: JobFacts, key_action: str, also: list[Answer] | None = None) -> None:
        from vapor_tui.ui.screens.confirm import Answer, ConfirmScreen

        def answered(value: str | None) -> None:
            if value:
                self._apply(Action(value), job)

        asked = QUESTIONS[key_action]
        action = KEY_ACTIONS[key_action][0]
        answers = [Answer("y", asked.answer, action, is_dangerous=True), *(also or ())]
        question = f"{asked.verb} {title_of(job)}?"
        self.app.push_screen(ConfirmScreen(question, asked.explanation, answers), answered)

    def _apply(self, action: Action, job: JobFacts | None = None) -> None:
        job = job or self.subject
        if job is not None:
            self._ask_for(action, job)

    @work(group="action")
    async def _ask_for(self, action: Action, job: JobFacts) -> None:
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

    # What a person writes on a job

    def action_rename(self) -> None:
        from vapor_tui.domain.annotations import check_name
        from vapor_tui.domain.results import Refused
        from vapor_tui.ui.screens.ask_name import AskNameScreen, Verdict

        job = self.subject
        if job is None:
            return

        def judged(name: str) -> Verdict:
            checked = check_name(name)
            if isinstance(checked, Refused):
                return Verdict(checked.error, is_taken=False)
            return Verdict("")

        def named(name: str | None) -> None:
            if name is not None and name != printable(job.name):
                self._store_name(job, name)

        self.app.push_screen(AskNameScreen("Rename", title_of(job), judged, name=job.name), named)

    @work(group="action")
    async def _store_name(self, job: JobFacts, name: str) -> None:
        from vapor_tui.services.annotations import rename_job

        answer = await self.vapor.ask(rename_job, job.id, name)
        if answer is not None:
            self.post_message(Annotated(answer))

    def action_tags(self) -> None:
        if job := self.subject:
            self._read_tags(job)

    @work(group="tags", exclusive=True, name=OPENS)
    async def _read_tags(self, job: JobFacts) -> None:
        from vapor_tui.services.annotations import tags_in_use

        tags = await self.vapor.ask(tags_in_use)
        if tags is not None:
            self.post_message(TagsRead(job, tags))

    @on(TagsRead)
    def _ask_tags(self, message: TagsRead) -> None:
        from vapor_tui.ui.screens.tags import TagsScreen

        def answered(tags: tuple[str, ...] | None) -> None:
            if tags is not None and list(tags) != message.job.tags:
                self._store_tags(message.job, tags)

        if self.is_active:
            self.app.push_screen(TagsScreen(message.job, message.tags), answered)

    @work(group="action")
    async def _store_tags(self, job: JobFacts, tags: tuple[str, ...]) -> None:
        from vapor_tui.services.annotations import set_tags

        answer = await self.vapor.ask(set_tags, job.id, tags)
        if answer is not None:
            self.post_message(Annotated(answer))

    def action_note(self) -> None:
        from vapor_tui.ui.screens.note import NoteScreen

        job = self.subject
        if job is None:
            return

        def answered(note: str | None) -> None:
            if note is not None and note != job.notes:
                self._store_note(job, note)

        self.app.push_screen(NoteScreen(job), answered)

    @work(group="action")
    async def _store_note(self, job: JobFacts, note: str) -> None:
        from vapor_tui.services.annotations import set_note

        answer = await self.vapor.ask(set_note, job.id, note)
        if answer is not None:
            self.post_message(Annotated(answer))

    @on(Annotated)
    def _tell_annotated(self, message: Annotated) -> None:
        from vapor_tui.domain.results import Refused

        if isinstance(message.answer, Refused):
            self.notify(printable(message.answer.error), severity="warning", markup=False)
        self.was_annotated()

    def was_annotated(self) -> None:
        """Show what is written on a job now."""
