"""Fields built from the schema: text, numbers with steps, and a few words to choose from."""

from __future__ import annotations

from typing import Any

from pydantic_core import PydanticCustomError
from textual import events, on
from textual.content import Content
from textual.widgets import Input

from vapor_tui.domain.settings import Choice, Number, Setting, Switch, Text
from vapor_tui.ui.widgets.choice import ChoiceControl
from vapor_tui.ui.widgets.form_field import FormField
from vapor_tui.ui.widgets.number_input import NumberInput
from vapor_tui.ui.widgets.plain_input import PlainInput

_STEPPER = " - +"
"""Does with the mouse what the arrow keys do."""


def setting_field(key: str, setting: Setting, text: str) -> SettingField:
    """Return the field that fits the kind of a setting."""
    match setting:
        case Choice() | Switch():
            return ChoiceField(key, setting, text)
        case Number():
            return NumberField(key, setting, text)
        case _:
            return TextField(key, setting, text)


def range_of(setting: Setting) -> str:
    """Return what may be entered and what is usual, as "1e-6 … 1, usual 1e-5 … 1e-3"."""
    low, high = setting.usual if isinstance(setting, Number) else (None, None)
    if low is not None and high is not None:
        usual = f"usual {setting.show(low)} … {setting.show(high)}"
    elif high is not None:
        usual = f"usual up to {setting.show(high)}"
    else:
        usual = ""
    optional = "optional" if setting.optional else ""
    return ", ".join(part for part in (setting.accepts, usual, optional) if part)


class SettingField(FormField):
    """A field that is described by a `Setting`."""

    def __init__(self, key: str, setting: Setting, text: str) -> None:
        super().__init__(key, setting.label, setting.help, text)
        self.setting = setting
        self.set_class(setting.advanced, "-advanced")
        self.accepts = range_of(setting)


class TextField(SettingField):
    """A line of text; how long it may be is told only where it is too short or too long."""

    DEFAULT_CSS = """
    TextField > PlainInput { width: 36; }
    TextField.-word > PlainInput { width: 16; }
    """

    def __init__(self, key: str, setting: Setting, text: str) -> None:
        super().__init__(key, setting, text)
        if not isinstance(setting, Text):
            # A word of a form of its own, which is told beside it.
            self.add_class("-word")
            self.hint = self.accepts

    def make_control(self) -> PlainInput:
        return PlainInput(self.text)

    def show_text(self) -> None:
        for box in self.query(PlainInput):
            box.put(self.text)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.take(event.value)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.focus_next()


class NumberField(TextField):
    """A number, walked through its usual values with the arrow keys."""

    DEFAULT_CSS = """
    NumberField.-word > NumberInput { width: 8; }
    """

    def make_control(self) -> NumberInput:
        return NumberInput(self.text)

    def render_extras(self) -> Content:
        is_shown = self.has_pseudo_class("focus-within") or self.mouse_hover
        return Content.styled(_STEPPER if is_shown else " " * len(_STEPPER), "$accent")

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            at = event.x - self.control.region.right + self.region.x
            if 0 < at < len(_STEPPER):
                self._step(-1 if at < len(_STEPPER) - 1 else 1)

    @on(NumberInput.Stepped)
    def _stepped(self, event: NumberInput.Stepped) -> None:
        event.stop()
        self._step(event.direction)

    def _step(self, direction: int) -> None:
        box = self.query_one(NumberInput)
        box.focus()
        value = parsed(self.setting, box.value)
        if value is not None:
            box.value = self.setting.show(self.setting.stepped(value, direction))
            box.cursor_position = len(box.value)


class ChoiceField(SettingField):
    """A few words of which one is chosen."""

    def __init__(self, key: str, setting: Choice | Switch, text: str) -> None:
        super().__init__(key, setting, text)
        self.accepts = ""
        self._choices = setting.choices if isinstance(setting, Choice) else ("off", "on")

    def make_control(self) -> ChoiceControl:
        return ChoiceControl(self._choices, self.text)

    def show_text(self) -> None:
        for control in self.query(ChoiceControl):
            control.put(self.text)

    @on(ChoiceControl.Chosen)
    def _chosen(self, event: ChoiceControl.Chosen) -> None:
        event.stop()
        self.take(event.word)


def parsed(setting: Setting, text: str) -> Any | None:
    """Return the value that a text stands for; None where it is empty or not valid."""
    try:
        return setting.parse(text)
    except PydanticCustomError:
        return None
