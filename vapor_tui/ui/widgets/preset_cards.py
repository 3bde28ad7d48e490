"""The presets as cards side by side; one of them is what the form is based on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from vapor_tui.domain.catalogue import Preset
from vapor_tui.domain.formats import plain_number
from vapor_tui.domain.text import printable
from vapor_tui.ui.widgets.signs import sign

_NARROWEST = 18
"""Cells in which the numbers of a card have room."""


class PresetCard(Widget):
    """One preset: its name in the border, what it is for, and its key numbers."""

    DEFAULT_CSS = """
    PresetCard {
        width: 1fr;
        min-width: 18; /* _NARROWEST */
        height: 6;
        border: round $faint;
        border-title-color: $foreground;
        padding: 0 1;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        pointer: pointer;
        &:hover { background: $surface; }
        &.-chosen { border: heavy $dim; border-title-style: bold; }
    }
    """

    @dataclass
    class Clicked(Message):
        preset_id: str

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        self.preset = preset

    def on_mount(self) -> None:
        icon = sign(self.preset.icon, bool(getattr(self.app, "ascii_only", False)))
        title = f"{icon} {printable(self.preset.name, 30)}".strip()
        # A title is read as markup unless it is Content already.
        self.border_title = Content(f" {title} ")

    def render(self) -> Content:
        preset = self.preset
        rate, epochs = plain_number(preset.learning_rate), preset.epochs
        first = f"{rate:<6} batch {preset.batch_size}"
        second = f"rank {preset.lora_rank}"
        if self.size.width >= 21:
            first += f"  {epochs} ep"
            second += f"  alpha {preset.lora_alpha}"
        else:
            second = f"{epochs} ep   {second}"
        lines = [Content.styled(first), Content.styled(second)]
        if self.size.height > len(lines):
            room = self.size.height - len(lines)
            tagline = Content.styled(printable(preset.tagline), "$dim")
            lines = [*_filled(tagline.wrap(max(self.size.width, 1)), room), *lines]
        return Content("\n").join(lines)

    def on_click(self) -> None:
        self.post_message(self.Clicked(self.preset.id))


class PresetCards(Horizontal, can_focus=True):
    """All cards; left and right choose at once, as do digits and the mouse."""

    DEFAULT_CSS = """
    PresetCards {
        height: auto;
        overflow-x: auto;
        scrollbar-size-horizontal: 1;
        &:focus > PresetCard.-chosen {
            border: heavy $accent;
            border-title-color: $accent;
            border-title-style: bold reverse;
        }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "right,down",
            "move(1)",
            "preset",
            id="preset.next",
            tooltip="Fill the form from the next preset",
            key_display="←→",
        ),
        Binding(
            "left,up",
            "move(-1)",
            "previous preset",
            id="preset.previous",
            tooltip="Fill the form from the preset before",
            show=False,
        ),
        Binding(
            "enter,space",
            "restore",
            "reset",
            id="preset.restore",
            tooltip="Fill the form from this preset again",
        ),
        *(
            Binding(
                str(number),
                f"take({number})",
                f"preset {number}",
                id=f"preset.take-{number}",
                tooltip=f"Fill the form from preset {number}",
                show=False,
            )
            for number in range(1, 10)
        ),
    ]

    chosen: reactive[str] = reactive("")
    """The id of the preset that the form is based on; another word for none of them."""

    @dataclass
    class Chosen(Message):
        """A person wants the form filled from a preset."""

        preset_id: str

    def __init__(self, presets: Sequence[Preset]) -> None:
        super().__init__()
        self._ids = [preset.id for preset in presets]
        self._presets = presets

    def compose(self) -> ComposeResult:
        for preset in self._presets:
            yield PresetCard(preset)

    def on_mount(self) -> None:
        self._mark()

    def on_resize(self) -> None:
        # Cards share the width while all have room; then they are of a size and scroll.
        room = self.size.width // _NARROWEST
        for card in self.query(PresetCard):
            card.styles.width = "1fr" if len(self._ids) <= room else _NARROWEST

    def watch_chosen(self) -> None:
        self._mark()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # There are keys for more cards than most people have.
        if action == "take":
            return parameters[0] in range(1, len(self._ids) + 1)
        return super().check_action(action, parameters)

    def action_move(self, direction: int) -> None:
        if self.chosen not in self._ids:
            self._choose(self._ids[0])
            return
        index = self._ids.index(self.chosen) + direction
        if 0 <= index < len(self._ids):
            self._choose(self._ids[index])

    def action_restore(self) -> None:
        if self.chosen in self._ids:
            self._choose(self.chosen)

    def action_take(self, number: int) -> None:
        self._choose(self._ids[number - 1])

    def on_preset_card_clicked(self, event: PresetCard.Clicked) -> None:
        event.stop()
        self.focus()
        self._choose(event.preset_id)

    def _choose(self, preset_id: str) -> None:
        self.chosen = preset_id
        self.post_message(self.Chosen(preset_id))

    def _mark(self) -> None:
        for card in self.query(PresetCard):
            card.set_class(card.preset.id == self.chosen, "-chosen")
            if card.preset.id == self.chosen:
                card.scroll_visible(animate=False)


def _filled(lines: Sequence[Content], height: int) -> list[Content]:
    """Return exactly so many lines."""
    kept = list(lines[:height])
    return kept + [Content("")] * (height - len(kept))
