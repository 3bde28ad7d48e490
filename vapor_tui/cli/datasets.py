"""`datasets add|list|show|delete`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from vapor_tui.cli.context import Json, PageLimit, PageNumber, workspace_of
from vapor_tui.cli.output import WRONG_INPUT, page_line, print_json, print_line, print_table, refuse
from vapor_tui.cli.reading import reading_bar
from vapor_tui.domain.datasets import (
    Dataset,
    DatasetFilter,
    DatasetPage,
    DatasetSort,
    DatasetStatus,
    TokenBin,
)
from vapor_tui.domain.formats import ABSENT, age, count, file_size
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.domain.text import printable
from vapor_tui.paths import readable, sample_dataset
from vapor_tui.services.datasets import (
    add_dataset,
    delete_dataset,
    find_dataset,
    invalid_sentence,
    list_datasets,
    whole_page_of_datasets,
)

commands = typer.Typer()
datasets = typer.Typer(help="Add, list, show and delete datasets.", no_args_is_help=True)
commands.add_typer(datasets, name="datasets")

Reference = Annotated[str, typer.Argument(metavar="DATASET", help="Its id or name.")]
_ERRORS_SHOWN = 10
_BAR = 32
"""Characters of the longest bar of a histogram."""


@datasets.command()
def add(
    context: typer.Context,
    path: Annotated[
        str | None, typer.Argument(metavar="PATH", help="JSONL, JSON or CSV, also gzipped.")
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Add the small dataset that is shipped.")
    ] = False,
    name: Annotated[str | None, typer.Option("--name", help="Instead of the file's.")] = None,
    validation: Annotated[
        Path | None, typer.Option("--validation", metavar="FILE", help="Validation records.")
    ] = None,
    tokenizer: Annotated[
        Path | None,
        typer.Option("--tokenizer", metavar="FILE", help="A tokenizer.json to count tokens with."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Read a file through, check every record, and register it."""
    if (path is None) == (not sample):
        refuse(Refused("Give either the path of a file or --sample"), as_json=as_json)
    file = sample_dataset() if path is None else readable(path) or Path(path)
    with workspace_of(context) as workspace, reading_bar(file.name) as progress:
        before = {dataset.id for dataset in list_datasets(workspace)}
        result = add_dataset(
            workspace,
            file,
            name=name,
            validation=validation,
            tokenizer=tokenizer,
            progress=progress,
        )
    match result:
        case Refused() as refused:
            refuse(refused, as_json=as_json)
        case Ok(dataset):
            pass
    if dataset.id in before:
        known = f'note: the same content as dataset {dataset.id}, "{printable(dataset.name)}"'
        typer.echo(known, err=True)
    if as_json:
        print_json(dataset)
    else:
        _print_dataset(dataset)
    if dataset.status is DatasetStatus.INVALID:
        if not as_json:
            typer.echo(f"vapor-tui: {invalid_sentence(dataset)}", err=True)
        raise typer.Exit(WRONG_INPUT)


@datasets.command("list")
def list_(
    context: typer.Context,
    search: Annotated[
        str, typer.Option("--search", metavar="T", help="In name, file name and format.")
    ] = "",
    sort: Annotated[
        str, typer.Option("--sort", metavar="|".join(DatasetSort), help="Order of the list.")
    ] = "newest",
    page: PageNumber = 1,
    limit: PageLimit = 10,
    as_json: Json = False,
) -> None:
    """List the datasets, newest first."""
    if sort not in list(DatasetSort):
        sentence = f'There is no order "{sort}"; there are {", ".join(DatasetSort)}'
        refuse(Refused(sentence, {"sort": sentence}), as_json=as_json)
    wanted = DatasetFilter(search=search, sort=DatasetSort(sort), page=page, limit=limit)
    with workspace_of(context) as workspace:
        found = whole_page_of_datasets(workspace, wanted)
    if as_json:
        print_json(_document(found))
    else:
        _print_page(found, is_narrow=bool(search))


