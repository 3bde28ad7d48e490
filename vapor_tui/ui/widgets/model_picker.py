"""Base models to pick from: those of the catalogue, and whatever else can be typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vapor_tui.domain.catalogue import Catalogue, Model
from vapor_tui.domain.jobs import model_problem
from vapor_tui.ui.widgets.pick_list import PickRow
from vapor_tui.ui.widgets.picker import beside


@dataclass(frozen=True, slots=True)
class ModelPicker:
    """The key is a catalogue id, a Hugging Face id or a folder."""

    catalogue: Catalogue
    title: str = "Base model"

    def rows(self, query: str) -> Sequence[PickRow]:
        """Return the models that match, after what was typed where that could be a model."""
        found = [_row(model) for model in self.catalogue.search_models(query)]
        if not query or self.catalogue.model(query):
            return found
        if model_problem(query, self.catalogue) is None:
            return [PickRow(query, (query, "as typed: a Hugging Face id or a folder")), *found]
        if found:
            return found
        hint = "no match; a Hugging Face id (owner/name) or a folder can be typed too"
        return [PickRow(query, (query, hint), can_be_picked=False)]

    def neighbour(self, key: str, direction: int) -> str | None:
        model = self.catalogue.model(key)
        ids = [model.id for model in self.catalogue.models]
        return beside(ids, model.id if model else "", direction)

    def facts(self, key: str) -> str:
        model = self.catalogue.model(key)
        if model is None:
            return "not in the catalogue, size unknown"
        return f"{model.summary}  {model.tagline}"


def _row(model: Model) -> PickRow:
    return PickRow(model.id, (model.id, model.summary, model.tagline))
