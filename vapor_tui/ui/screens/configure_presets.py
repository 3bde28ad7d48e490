"""A person's own presets, as they are saved, renamed and deleted from the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from vapor_tui.domain.catalogue import (
    CUSTOM,
    PRESET_FIELDS,
    Catalogue,
    Preset,
    preset_id_of,
    preset_name_problem,
)
from vapor_tui.domain.formats import plain_number
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.domain.text import printable
from vapor_tui.ui.screens import configure_requests as requests
from vapor_tui.ui.screens.ask_name import AskNameScreen, Verdict
from vapor_tui.ui.screens.configure_costs import CostsScreen
from vapor_tui.ui.screens.confirm import Answer, ConfirmScreen
from vapor_tui.ui.widgets.job_fields import JobFields
from vapor_tui.ui.widgets.preset_cards import PresetCards

if TYPE_CHECKING:
    from vapor_tui.ui.screens.configure_form import JobForm

_MESSAGE_SECONDS = 8.0


class PresetsScreen(CostsScreen):
    """Keeps what stands in the form under a name, and changes what was kept."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "f3",
            "save_preset",
            "save preset…",
            id="configure.save-preset",
            tooltip="Keep these values as a preset of your own",
        ),
    ]

    _form: JobForm

    def show_form(self) -> None:
        """Show what the form comes to."""
        raise NotImplementedError

    @property
    def _catalogue(self) -> Catalogue:
        return self._workspace.catalogue

    def action_save_preset(self) -> None:
        from vapor_tui.services.presets import save_preset

        values = {name: self._form.parsed(name) for name in PRESET_FIELDS}
        wrong = [name for name, value in values.items() if value is None]
        if self.is_busy:
            return
        if wrong:
            self.query_one(JobFields).focus_first(wrong)
            return

        def named(name: str | None) -> None:
            if name is not None:
                replaces = self._own(preset_id_of(name)) is not None
                save = partial(save_preset, name, values, replaces=replaces)
                self._change("Saved", save)

        about = f"Keeps {in_words(values)}"
        self.app.push_screen(AskNameScreen("Save as preset", about, self._judge_new), named)

    @on(PresetCards.RenameWanted)
    def _ask_new_name(self, event: PresetCards.RenameWanted) -> None:
        from vapor_tui.services.presets import rename_preset

        preset = event.preset

        def named(name: str | None) -> None:
            if name is not None and name != preset.name:
                self._change("Renamed to", partial(rename_preset, preset.id, name), preset.id)

        screen = AskNameScreen(
            "Rename preset",
            f"{preset.name}: {in_words(preset.values)}",
            partial(self._judge_other, preset.id),
            name=preset.name,
        )
        self.app.push_screen(screen, named)

    @on(PresetCards.DeleteWanted)
    def _ask_to_delete(self, event: PresetCards.DeleteWanted) -> None:
        from vapor_tui.services.presets import delete_preset

        preset = event.preset

        def answered(answer: str | None) -> None:
            if answer:
                self._change("Deleted", partial(delete_preset, preset.id), preset.id)

        question = ConfirmScreen(
            f"Delete the preset {printable(preset.name, 40)}?",
            "Jobs that were made from it keep their values.",
            [Answer("y", "Delete it", "delete", is_dangerous=True)],
        )
        self.app.push_screen(question, answered)

    def _change(
        self, done: str, change: Callable[[], Result[Preset]], changed: str | None = None
    ) -> None:
        self._ask("presets", partial(requests.change_presets, done, change, changed))

    @on(requests.PresetsChanged)
    def _presets_changed(self, message: requests.PresetsChanged) -> None:
        match message.answer:
            case Refused(error=error):
                self.notify(
                    printable(error), severity="error", timeout=_MESSAGE_SECONDS, markup=False
                )
            case Ok(preset):
                self._follow(preset, message.changed)
                self.notify(f"{message.done} {printable(preset.name)}", markup=False)

    def _follow(self, preset: Preset, changed: str | None) -> None:
        """Let the form stand on the preset that was saved, or go on without the deleted one."""
        present = self._form.preset_id
        if changed is None or present == changed:
            is_there = self._catalogue.preset(preset.id) is not None
            present = preset.id if is_there else CUSTOM
        self._form.take_catalogue(self._catalogue, present)
        self.query_one(JobFields).show_catalogue(self._catalogue)
        self.show_form()

    def _own(self, preset_id: str) -> Preset | None:
        own = self._catalogue.own_presets
        return self._catalogue.preset(preset_id) if preset_id in own else None

    def _judge_new(self, name: str) -> Verdict:
        if problem := self._name_problem(name):
            return Verdict(problem, is_taken=False)
        preset_id = preset_id_of(name)
        if existing := self._own(preset_id):
            return Verdict(f"Replaces yours: {in_words(existing.values)}")
        return Verdict(f"On the command line: --preset {preset_id}")

    def _judge_other(self, old_id: str, name: str) -> Verdict:
        if problem := self._name_problem(name):
            return Verdict(problem, is_taken=False)
        preset_id = preset_id_of(name)
        if preset_id != old_id and self._own(preset_id):
            return Verdict(f'There is a preset "{preset_id}" of yours already', is_taken=False)
        return Verdict(f"On the command line: --preset {preset_id}")

    def _name_problem(self, name: str) -> str | None:
        catalogue = self._catalogue
        shipped = {preset.id for preset in catalogue.presets} - catalogue.own_presets
        return preset_name_problem(name, shipped)


def in_words(values: Mapping[str, Any]) -> str:
    """Return the values of a preset in a line."""
    return (
        f"rate {plain_number(values['learning_rate'])}, batch {values['batch_size']}, "
        f"{values['epochs']} epochs, rank {values['lora_rank']}, alpha {values['lora_alpha']}, "
        f"dropout {plain_number(values['lora_dropout'])}"
    )
