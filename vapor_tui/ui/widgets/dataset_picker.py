"""Datasets to pick from, and the ways to get another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vapor_tui.domain.datasets import Dataset
from vapor_tui.domain.formats import ABSENT, count, short_count
from vapor_tui.paths import sample_dataset
from vapor_tui.ui.widgets.pick_list import PickRow
from vapor_tui.ui.widgets.picker import beside

NO_DATASET = "No dataset selected. Choose one from Datasets."
ADD = "add"
"""The key of the entry that adds a dataset from a file."""
SAMPLE = "sample"
"""The key of the entry that takes the dataset shipped with the program."""


ADD_ROW = PickRow(ADD, ("Add from a file…", "JSONL, JSON or CSV"))
SAMPLE_ROW = PickRow(SAMPLE, ("Use the sample dataset", "comes with the program"))


@dataclass(frozen=True, slots=True)
class DatasetPicker:
    """The key is a dataset's number, ADD or SAMPLE."""

    datasets: Sequence[Dataset]
    title: str = "Dataset"

    def rows(self, query: str) -> Sequence[PickRow]:
        """Return the datasets that match; without a search or a match the ways to another too."""
        words = query.casefold().split()
        found = [
            _row(dataset)
            for dataset in self.datasets
            if all(word in f"{dataset.name} {dataset.file_name}".casefold() for word in words)
        ]
        if query and found:
            return found
        return [*found, ADD_ROW, *([] if self._has_sample else [SAMPLE_ROW])]

    def neighbour(self, key: str, direction: int) -> str | None:
        usable = [str(dataset.id) for dataset in self.datasets if dataset.training_ready]
        return beside(usable, key, direction)

    def facts(self, key: str) -> str:
        dataset = self.dataset(key)
        if dataset is None:
            return NO_DATASET
        pairs, tokens = count(dataset.total_training_pairs), short_count(dataset.total_tokens)
        return f"{pairs} pairs, {tokens} tokens, {dataset.status}"

    @property
    def _has_sample(self) -> bool:
        sample = str(sample_dataset().resolve())
        return any(dataset.path == sample for dataset in self.datasets)

    def dataset(self, key: str) -> Dataset | None:
        return next((dataset for dataset in self.datasets if str(dataset.id) == key), None)


def _row(dataset: Dataset) -> PickRow:
    status = str(dataset.status)
    return PickRow(
        str(dataset.id),
        (
            dataset.name,
            str(dataset.format or ABSENT),
            f"{count(dataset.total_training_pairs):>7} pairs",
            f"{short_count(dataset.total_tokens):>5} tokens",
            status if dataset.training_ready else f"{status}, cannot be trained on",
        ),
        can_be_picked=dataset.training_ready,
    )