@datasets.command()
def show(context: typer.Context, reference: Reference, as_json: Json = False) -> None:
    """Show a dataset's statistics and errors."""
    with workspace_of(context) as workspace:
        dataset = find_dataset(workspace, reference)
    if dataset is None:
        refuse(Refused(f'There is no dataset "{reference}"'), as_json=as_json)
    if as_json:
        print_json(dataset)
    else:
        _print_dataset(dataset)


@datasets.command()
def delete(context: typer.Context, reference: Reference, as_json: Json = False) -> None:
    """Delete a dataset from the list; its file is left alone."""
    with workspace_of(context) as workspace:
        result = delete_dataset(workspace, reference)
    match result:
        case Refused() as refused:
            refuse(refused, as_json=as_json)
        case Ok(dataset) if as_json:
            print_json(dataset)
        case Ok(dataset):
            print_line(f"Dataset {dataset.id} {dataset.name} is deleted; its file is untouched")


def _document(found: DatasetPage[Dataset]) -> dict[str, object]:
    return {
        "datasets": [dataset.model_dump(mode="json") for dataset in found.datasets],
        "pagination": {
            "page": found.page,
            "limit": found.limit,
            "total": found.total,
            "total_pages": found.total_pages,
        },
    }


def _print_page(found: DatasetPage[Dataset], *, is_narrow: bool) -> None:
    if not found.datasets:
        if found.total:
            print_line(f"There is no page {found.page}, the last one is {found.total_pages}")
        elif is_narrow:
            print_line("No dataset matches")
        else:
            print_line("No datasets yet. Add one with: vapor-tui datasets add FILE")
        return
    print_table(
        ("id", "name", "status", "format", "pairs", "tokens", "size", "age", "file"),
        [
            (
                dataset.id,
                dataset.name,
                dataset.status,
                dataset.format or ABSENT,
                count(dataset.total_training_pairs),
                count(dataset.total_tokens),
                file_size(dataset.file_size),
                age(dataset.created_at),
                dataset.file_name,
            )
            for dataset in found.datasets
        ],
    )
    datasets_word = "dataset" if found.total == 1 else "datasets"
    print_line(page_line(found.page, found.total_pages, f"{found.total:,} {datasets_word}"))


def _print_dataset(dataset: Dataset) -> None:
    statistics = dataset.statistics
    rows: list[tuple[str, object]] = [
        ("id", dataset.id),
        ("name", dataset.name),
        ("status", f"{dataset.status}: {dataset.reason}" if dataset.reason else dataset.status),
        ("file", f"{dataset.path} ({file_size(dataset.file_size)})"),
        ("format", dataset.format or ABSENT),
        ("training pairs", count(dataset.total_training_pairs)),
        ("validation pairs", count(dataset.total_validation_pairs)),
        ("tokens", count(dataset.total_tokens)),
        ("turns per conversation", f"{dataset.avg_turns_per_conversation:.1f}"),
        ("tokens per turn", f"{dataset.avg_tokens_per_turn:.1f}"),
    ]
    if statistics is not None:
        rows += [
            ("records", f"{count(statistics.records)}, {count(statistics.bad_records)} bad"),
            ("tokens counted by", statistics.token_counter),
            (
                f"over {statistics.max_sequence_length} tokens",
                f"{statistics.share_over_max_sequence_length:.1%} of the records",
            ),
        ]
    for label, value in rows:
        print_line(f"{label:<24}{value}")
    if statistics is not None and statistics.token_histogram:
        _print_histogram(statistics.token_histogram)
    for error in dataset.validation_errors[:_ERRORS_SHOWN]:
        print_line(f"  line {error.line}: {error.message}")
    hidden = len(dataset.validation_errors) - _ERRORS_SHOWN
    if hidden > 0:
        print_line(f"  and {hidden} more, with --json")


def _print_histogram(bins: Sequence[TokenBin]) -> None:
    print_line("tokens per record")
    most = max(found.records for found in bins)
    labels = [f"{found.at_least:,} to {found.at_most:,}" for found in bins]
    width = max(len(label) for label in labels)
    for label, found in zip(labels, bins, strict=True):
        bar = "#" * -(-found.records * _BAR // most)  # one at least for the rarest
        print_line(f"  {label:>{width}}  {bar:<{_BAR}}  {count(found.records)}")
