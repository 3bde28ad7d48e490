"""All fields of the configuration form, built from the schema, in the order of the screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from vapor_tui.domain.catalogue import Catalogue
from vapor_tui.domain.settings import Setting
from vapor_tui.ui.widgets.advanced_fields import AdvancedFields
from vapor_tui.ui.widgets.form_field import FormField
from vapor_tui.ui.widgets.no_dataset import NoDataset
from vapor_tui.ui.widgets.pick_field import PickField
from vapor_tui.ui.widgets.preset_cards import PresetCards
from vapor_tui.ui.widgets.preset_line import PresetLine
from vapor_tui.ui.widgets.setting_field import setting_field

DATASET = "dataset"
PRESET = "preset"
_DATASET_HELP = "What the model learns from. Enter chooses one or adds one from a file"
PICKED = ("base_model", DATASET, "gpu_type")
"""The fields whose value is picked from a list."""
_JOB = ("name", "base_model", DATASET, "gpu_type", "gpu_count", "budget")


class JobFields(VerticalScroll, can_focus=False):
    """The form. Knows how to show values and messages; what they mean is its parent's matter."""

    def __init__(
        self, schema: Mapping[str, Setting], catalogue: Catalogue, values: Mapping[str, str]
    ) -> None:
        super().__init__()
        self._catalogue = catalogue
        others = [name for name in schema if name not in _JOB]
        names = [*_JOB, *sorted(others, key=lambda name: schema[name].advanced)]
        self._fields = {name: _made(name, schema, values) for name in names}
        self._advanced = [name for name in names if name in schema and schema[name].advanced]

    def compose(self) -> ComposeResult:
        yield PresetCards(self._catalogue.presets, self._catalogue.own_presets)
        yield PresetLine(id="preset-line")
        for name in _JOB:
            yield self._fields[name]
            if name == DATASET:
                yield NoDataset()
        yield Static(classes="gap")
        for name, field in self._fields.items():
            if name not in _JOB and name not in self._advanced:
                yield field
        yield AdvancedFields(
            [self._fields[name] for name in self._advanced],
            ascii_only=bool(getattr(self.app, "ascii_only", False)),
        )

    def field(self, name: str) -> FormField:
        return self._fields[name]

    def say_of_dataset(self, text: str) -> None:
        """Show a text where the dataset stands, while none is picked."""
        field = self._fields[DATASET]
        if isinstance(field, PickField):
            field.put_placeholder(text)

    def offer_datasets(self, is_offered: bool) -> None:
        """Show the ways to a dataset, or none of them."""
        self.query_one(NoDataset).set_class(is_offered, "-offered")

    def has_any(self, names: Iterable[str]) -> bool:
        return any(name in self._fields for name in names)

    def put(self, values: Mapping[str, str]) -> None:
        """Show values that were not typed."""
        for name, text in values.items():
            self._fields[name].put(text)

    def show_catalogue(self, catalogue: Catalogue) -> None:
        """Show the cards of presets that were changed."""
        cards = self.query_one(PresetCards)
        cards.own = catalogue.own_presets
        cards.presets = catalogue.presets

    def show_preset(
        self, preset_id: str, sentences: Sequence[str], error: str, *, is_custom: bool
    ) -> None:
        """Mark the card that the form is based on, and say what became of it."""
        cards = self.query_one(PresetCards)
        cards.chosen, cards.is_custom = preset_id, is_custom
        self.query_one(PresetLine).say(sentences, error)

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """Show what is wrong with each field, and nothing at all others."""
        for name, field in self._fields.items():
            field.error = errors.get(name, "")

    def show_warnings(self, warnings: Mapping[str, str]) -> None:
        """Show what is unusual about each field, and nothing at all others."""
        for name, field in self._fields.items():
            field.warning = warnings.get(name, "")

    def focus_first(self, names: Iterable[str]) -> None:
        """Go to the first of these fields in the order of the form, the presets before all."""
        wanted = set(names)
        if PRESET in wanted:
            self.query_one(PresetCards).focus()
            return
        found = next((field for name, field in self._fields.items() if name in wanted), None)
        if found is None:
            return
        if found.key in self._advanced:
            self.run_worker(self.query_one(AdvancedFields).reveal(found))
        else:
            self.call_after_refresh(found.control.focus)


def _made(name: str, schema: Mapping[str, Setting], values: Mapping[str, str]) -> FormField:
    """Return the field of a name."""
    if name == DATASET:
        return PickField(DATASET, "Dataset", _DATASET_HELP)
    setting = schema[name]
    if name in PICKED:
        return PickField(name, setting.label, setting.help, values[name])
    return setting_field(name, setting, values[name])
