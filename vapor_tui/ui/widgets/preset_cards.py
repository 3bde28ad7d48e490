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

    def __init__(self, preset: Preset, *, is_own: bool) -> None:
        super().__init__()
        self.preset = preset
        self.is_own = is_own

    def on_mount(self) -> None:
        icon = sign(self.preset.icon, bool(getattr(self.app, "ascii_only", False)))
        title = f"{icon} {printable(self.preset.name, 30)}".strip()
        # A title is read as markup unless it is Content already.
        self.border_title = Content(f" {title} ")

    def render(self) -> Content:
        preset = self.preset
        rate, batch, epochs = plain_number(preset.learning_rate), preset.batch_size, preset.epochs
        second = f"rank {preset.lora_rank}"
        if self.size.width >= 21:
            first = f"{rate:<6} batch {batch}  {epochs} ep"
            second += f"  alpha {preset.lora_alpha}"
        else:
            forms = (f"{rate:<6} batch {batch}", f"{rate} batch {batch}", f"{rate} b {batch}")
            first = next((form for form in forms if len(form) <= self.size.width), forms[-1])
            second = f"{epochs} ep   {second}"
        lines = [Content.styled(first), Content.styled(second)]
        if self.size.height > len(lines):
            room = self.size.height - len(lines)
            tagline = Content.styled(printable(self._tagline), "$dim")
            lines = [*_filled(tagline.wrap(max(self.size.width, 1)), room), *lines]
        return Content("\n").join(lines)

    @property
    def _tagline(self) -> str:
        return self.preset.tagline or ("your own" if self.is_own else "")

    def on_click(self) -> None:
        self.post_message(self.Clicked(self.preset.id))


class PresetCards(Horizontal, can_focus=True):
    """All cards; left and right choose at once, as does the mouse."""

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
        Binding(
            "delete,d",
            "delete",
            "delete preset…",
            id="preset.delete",
            tooltip="Delete this preset of your own",
        ),
        Binding(
            "ctrl+r",
            "rename",
            "rename preset…",
            id="preset.rename",
            tooltip="Give this preset of your own another name",
        ),
    ]

    presets: reactive[tuple[Preset, ...]] = reactive((), recompose=True, init=False)
    own: reactive[frozenset[str]] = reactive(frozenset(), init=False)
    """Ids of those that can be renamed and deleted; set before `presets`."""
    chosen: reactive[str] = reactive("")
    """The id of the preset that the form is based on; another word for none of them."""
    is_custom: reactive[bool] = reactive(False)
    """Whether the form differs from the chosen one."""

    @dataclass
    class Chosen(Message):
        """A person wants the form filled from a preset."""

        preset_id: str

    @dataclass
    class RenameWanted(Message):
        """A preset of one's own is to be called otherwise."""

        preset: Preset

    @dataclass
    class DeleteWanted(Message):
        """A preset of one's own is to be deleted."""

        preset: Preset

    def __init__(self, presets: Sequence[Preset], own: frozenset[str]) -> None:
        super().__init__()
        self.set_reactive(PresetCards.presets, tuple(presets))
        self.set_reactive(PresetCards.own, own)

    @property
    def _ids(self) -> list[str]:
        return [preset.id for preset in self.presets]

    @property
    def _chosen_own(self) -> Preset | None:
        """The chosen preset where it is one's own."""
        found = (preset for preset in self.presets if preset.id == self.chosen in self.own)
        return next(found, None)

    def compose(self) -> ComposeResult:
        for preset in self.presets:
            yield PresetCard(preset, is_own=preset.id in self.own)
        self.call_after_refresh(self._arrange)

    def on_resize(self) -> None:
        self._arrange()

    def watch_chosen(self) -> None:
        self._mark()
        self.refresh_bindings()

    def watch_is_custom(self) -> None:
        self._mark()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("rename", "delete"):
            return self._chosen_own is not None
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

    def action_rename(self) -> None:
        if preset := self._chosen_own:
            self.post_message(self.RenameWanted(preset))

    def action_delete(self) -> None:
        if preset := self._chosen_own:
            self.post_message(self.DeleteWanted(preset))

    def on_preset_card_clicked(self, event: PresetCard.Clicked) -> None:
        event.stop()
        self.focus()
        self._choose(event.preset_id)

    def _choose(self, preset_id: str) -> None:
        self.chosen = preset_id
        self.post_message(self.Chosen(preset_id))

    def _arrange(self) -> None:
        # Cards share the width while all have room; then they are of a size and scroll.
        room = self.size.width // _NARROWEST
        for card in self.query(PresetCard):
            card.styles.width = "1fr" if len(self.presets) <= room else _NARROWEST
        self._mark()

    def _mark(self) -> None:
        for card in self.query(PresetCard):
            is_chosen = card.preset.id == self.chosen
            card.set_class(is_chosen, "-chosen")
            card.border_subtitle = " custom " if is_chosen and self.is_custom else ""
            if is_chosen:
                self.call_after_refresh(card.scroll_visible, animate=False)


def _filled(lines: Sequence[Content], height: int) -> list[Content]:
    """Return exactly so many lines."""
    kept = list(lines[:height])
    return kept + [Content("")] * (height - len(kept))
