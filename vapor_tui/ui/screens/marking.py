"""Several jobs at a time: marks, and the keys that act on what is marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.reactive import var

from vapor_tui.domain.lifecycle import Action
from vapor_tui.domain.text import printable
from vapor_tui.ui.job_actions import (
    QUESTIONS,
    Selection,
    left_out_sentence,
    outcome,
    selected,
    title_of,
)
from vapor_tui.ui.keys_in_turn import OPENS
from vapor_tui.ui.messages import ActionsDone, MarkedRead
from vapor_tui.ui.screens.finishing import ResultT
from vapor_tui.ui.screens.job_screen import JobScreen

if TYPE_CHECKING:
    from vapor_tui.domain.jobs import Job


class MarkingScreen(JobScreen[ResultT]):
    """Its keys act on the marked jobs while there are any, else on the one in the foreground."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "compare", "compare", id="jobs.compare", tooltip="Compare the marked jobs"),
    ]

    marked: var[frozenset[int]] = var(frozenset(), init=False)
    """Numbers of the marked jobs; they stay marked wherever the list goes."""

    def toggle_mark(self, job_id: int) -> None:
        self.marked ^= {job_id}

    def check_key_action(self, action: str) -> bool | None:
        if not self.marked:
            return super().check_key_action(action)
        return action != "retry"  # its key resumes what is paused and retries what has failed

    def action_pause(self) -> None:
        self._act("pause") if self.marked else super().action_pause()

    def action_resume(self) -> None:
        self._act("resume") if self.marked else super().action_resume()

    def action_stop(self) -> None:
        self._act("stop") if self.marked else super().action_stop()

    def action_stop_after_epoch(self) -> None:
        self._act("stop_after_epoch") if self.marked else super().action_stop_after_epoch()

    def action_fail(self) -> None:
        self._act("fail") if self.marked else super().action_fail()

    def action_delete(self) -> None:
        self._act("delete") if self.marked else super().action_delete()

    def action_compare(self) -> None:
        from vapor_tui.domain.comparison import FEWEST, MOST

        number = len(self.marked)
        if FEWEST <= number <= MOST:
            self.vapor.open_compare(sorted(self.marked))
            return
        many = f"{number} are marked: {FEWEST} to {MOST} can be compared"
        few = f"Mark {FEWEST} to {MOST} jobs with the space bar to compare them"
        self.notify(many if number > MOST else few, severity="warning", markup=False)

    def _act(self, key_action: str) -> None:
        # Those that are marked now: a key behind this one may change that before they are read.
        self._look_at(key_action, tuple(sorted(self.marked)))

    @work(group="marked", exclusive=True, name=OPENS)
    async def _look_at(self, key_action: str, job_ids: Sequence[int]) -> None:
        """Look at jobs as they are now: most may be on other pages."""
        from vapor_tui.services.jobs import get_jobs

        jobs = await self.vapor.ask(get_jobs, job_ids)
        if jobs is not None:
            self.post_message(MarkedRead(key_action, job_ids, jobs))

    @on(MarkedRead)
    def _decide(self, message: MarkedRead) -> None:
        self.marked -= message.gone
        if not message.jobs:
            return
        selection = selected(message.key_action, message.jobs)
        if not selection.wanted:
            self._tell_outcome([], selection.left_out)
        elif message.key_action not in QUESTIONS:
            self._carry_out(selection)
        elif self.is_active:
            self._confirm_all(message.key_action, message.jobs, selection)

    def _confirm_all(self, key_action: str, jobs: Sequence[Job], selection: Selection) -> None:
        from vapor_tui.ui.screens.confirm import Answer, ConfirmScreen

        asked = QUESTIONS[key_action]
        chosen = [job for job in jobs if job.id in selection.wanted]
        which = title_of(chosen[0]) if len(chosen) == 1 else f"{len(chosen)} jobs"
        explanation = asked.explanation
        if selection.left_out:
            left = left_out_sentence(selection.left_out)
            explanation = f"{explanation}\nLeft out: {left}"
        choices = {key_action: selection}
        answers = [Answer("y", asked.answer, key_action, is_dangerous=True)]
        if key_action == "stop":
            later = selected("stop_after_epoch", jobs)
            if later.wanted:
                choices["stop_after_epoch"] = later
                text = QUESTIONS["stop_after_epoch"].answer
                if (number := len(later.wanted)) < len(chosen):
                    text += f" ({number} of them)"
                answers.append(Answer("e", text, "stop_after_epoch", is_dangerous=True))

        def answered(value: str | None) -> None:
            if value:
                self._carry_out(choices[value])

        question = f"{asked.verb} {which}?"
        self.app.push_screen(ConfirmScreen(question, explanation, answers), answered)

    @work(group="action")
    async def _carry_out(self, selection: Selection) -> None:
        from vapor_tui.services.jobs import apply_actions

        answers = await self.vapor.ask(apply_actions, selection.wanted)
        if answers is not None:
            self.post_message(ActionsDone(selection.wanted, answers, selection.left_out))

    @on(ActionsDone)
    def _tell_all(self, message: ActionsDone) -> None:
        from vapor_tui.domain.results import Refused

        self.vapor.backend.wake_worker()
        done: list[Action] = []
        left_out = dict(message.left_out)
        for job_id, answer in message.answers.items():
            if isinstance(answer, Refused):
                left_out[job_id] = answer.error
            else:
                done.append(message.wanted[job_id])
                if message.wanted[job_id] is Action.DELETE:
                    self.marked -= {job_id}
        self._tell_outcome(done, left_out)
        self.actions_were_done()

    def _tell_outcome(self, done: Sequence[Action], left_out: Mapping[int, str]) -> None:
        sentence = printable(outcome(done, left_out))
        self.notify(sentence, severity="warning" if left_out else "information", markup=False)

    def actions_were_done(self) -> None:
        """Show what became of the marked jobs."""
