"""A question with a few answers, each with its key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Button, Static

from vapor_tui.ui.screens.finishing import DialogScreen, FinishingScreen


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its key, its words, and whether it takes something away."""

    key: str
    text: str
    value: str
    is_dangerous: bool = False


class ConfirmScreen(DialogScreen[str | None]):
    """Asks and is dismissed with the value of the answer, None for "leave it"."""

    CSS_PATH = "confirm.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n,q", "cancel", "No", id="confirm.cancel", tooltip="Change nothing"),
        Binding(
            "down,j", "app.focus_next", "Next", id="confirm.next", tooltip="Go to the next answer"
        ),
        Binding(
            "up,k",
            "app.focus_previous",
            "Previous",
            id="confirm.previous",
            tooltip="Go to the answer before",
        ),
    ]

    def __init__(self, question: str, explanation: str, answers: Sequence[Answer]) -> None:
        """`question` and `explanation` are safe to show."""
        super().__init__()
        self._question = question
        self._explanation = explanation
        self._answers = (*answers, Answer("n", "No, leave it as it is", ""))

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(self._question, id="question", markup=False)
            yield Static(self._explanation, id="explanation", markup=False)
            for index, answer in enumerate(self._answers):
                yield Button(
                    f" {answer.key}   {answer.text} ".replace("[", r"\["),
                    id=f"answer-{index}",
                    classes="-danger" if answer.is_dangerous else "",
                    compact=True,
                )

    def on_mount(self) -> None:
        # The answer that changes nothing has the focus: Enter pressed by mistake does no harm.
        self.query(Button).last().focus()

    def on_key(self, event: events.Key) -> None:
        for answer in self._answers:
            if answer.value and event.key == answer.key:
                event.stop()
                self.finish(answer.value)

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        index = int(str(event.button.id).removeprefix("answer-"))
        self.finish(self._answers[index].value or None)

    def action_cancel(self) -> None:
        self.finish()


def leave(screen: FinishingScreen[Any], question: str, loss: str) -> None:
    """End a screen without a result; where something was entered, once a person agrees to `loss`.

    Both texts are safe to show.
    """
    if not screen.is_changed:
        screen.finish()
        return

    def answered(answer: str | None) -> None:
        if answer:
            screen.finish()

    agreed = Answer("y", "Leave", "leave", is_dangerous=True)
    screen.app.push_screen(ConfirmScreen(question, loss, [agreed]), answered)
