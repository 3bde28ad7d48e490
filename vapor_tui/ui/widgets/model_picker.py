"""Base models to pick from: those of the catalogue, and whatever else can be typed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vapor_tui.domain.catalogue import Catalogue, Model
from vapor_tui.domain.formats import short_count
from vapor_tui.domain.job_drafts import model_problem
from vapor_tui.domain.memory import estimate_memory
from vapor_tui.domain.recommend import recommend
from vapor_tui.ui.widgets.pick_list import PickRow
from vapor_tui.ui.widgets.picker import beside

if TYPE_CHECKING:
    from vapor_tui.domain.job_drafts import JobDraft

_RECOMMENDED, _OTHERS = "section recommended", "section others"
"""Keys of the headings, with a space that no model has in its name."""


@dataclass(frozen=True, slots=True)
class ModelPicker:
    """The key is a catalogue id, a Hugging Face id or a folder."""

    catalogue: Catalogue
    draft: JobDraft | None = None
    """The last valid configuration, whose GPUs the models are held against."""
    title: str = "Base model: size, memory of one GPU"

    def rows(self, query: str) -> Sequence[PickRow]:
        """Return the models that match, the recommended ones before the others.

        What was typed comes first where it could be a model of its own.
        """
        found = self.catalogue.search_models(query)
        rows = list(self._sections(found))
        if not query or self.catalogue.model(query):
            return rows
        if model_problem(query, self.catalogue) is None:
            return [PickRow(query, (query, "as typed: a Hugging Face id or a folder")), *rows]
        if rows:
            return rows
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

    def _sections(self, found: Sequence[Model]) -> Iterator[PickRow]:
        """Yield the rows of models: what is recommended for the present GPUs, then the rest."""
        draft = self.draft
        if draft is None:
            yield from (_row(model, "", model.tagline) for model in found)
            return
        values, gpu, gpu_count = draft.hyperparameters, draft.gpu, draft.settings.gpu_count
        # Of all models there are: a search never makes a worse one the best.
        best = recommend(self.catalogue.models, values, gpu, gpu_count)
        first = [each for each in best if each.model in found]
        if first:
            yield _heading(_RECOMMENDED, f"Recommended for {gpu_count} × {gpu.type}")
        reasons = {each.model.id: each.reason for each in first}
        others = [model for model in found if model.id not in reasons]
        for model in (*(each.model for each in first), *others):
            if first and others and model is others[0]:
                yield _heading(_OTHERS, "Others")
            memory = estimate_memory(model, values, gpu.memory_gb, gpu_count)
            says = reasons.get(model.id, model.tagline)
            size = f"{memory.total:>4.0f} GB"
            yield _row(model, size, says if memory.fits else f"does not fit here. {says}")


def _heading(key: str, text: str) -> PickRow:
    return PickRow(key, (text,), can_be_picked=False)


def _row(model: Model, memory: str, says: str) -> PickRow:
    return PickRow(model.id, (model.id, f"{short_count(model.parameters):>5}", memory, says))
